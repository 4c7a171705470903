// Scores of items of each query's own by their ids, and the gradient of the queries. The [P, R, D] block of gathered
// rows is never stored: rows of the item table are read where they lie. Rows are W floats apart, W a multiple of 8,
// zeros past D. The gradient of the items is a sum over a sorted order (rows.ts).
//
// args: `slots/sampled-scores.ts` and of each kernel `slots/sampled-scores-{forward,gradient}.ts`
import * as SAMPLED_SCORES from '../slots/sampled-scores';
import * as SAMPLED_SCORES_FORWARD from '../slots/sampled-scores-forward';
import * as SAMPLED_SCORES_GRADIENT from '../slots/sampled-scores-gradient';
import { copyFloats, int, ptr, scratch } from './env';
import { after } from './regions';
import { dotRows, foldDots, rowAddresses, weightedRows } from './table-rows';

export function sampledScores(args: usize, task: i32): void {
  const begin = task * int(args, SAMPLED_SCORES.PER_TASK);
  const end = min(begin + int(args, SAMPLED_SCORES.PER_TASK), int(args, SAMPLED_SCORES.ROWS));
  const r = ptr(args, SAMPLED_SCORES.R) << 2, row = ptr(args, SAMPLED_SCORES.WIDTH) << 2;
  const n = (r + 15) & ~15;
  const rows = scratch, sums = after(rows, n);
  const last = after(sums, n << 3);
  after(last, 16);
  for (let p = <usize>begin; p < <usize>end; p++) {
    rowAddresses(ptr(args, SAMPLED_SCORES.IDS) + p * r, r, ptr(args, SAMPLED_SCORES.ITEMS), row, int(args, SAMPLED_SCORES.ITEM_COUNT), rows);
    dotRows(ptr(args, SAMPLED_SCORES.QUERIES) + p * row, row, rows, r, sums);
    const scores = ptr(args, SAMPLED_SCORES_FORWARD.SCORES) + p * r;
    let j: usize = 0;
    for (; j + 16 <= r; j += 16) v128.store(scores + j, foldDots(sums + (j << 3)));
    if (j < r) {
      v128.store(last, foldDots(sums + (j << 3)));
      copyFloats(scores + j, last, r - j);
    }
  }
}

export function sampledScoresGrad(args: usize, task: i32): void {
  const begin = task * int(args, SAMPLED_SCORES.PER_TASK);
  const end = min(begin + int(args, SAMPLED_SCORES.PER_TASK), int(args, SAMPLED_SCORES.ROWS));
  const r = ptr(args, SAMPLED_SCORES.R) << 2, row = ptr(args, SAMPLED_SCORES.WIDTH) << 2, width = ptr(args, SAMPLED_SCORES_GRADIENT.D) << 2;
  const rows = scratch, sum = after(rows, (r + 15) & ~15);
  after(sum, row);
  for (let p = <usize>begin; p < <usize>end; p++) {
    rowAddresses(ptr(args, SAMPLED_SCORES.IDS) + p * r, r, ptr(args, SAMPLED_SCORES.ITEMS), row, int(args, SAMPLED_SCORES.ITEM_COUNT), rows);
    weightedRows(row, rows, ptr(args, SAMPLED_SCORES_GRADIENT.D_SCORES) + p * r, r, sum);
    copyFloats(ptr(args, SAMPLED_SCORES_GRADIENT.D_QUERIES) + p * width, sum, width);
  }
}
