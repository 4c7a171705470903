import * as tf from '@tensorflow/tfjs-core';
import { runKernel } from '../../ops/run-kernel.ts';
import {
  GatedNorm,
  type GatedNormAttrs,
  GatedNormGrad,
  GatedNormLinear,
  GatedNormLinearGrad,
  type GatedNormLinearGradInputs,
  type GatedNormLinearInputs,
} from '../kernel-names.ts';
import { composedKernel } from './kernel.ts';

/** Made of the kernels of its parts, which a backend may have of its own. */
export const gatedNormLinear = composedKernel<GatedNormLinearInputs, GatedNormAttrs>(
  GatedNormLinear,
  ({ u, x, w, b, residual }, attrs) => {
    const a = runKernel<tf.Tensor2D>(GatedNorm, { u, x }, attrs);
    return tf.add(tf.fused.matMul({ a, b: w as tf.Tensor2D, transposeB: true, bias: b }), residual);
  },
);

export const gatedNormLinearGrad = composedKernel<GatedNormLinearGradInputs, GatedNormAttrs>(
  GatedNormLinearGrad,
  ({ u, x, w, dy }, attrs) => {
    const [du, dx] = runKernel<tf.Tensor[]>(GatedNormGrad, { u, x, dy: tf.matMul(dy, w) }, attrs);
    const read = runKernel<tf.Tensor2D>(GatedNorm, { u, x }, attrs);
    return [du, dx, tf.matMul(dy as tf.Tensor2D, read, true), tf.sum(dy, 0)];
  },
);
