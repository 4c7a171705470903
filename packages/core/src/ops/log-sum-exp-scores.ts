import * as tf from '@tensorflow/tfjs-core';
import { LogSumExpScores, LogSumExpScoresGrad } from '../backends/kernel-names.ts';
import { ShapeError } from '../errors.ts';
import { assertDType, assertShapes, type Expected } from '../shapes.ts';
import { absent, registerGradientOnce, runKernel } from './run-kernel.ts';

export interface LogSumExpScoresOptions {
  /** float32 `[P, D]`. */
  readonly queries: tf.Tensor;
  /** float32 `[N, D]`, at least one. */
  readonly items: tf.Tensor;
  /** float32 `[N]`, added to the score of each item; no gradient. */
  readonly bias?: tf.Tensor;
  /** What is added to the scores of a query by the group that it is in; no gradient. */
  readonly mask?: ScoreMask;
}

/** Additive masks that groups of queries share. */
export interface ScoreMask {
  /** float32 `[G, N]`: 0, or {@link MASKED_SCORE}. */
  readonly values: tf.Tensor;
  /** int32 `[P]`: the group of each query. */
  readonly groups: tf.Tensor;
}

/** Added to the score of an item that does not count. Finite, so that a query with none left has a finite result. */
export const MASKED_SCORE = -1e9;

/**
 * The logarithm of the softmax's denominator over all items: `log sum_n exp(q_p . c_n + bias_n + mask[groups_p, n])`.
 * Less the score of the label it is the full cross-entropy, exact. `[P, N]` is never held: scores are made a block at a
 * time, and once more for the gradient of the items.
 *
 * Work: `4 P N D` floating-point operations forwards where a gradient will be taken (`2 P N D` where not), `4 P N D`
 * backwards. Memory beside inputs and gradients: `P (D + 1)` floats and, on `simd`, a packed copy of the items; of the
 * backends without a kernel of their own about 64 MiB of scores.
 *
 * @returns float32 `[P]`
 * @throws ShapeError, also without an item; DTypeError.
 *
 * Source: the blocks of Wijmans et al. 2024, "Cut Your Losses" (arXiv:2411.09009), without its filter of small
 * gradients.
 */
export function logSumExpScores({ queries, items, bias, mask }: LogSumExpScoresOptions): tf.Tensor1D {
  const op = 'logSumExpScores';
  const expected: Expected[] = [
    ['queries', queries, 'P D'],
    ['items', items, 'N D'],
  ];
  if (bias !== undefined) expected.push(['bias', bias, 'N']);
  if (mask !== undefined) expected.push(['mask.values', mask.values, 'G N'], ['mask.groups', mask.groups, 'P']);
  const { N: count } = assertShapes(op, expected);
  for (const [name, x] of expected) assertDType(x, name === 'mask.groups' ? 'int32' : 'float32', { op, name });
  if (count === 0) throw new ShapeError(`${op}: expected at least one item; got items [${items.shape}]`);
  return tf.tidy(op, () => {
    const constants = {
      bias: bias ?? absent(),
      mask: mask?.values ?? absent(),
      groups: mask?.groups ?? absent('int32'),
    };
    return runKernel<tf.Tensor[]>(LogSumExpScores, { queries, items, ...constants })[0] as tf.Tensor1D;
  });
}

registerGradientOnce({
  kernelName: LogSumExpScores,
  inputsToSave: ['queries', 'items', 'bias', 'mask', 'groups'],
  outputsToSave: [true],
  gradFunc: (dys, [queries, items, bias, mask, groups, logSumExp]) => {
    const dSums = (Array.isArray(dys) ? dys[0] : dys) as tf.Tensor;
    const inputs = { queries, items, bias, mask, groups, logSumExp, dSums };
    const [dQueries, dItems] = runKernel<tf.Tensor[]>(LogSumExpScoresGrad, inputs);
    return { queries: () => dQueries, items: () => dItems };
  },
});
