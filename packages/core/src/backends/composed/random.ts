import * as tf from '@tensorflow/tfjs-core';
import { runKernel } from '../../ops/run-kernel.ts';
import { dropoutThreshold, integers, randomWords } from '../../random/streams.ts';
import {
  Dropout,
  type DropoutAttrs,
  DropoutGrad,
  type DropoutGradInputs,
  type DropoutInputs,
  UniformIntegers,
  type UniformIntegersAttrs,
} from '../kernel-names.ts';
import { composedKernel } from './kernel.ts';

export const dropout = composedKernel<DropoutInputs, DropoutAttrs>(Dropout, ({ x }, attrs) => applyDropout(x, attrs));

/** Made of `Dropout`, which a backend may have of its own. */
export const dropoutGrad = composedKernel<DropoutGradInputs, DropoutAttrs>(DropoutGrad, ({ dy }, attrs) =>
  runKernel<tf.Tensor>(Dropout, { x: dy }, attrs),
);

export function applyDropout(x: tf.Tensor, { k0, k1, step, first, rate }: DropoutAttrs): tf.Tensor {
  const threshold = dropoutThreshold(rate);
  // The same constant on every element, so that the product is one rounding, as in a fused kernel.
  const scale = Math.fround(1 / (1 - rate));
  const mask = Float32Array.from(randomWords({ k0, k1 }, step, x.size, first), (word) =>
    word >= threshold ? scale : 0,
  );
  return tf.mul(x, tf.tensor(mask, x.shape, 'float32'));
}

export const uniformIntegers = composedKernel<object, UniformIntegersAttrs>(
  UniformIntegers,
  (_, { k0, k1, step, first, count, low, bound }) =>
    tf.tensor1d(integers({ k0, k1 }, step, count, low, bound, first), 'int32'),
);
