import * as tf from '@tensorflow/tfjs-core';
import { AssignRows } from '../backends/kernel-names.ts';
import { ShapeError } from '../errors.ts';
import { describe } from '../shapes.ts';
import { runKernel } from './run-kernel.ts';

/**
 * `x` with the rows from `begin` on replaced by `rows`: fills a big table block by block. On a backend that
 * works in place, `simd`, the memory of `x` is written, so that there is no second copy of it (unless something
 * else holds the values too).
 *
 * A variable is updated and returned itself. A tensor is consumed: use the result in its place. `rows` is disposed.
 *
 * @param x float32 `[I, D]`.
 * @param rows float32 `[n, D]`, `begin + n <= I`.
 * @throws ShapeError.
 */
export function assignRows<T extends tf.Tensor>(x: T, rows: tf.Tensor2D, begin: number): T {
  const fits = x.rank === 2 && rows.rank === 2 && x.shape[1] === rows.shape[1];
  if (!fits || !Number.isInteger(begin) || begin < 0 || begin + rows.shape[0] > x.shape[0]) {
    throw new ShapeError(
      `assignRows: expected a table [I, D] and rows [n, D] with begin + n <= I; got table=${describe(x)}, rows=${describe(rows)}, begin=${begin}`,
    );
  }
  const result = runKernel<tf.Tensor>(AssignRows, { x, rows }, { begin });
  rows.dispose();
  if (x instanceof tf.Variable) {
    x.assign(result);
    result.dispose();
    return x;
  }
  x.dispose();
  return result as T;
}
