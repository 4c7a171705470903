import type * as tf from '@tensorflow/tfjs-core';
import { SampledScores, SampledScoresGrad } from '../backends/kernel-names.ts';
import { assertDType, assertShapes } from '../shapes.ts';
import { registerGradientOnce, runKernel } from './run-kernel.ts';

/**
 * Scores of each query for items of its own, by their ids: `scores_pr = q_p . items[ids_pr]`. The vectors `[P, R, D]`
 * are read where they lie in the table and never stored.
 *
 * Work: `2 P R D` floating-point operations forwards, `4 P R D` backwards.
 *
 * @param queries float32 `[P, D]`.
 * @param items float32 `[I, D]`.
 * @param ids int32 `[P, R]`, rows of `items`.
 * @returns float32 `[P, R]`.
 * @throws ShapeError, also for an id that is no row; DTypeError.
 */
export function sampledScores(queries: tf.Tensor, items: tf.Tensor, ids: tf.Tensor): tf.Tensor2D {
  const op = 'sampledScores';
  assertShapes(op, [
    ['queries', queries, 'P D'],
    ['items', items, 'I D'],
    ['ids', ids, 'P R'],
  ]);
  assertDType(queries, 'float32', { op, name: 'queries' });
  assertDType(items, 'float32', { op, name: 'items' });
  assertDType(ids, 'int32', { op, name: 'ids' });
  return runKernel<tf.Tensor2D>(SampledScores, { queries, items, ids });
}

registerGradientOnce({
  kernelName: SampledScores,
  inputsToSave: ['queries', 'items', 'ids'],
  gradFunc: (dy, [queries, items, ids]) => {
    const inputs = { queries, items, ids, dScores: dy as tf.Tensor };
    const [dQueries, dItems] = runKernel<tf.Tensor[]>(SampledScoresGrad, inputs);
    return { queries: () => dQueries, items: () => dItems };
  },
});
