/** Float64 reference of the means of bags of rows; table `[V, D]`, bag `r` is `ids[offsets[r], offsets[r + 1])`. */
export function embeddingBag(
  table: ArrayLike<number>,
  ids: ArrayLike<number>,
  offsets: ArrayLike<number>,
  width: number,
): Float64Array {
  const y = new Float64Array((offsets.length - 1) * width);
  for (let r = 0; r + 1 < offsets.length; r++) {
    const length = offsets[r + 1] - offsets[r];
    for (let n = offsets[r]; n < offsets[r + 1]; n++) {
      for (let d = 0; d < width; d++) y[r * width + d] += table[ids[n] * width + d] / length;
    }
  }
  return y;
}
