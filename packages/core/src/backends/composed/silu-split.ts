import * as tf from '@tensorflow/tfjs-core';
import { SiluSplit, type SiluSplitAttrs, SiluSplitGrad, type SiluSplitInputs } from '../kernel-names.ts';
import { composedKernel } from './kernel.ts';
import { siluDerivative } from './silu.ts';

export const siluSplit = composedKernel<SiluSplitInputs, SiluSplitAttrs>(SiluSplit, ({ z }, { sizes }) =>
  tf.split(tf.mul(z, tf.sigmoid(z)), [...sizes], 1),
);

export const siluSplitGrad = composedKernel<SiluSplitInputs, SiluSplitAttrs>(SiluSplitGrad, (inputs, { sizes }) => {
  const { z, ...dys } = inputs as { readonly z: tf.Tensor; readonly [dy: string]: tf.Tensor };
  const dy = tf.concat(
    sizes.map((_, i) => dys[`dy${i}`]),
    1,
  );
  return tf.mul(dy, siluDerivative(z));
});
