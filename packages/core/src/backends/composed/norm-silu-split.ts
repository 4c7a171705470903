import * as tf from '@tensorflow/tfjs-core';
import { runKernel } from '../../ops/run-kernel.ts';
import {
  LayerNorm,
  LayerNormGrad,
  NormSiluSplit,
  type NormSiluSplitAttrs,
  NormSiluSplitGrad,
  type NormSiluSplitInputs,
  SiluSplit,
  SiluSplitGrad,
} from '../kernel-names.ts';
import { composedKernel } from './kernel.ts';

/** Made of the kernels of its parts, which a backend may have of its own. */
export const normSiluSplit = composedKernel<NormSiluSplitInputs, NormSiluSplitAttrs>(
  NormSiluSplit,
  ({ x, w }, { sizes, epsilon }) => {
    const z = tf.matMul(runKernel<tf.Tensor>(LayerNorm, { x }, { epsilon }), w);
    return [...runKernel<tf.Tensor[]>(SiluSplit, { z }, { sizes }), tf.clone(x)];
  },
);

export const normSiluSplitGrad = composedKernel<NormSiluSplitInputs, NormSiluSplitAttrs>(
  NormSiluSplitGrad,
  (inputs, { sizes, epsilon }) => {
    const { x, w, ...dys } = inputs as {
      readonly x: tf.Tensor;
      readonly w: tf.Tensor;
      readonly [dy: string]: tf.Tensor;
    };
    const blocks = Object.fromEntries(sizes.map((_, i) => [`dy${i}`, dys[`dy${i}`]]));
    const normed = runKernel<tf.Tensor>(LayerNorm, { x }, { epsilon });
    const dz = runKernel<tf.Tensor>(SiluSplitGrad, { z: tf.matMul(normed, w), ...blocks }, { sizes });
    const dx = runKernel<tf.Tensor>(LayerNormGrad, { x, dy: tf.matMul(dz, w, false, true) }, { epsilon });
    return [tf.add(dx, dys[`dy${sizes.length}`]), tf.matMul(normed, dz, true)];
  },
);
