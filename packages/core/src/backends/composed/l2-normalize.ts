import * as tf from '@tensorflow/tfjs-core';
import {
  L2Normalize,
  L2NormalizeGrad,
  type L2NormalizeGradInputs,
  type L2NormalizeInputs,
  type NormAttrs,
} from '../kernel-names.ts';
import { composedKernel } from './kernel.ts';

function norm(x: tf.Tensor): tf.Tensor {
  return tf.sqrt(tf.sum(tf.square(x), -1, true));
}

export const l2Normalize = composedKernel<L2NormalizeInputs, NormAttrs>(L2Normalize, ({ x }, { epsilon }) =>
  tf.div(x, tf.maximum(norm(x), epsilon)),
);

/** `dx = (dy - y (y . dy)) / ||x||` where the norm exceeds epsilon, `dy / epsilon` elsewhere. */
export const l2NormalizeGrad = composedKernel<L2NormalizeGradInputs, NormAttrs>(
  L2NormalizeGrad,
  ({ x, dy }, { epsilon }) => {
    const length = norm(x);
    const clamped = tf.maximum(length, epsilon);
    const y = tf.div(x, clamped);
    const free = tf.cast(tf.greater(length, epsilon), 'float32');
    const radial = tf.mul(y, tf.mul(free, tf.sum(tf.mul(y, dy), -1, true)));
    return tf.div(tf.sub(dy, radial), clamped);
  },
);
