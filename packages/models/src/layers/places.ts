/** `[T]`: how many tokens of its sequence come after each token, 0 for the newest. `offsets` `[B + 1]`. */
export function fromNewest(offsets: Int32Array): Int32Array {
  const sequences = offsets.length - 1;
  const places = new Int32Array(offsets[sequences]);
  for (let b = 0; b < sequences; b++) {
    for (let t = offsets[b]; t < offsets[b + 1]; t++) places[t] = offsets[b + 1] - 1 - t;
  }
  return places;
}
