// The tables of a relative attention bias by distance, and what the groups of a backward pass leave for its weights.
import { int, ptr } from './env';

/**
 * Position weights by distance `i - j`: neighbours in a panel of queries are neighbours here. Zeros
 * for pairs that are hidden.
 * args: weights [2n - 1], n (0: no weights), table, size, origin (entry of distance 0),
 *       first distance, end of the distances
 */
export function distanceTable(args: usize, task: i32): void {
  const table = ptr(args, 2);
  memory.fill(table, 0, <usize>int(args, 3) << 2);
  const n = int(args, 1);
  if (n == 0) return;
  const first = int(args, 5), count = int(args, 6) - first;
  let from = ptr(args, 0) + (<usize>(n - 1 - first) << 2);
  let to = table + (<usize>(int(args, 4) + first) << 2);
  for (let i = 0; i < count; i++, from -= 4, to += 4) store<f32>(to, load<f32>(from));
}

/**
 * Sums over groups in order, times a factor: `y[k step] = factor * sum over g of x[g, k]`.
 * args: x, groups, floats from group to group, count, y, step in bytes (negative: from the end),
 *       entries a task, -, factor (f64)
 */
export function sumGroups(args: usize, task: i32): void {
  const groups = int(args, 1), stride = <usize>int(args, 2) << 2, step = int(args, 5);
  const begin = task * int(args, 6);
  const end = min(begin + int(args, 6), int(args, 3));
  const factor = load<f64>(args, 32);
  let from = ptr(args, 0) + (<usize>begin << 2);
  let to = ptr(args, 4) + <usize>(begin * step);
  for (let k = begin; k < end; k++, from += 4, to += <usize>step) {
    let sum: f32 = 0;
    let x = from;
    for (let g = 0; g < groups; g++, x += stride) sum += load<f32>(x);
    store<f32>(to, <f32>(<f64>sum * factor));
  }
}
