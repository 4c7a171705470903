import * as tf from '@tensorflow/tfjs-core';
import { type NormAttrs, RmsNorm, RmsNormGrad, type RmsNormGradInputs, type RmsNormInputs } from '../kernel-names.ts';
import { composedKernel } from './kernel.ts';

function root(x: tf.Tensor, epsilon: number): tf.Tensor {
  return tf.sqrt(tf.add(tf.mean(tf.square(x), -1, true), epsilon));
}

export const rmsNorm = composedKernel<RmsNormInputs, NormAttrs>(RmsNorm, ({ x }, { epsilon }) =>
  tf.div(x, root(x, epsilon)),
);

/** With y the result and r the root: `dx = (dy - y mean(y dy)) / r`. */
export const rmsNormGrad = composedKernel<RmsNormGradInputs, NormAttrs>(RmsNormGrad, ({ x, dy }, { epsilon }) => {
  const r = root(x, epsilon);
  const y = tf.div(x, r);
  return tf.div(tf.sub(dy, tf.mul(y, tf.mean(tf.mul(y, dy), -1, true))), r);
});
