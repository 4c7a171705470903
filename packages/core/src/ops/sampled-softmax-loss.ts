import * as tf from '@tensorflow/tfjs-core';
import { SampledSoftmax, SampledSoftmaxGrad } from '../backends/kernel-names.ts';
import { UnsupportedError } from '../errors.ts';
import { assertDType, assertShapes, type Expected } from '../shapes.ts';
import { absent, registerGradientOnce, runKernel } from './run-kernel.ts';

export interface SampledSoftmaxOptions {
  /** float32 `[T, D]`. */
  readonly queries: tf.Tensor;
  /** float32 `[I, D]`: the item table, or its rows normalised. */
  readonly items: tf.Tensor;
  /** int32 `[T]`: id of the item to predict. */
  readonly positives: tf.Tensor;
  /** int32 `[T, R]`: sampled ids; one that equals the positive is ignored. */
  readonly negatives: tf.Tensor;
  /** Divides every score; positive. */
  readonly temperature: number;
  /** float32 `[I]`: log of the probability with which each item is sampled, subtracted from its logit. */
  readonly logQ?: tf.Tensor;
}

/**
 * Sampled softmax over item ids: `z_0 = q_t . items[positives_t] / temperature - logQ`, `z_r` likewise for the
 * negatives, a negative equal to the positive gets -5e4, `loss_t = logsumexp(z) - z_0`.
 *
 * @returns float32 `[T]`, one loss per token; average or weight them yourself.
 * @throws ShapeError, DTypeError, UnsupportedError when the temperature is not positive.
 *
 * Source: Zhai et al. 2024, section 4.1 (arXiv:2402.17152), public code; logQ after Yi et al. 2019. `logQ` gets no
 * gradient: it is a property of the sampler.
 */
export function sampledSoftmaxLoss(options: SampledSoftmaxOptions): tf.Tensor1D {
  const { queries, items, positives, negatives, temperature, logQ } = options;
  const op = 'sampledSoftmaxLoss';
  if (!(temperature > 0)) {
    throw new UnsupportedError(
      `${op}: expected a positive temperature; got ${temperature}; 0.05 is the published value for normalised vectors`,
    );
  }
  const expected: Expected[] = [
    ['queries', queries, 'T D'],
    ['items', items, 'I D'],
    ['positives', positives, 'T'],
    ['negatives', negatives, 'T R'],
  ];
  if (logQ !== undefined) expected.push(['logQ', logQ, 'I']);
  assertShapes(op, expected);
  for (const [name, x] of expected) {
    assertDType(x, name === 'positives' || name === 'negatives' ? 'int32' : 'float32', { op, name });
  }
  return tf.tidy(op, () => {
    const inputs = { queries, items, positives, negatives, logQ: logQ ?? absent() };
    return runKernel<tf.Tensor[]>(SampledSoftmax, inputs, { temperature })[0] as tf.Tensor1D;
  });
}

registerGradientOnce({
  kernelName: SampledSoftmax,
  inputsToSave: ['queries', 'items', 'positives', 'negatives', 'logQ'],
  outputsToSave: [false, true],
  gradFunc: (dys, [queries, items, positives, negatives, logQ, logSumExp], attrs) => {
    const dLoss = (dys as tf.Tensor[])[0];
    const inputs = { queries, items, positives, negatives, logQ, logSumExp, dLoss };
    const [dQueries, dItems] = runKernel<tf.Tensor[]>(SampledSoftmaxGrad, inputs, attrs);
    return { queries: () => dQueries, items: () => dItems };
  },
});
