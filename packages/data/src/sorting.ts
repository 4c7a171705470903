/** Runs of this length are sorted by insertion before they are merged. */
const runLength = 16;

/**
 * Sorts positions by their keys, stable: `order[0, count)` becomes a permutation of `0..count - 1` with
 * `keys[from + order[i]]` ascending, equal keys in order of position.
 *
 * A merge sort over typed arrays with the comparison inline; a sort that calls back takes ten times as long.
 * `scratch` holds at least `count`, like `order`. Keys must not be NaN.
 */
export function sortPositions(
  keys: Float64Array,
  from: number,
  count: number,
  order: Uint32Array,
  scratch: Uint32Array,
): void {
  for (let start = 0; start < count; start += runLength) {
    const end = Math.min(start + runLength, count);
    for (let i = start; i < end; i++) {
      const key = keys[from + i];
      let at = i;
      for (; at > start && keys[from + order[at - 1]] > key; at--) order[at] = order[at - 1];
      order[at] = i;
    }
  }
  let source = order;
  let target = scratch;
  for (let width = runLength; width < count; width *= 2) {
    for (let start = 0; start < count; start += 2 * width) {
      const middle = Math.min(start + width, count);
      mergeRuns(keys, from, source, target, start, middle, Math.min(middle + width, count));
    }
    [source, target] = [target, source];
  }
  if (source !== order) order.set(source.subarray(0, count));
}

/** Merges the ascending runs `source[start, middle)` and `source[middle, end)` into `target`. */
function mergeRuns(
  keys: Float64Array,
  from: number,
  source: Uint32Array,
  target: Uint32Array,
  start: number,
  middle: number,
  end: number,
): void {
  let left = start;
  let right = middle;
  for (let at = start; at < end; at++) {
    const takeLeft = left < middle && (right >= end || keys[from + source[left]] <= keys[from + source[right]]);
    target[at] = takeLeft ? source[left++] : source[right++];
  }
}

/** Positions `0..keys.length - 1` in ascending order of `keys`, equal keys in order of position. */
export function ascendingPositions(keys: Float64Array): Uint32Array {
  const order = new Uint32Array(keys.length);
  sortPositions(keys, 0, keys.length, order, new Uint32Array(keys.length));
  return order;
}
