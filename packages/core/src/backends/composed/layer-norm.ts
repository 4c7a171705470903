import * as tf from '@tensorflow/tfjs-core';
import {
  LayerNorm,
  LayerNormGrad,
  type LayerNormGradInputs,
  type LayerNormInputs,
  type NormAttrs,
} from '../kernel-names.ts';
import { composedKernel } from './kernel.ts';

interface Normalised {
  readonly y: tf.Tensor;
  readonly deviation: tf.Tensor;
}

export function normalise(x: tf.Tensor, epsilon: number): Normalised {
  const centred = tf.sub(x, tf.mean(x, -1, true));
  const deviation = tf.sqrt(tf.add(tf.mean(tf.square(centred), -1, true), epsilon));
  return { y: tf.div(centred, deviation), deviation };
}

export const layerNorm = composedKernel<LayerNormInputs, NormAttrs>(
  LayerNorm,
  ({ x }, { epsilon }) => normalise(x, epsilon).y,
);

export const layerNormGrad = composedKernel<LayerNormGradInputs, NormAttrs>(LayerNormGrad, ({ x, dy }, { epsilon }) =>
  normaliseGrad(normalise(x, epsilon), dy),
);

/** `dx = (dy - mean(dy) - y mean(dy y)) / deviation`. */
export function normaliseGrad({ y, deviation }: Normalised, dy: tf.Tensor): tf.Tensor {
  const centred = tf.sub(dy, tf.mean(dy, -1, true));
  return tf.div(tf.sub(centred, tf.mul(y, tf.mean(tf.mul(dy, y), -1, true))), deviation);
}
