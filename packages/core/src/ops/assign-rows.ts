import * as tf from '@tensorflow/tfjs-core';
import { AssignRows, type AssignRowsAttrs } from '../backends/kernel-names.ts';
import { ShapeError } from '../errors.ts';
import { describe } from '../shapes.ts';
import { runKernel } from './run-kernel.ts';

/**
 * `x` with the rows from `at` on replaced by `rows`: fills a big table block by block. With an array of row numbers,
 * row `i` of `rows` replaces row `at[i]` of `x`, in any order: pages of a store. On a backend that works in place,
 * the memory of `x` is written, so that there is no second copy of it (unless something else holds the values too):
 * `simd`, and `webgpu` for a block.
 *
 * A variable is updated and returned itself. A tensor is consumed: use the result in its place. `rows` is disposed.
 *
 * @param x float32 `[I, D]`.
 * @param rows float32 `[n, D]`.
 * @param at The first row that is replaced, `at + n <= I`, or `n` different numbers of rows, `0 .. I - 1`.
 * @throws ShapeError.
 */
export function assignRows<T extends tf.Tensor>(x: T, rows: tf.Tensor2D, at: number | Int32Array): T {
  const fits = x.rank === 2 && rows.rank === 2 && x.shape[1] === rows.shape[1];
  const problem = fits ? placeProblem(at, rows.shape[0], x.shape[0]) : 'the shapes do not fit';
  if (problem !== undefined) {
    throw new ShapeError(
      `assignRows: expected a table [I, D] and rows [n, D] with at + n <= I, or with n different rows in at; got table=${describe(x)}, rows=${describe(rows)}, at=${typeof at === 'number' ? at : `int32[${at.length}]`}; ${problem}`,
    );
  }
  const attrs: AssignRowsAttrs = { at };
  const result = runKernel<tf.Tensor>(AssignRows, { x, rows }, attrs);
  rows.dispose();
  if (x instanceof tf.Variable) {
    x.assign(result);
    result.dispose();
    return x;
  }
  x.dispose();
  return result as T;
}

/** Why `count` rows cannot stand at `at` of a table of `total` rows. */
function placeProblem(at: number | Int32Array, count: number, total: number): string | undefined {
  if (typeof at === 'number') {
    return Number.isInteger(at) && at >= 0 && at + count <= total ? undefined : 'the block leaves the table';
  }
  if (at.length !== count) return `there are ${count} rows for ${at.length} places`;
  const seen = new Set<number>();
  for (const [i, row] of at.entries()) {
    if (row < 0 || row >= total) return `at[${i}] = ${row} is no row of the table`;
    if (seen.has(row)) return `row ${row} is given a second time by at[${i}]`;
    seen.add(row);
  }
  return undefined;
}
