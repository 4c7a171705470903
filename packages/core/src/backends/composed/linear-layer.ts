import * as tf from '@tensorflow/tfjs-core';
import { runKernel } from '../../ops/run-kernel.ts';
import {
  Dropout,
  LinearLayer,
  type LinearLayerAttrs,
  LinearLayerGrad,
  type LinearLayerInputs,
} from '../kernel-names.ts';
import { composedKernel } from './kernel.ts';

/** Made of the kernels of its parts, which a backend may have of its own. */
export const linearLayer = composedKernel<LinearLayerInputs, LinearLayerAttrs>(
  LinearLayer,
  ({ x, w, b, residual }, { activation, sizes, ...dropout }) => {
    const bias = b.size > 0 ? b : undefined;
    const map = { a: x as tf.Tensor2D, b: w as tf.Tensor2D, transposeB: true, bias };
    let y: tf.Tensor = tf.fused.matMul({ ...map, activation: activation === 'relu' ? 'relu' : 'linear' });
    if (dropout.rate > 0) y = runKernel<tf.Tensor>(Dropout, { x: y }, dropout);
    if (residual.size > 0) y = tf.add(y, residual);
    return sizes.length === 1 ? [y] : tf.split(y, [...sizes], 1);
  },
);

export const linearLayerGrad = composedKernel<LinearLayerInputs, LinearLayerAttrs>(
  LinearLayerGrad,
  (inputs, { activation, sizes, ...dropout }) => {
    const { x, w, y, ...dys } = inputs as { readonly [name: string]: tf.Tensor2D };
    const dy =
      sizes.length === 1
        ? dys.dy0
        : tf.concat2d(
            sizes.map((_, i) => dys[`dy${i}`]),
            1,
          );
    const dz = activation === 'relu' ? open(dy, y, dropout.rate) : dropped(dy, dropout);
    return [tf.matMul(dz, w), tf.matMul(dz, x, true), tf.sum(dz, 0)];
  },
);

/** What a ReLU and a mask let through is positive, and nothing else. */
function open(dy: tf.Tensor2D, y: tf.Tensor2D, rate: number): tf.Tensor2D {
  return tf.mul(dy, tf.mul(tf.step(y), Math.fround(1 / (1 - rate))));
}

function dropped(dy: tf.Tensor2D, dropout: Pick<LinearLayerAttrs, 'rate'>): tf.Tensor2D {
  return dropout.rate > 0 ? runKernel<tf.Tensor2D>(Dropout, { x: dy }, dropout) : dy;
}
