// The tables of a relative attention bias by distance, and what the groups of a backward pass leave for its weights.
import * as DISTANCE_TABLE from '../slots/distance-table';
import * as SUM_GROUPS from '../slots/sum-groups';
import { int, ptr } from './env';

/**
 * Position weights by distance `i - j`: neighbours in a panel of queries are neighbours here. Zeros
 * for pairs that are hidden.
 * args: `slots/distance-table.ts`
 */
export function distanceTable(args: usize, task: i32): void {
  const table = ptr(args, DISTANCE_TABLE.TABLE);
  memory.fill(table, 0, <usize>int(args, DISTANCE_TABLE.SIZE) << 2);
  const n = int(args, DISTANCE_TABLE.N);
  if (n == 0) return;
  const first = int(args, DISTANCE_TABLE.FIRST), count = int(args, DISTANCE_TABLE.END) - first;
  let from = ptr(args, DISTANCE_TABLE.WEIGHTS) + (<usize>(n - 1 - first) << 2);
  let to = table + (<usize>(int(args, DISTANCE_TABLE.ORIGIN) + first) << 2);
  for (let i = 0; i < count; i++, from -= 4, to += 4) store<f32>(to, load<f32>(from));
}

/**
 * Sums over groups in order, times a factor: `y[k step] = factor * sum over g of x[g, k]`.
 * args: `slots/sum-groups.ts`
 */
export function sumGroups(args: usize, task: i32): void {
  const groups = int(args, SUM_GROUPS.GROUPS), stride = <usize>int(args, SUM_GROUPS.STRIDE) << 2, step = int(args, SUM_GROUPS.STEP_BYTES);
  const begin = task * int(args, SUM_GROUPS.PER_TASK);
  const end = min(begin + int(args, SUM_GROUPS.PER_TASK), int(args, SUM_GROUPS.COUNT));
  const factor = load<f64>(args, SUM_GROUPS.FACTOR_LOW << 2);
  let from = ptr(args, SUM_GROUPS.X) + (<usize>begin << 2);
  let to = ptr(args, SUM_GROUPS.Y) + <usize>(begin * step);
  for (let k = begin; k < end; k++, from += 4, to += <usize>step) {
    let sum: f32 = 0;
    let x = from;
    for (let g = 0; g < groups; g++, x += stride) sum += load<f32>(x);
    store<f32>(to, <f32>(<f64>sum * factor));
  }
}
