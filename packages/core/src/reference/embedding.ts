/** Float64 reference of a table lookup; table `[I, D]`. */
export function embedding(table: ArrayLike<number>, ids: ArrayLike<number>, width: number): Float64Array {
  const y = new Float64Array(ids.length * width);
  for (let t = 0; t < ids.length; t++) {
    for (let d = 0; d < width; d++) y[t * width + d] = table[ids[t] * width + d];
  }
  return y;
}

/** Gradient of the table: rows add up where an id repeats. */
export function embeddingGrad(
  ids: ArrayLike<number>,
  dy: ArrayLike<number>,
  width: number,
  rows: number,
): Float64Array {
  const dTable = new Float64Array(rows * width);
  for (let t = 0; t < ids.length; t++) {
    for (let d = 0; d < width; d++) dTable[ids[t] * width + d] += dy[t * width + d];
  }
  return dTable;
}
