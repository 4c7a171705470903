import * as tf from '@tensorflow/tfjs-core';
import { Silu, SiluGrad, type SiluGradInputs, type SiluInputs } from '../kernel-names.ts';
import { composedKernel } from './kernel.ts';

export const silu = composedKernel<SiluInputs, object>(Silu, ({ x }) => tf.mul(x, tf.sigmoid(x)));

export const siluGrad = composedKernel<SiluGradInputs, object>(SiluGrad, ({ x, dy }) => tf.mul(dy, siluDerivative(x)));

/** `s (1 + x (1 - s))`, `s = sigmoid(x)`. */
export function siluDerivative(x: tf.Tensor): tf.Tensor {
  const s = tf.sigmoid(x);
  return tf.mul(s, tf.add(tf.mul(x, tf.sub(1, s)), 1));
}
