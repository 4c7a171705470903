/** Rows in ascending order of their keys; equal keys in the order of the rows. */
export function ascendingOrder(keys: Float64Array): Int32Array {
  const order = Int32Array.from(keys.keys());
  return order.sort((a, b) => keys[a] - keys[b] || a - b);
}

/** One after the last place of `order`, below `end`, whose row has the same key as the one at `begin`. */
export function endOfTies(order: Int32Array, keys: Float64Array, begin: number, end: number): number {
  const key = keys[order[begin]];
  let at = begin + 1;
  while (at < end && keys[order[at]] === key) at++;
  return at;
}
