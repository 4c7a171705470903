/**
 * The first index in `[from, to)` that is not `before`, or `to`; all that are `before` come first. With
 * `before = (i) => sorted[i] < x` the first place at or after `x`, with `<=` the first place after
 * it. `O(log(to - from))`.
 */
export function partitionPoint(from: number, to: number, before: (index: number) => boolean): number {
  let [low, high] = [from, to];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (before(middle)) low = middle + 1;
    else high = middle;
  }
  return low;
}
