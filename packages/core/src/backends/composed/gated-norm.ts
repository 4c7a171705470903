import * as tf from '@tensorflow/tfjs-core';
import {
  GatedNorm,
  type GatedNormAttrs,
  GatedNormGrad,
  type GatedNormGradInputs,
  type GatedNormInputs,
} from '../kernel-names.ts';
import { composedKernel } from './kernel.ts';
import { normalise, normaliseGrad } from './layer-norm.ts';
import { applyDropout } from './random.ts';

export const gatedNorm = composedKernel<GatedNormInputs, GatedNormAttrs>(GatedNorm, ({ u, x }, attrs) => {
  const product = tf.mul(u, normalise(x, attrs.epsilon).y);
  return attrs.rate === 0 ? product : applyDropout(product, attrs);
});

export const gatedNormGrad = composedKernel<GatedNormGradInputs, GatedNormAttrs>(
  GatedNormGrad,
  ({ u, x, dy }, attrs) => {
    const normed = normalise(x, attrs.epsilon);
    const g = attrs.rate === 0 ? dy : applyDropout(dy, attrs);
    return [tf.mul(g, normed.y), normaliseGrad(normed, tf.mul(g, u))];
  },
);
