import * as tf from '@tensorflow/tfjs-core';
import { runKernel } from '../../ops/run-kernel.ts';
import {
  Dropout,
  LayerNorm,
  LayerNormGrad,
  LinearLayer,
  type LinearLayerAttrs,
  LinearLayerGrad,
  type LinearLayerInputs,
} from '../kernel-names.ts';
import { composedKernel } from './kernel.ts';

/** Made of the kernels of its parts, which a backend may have of its own. */
export const linearLayer = composedKernel<LinearLayerInputs, LinearLayerAttrs>(
  LinearLayer,
  ({ x, w, b, residual }, { activation, sizes, skip, epsilon, ...dropout }) => {
    const n = rowsOf(x as tf.Tensor2D, epsilon);
    let y = mapped(n, w, b, activation === 'relu' ? 'relu' : 'linear');
    if (activation === 'gelu') y = tf.mul(y, geluGate(y));
    if (dropout.rate > 0) y = runKernel<tf.Tensor>(Dropout, { x: y }, dropout);
    if (residual.size > 0) y = tf.add(y, residual);
    const blocks = sizes.length === 1 ? [y] : tf.split(y, [...sizes], 1);
    return skip ? [...blocks, tf.clone(n)] : blocks;
  },
);

export const linearLayerGrad = composedKernel<LinearLayerInputs, LinearLayerAttrs>(
  LinearLayerGrad,
  (inputs, { activation, sizes, skip, epsilon, ...dropout }) => {
    const { x, w, b, y, ...dys } = inputs as { readonly [name: string]: tf.Tensor2D };
    const n = rowsOf(x, epsilon);
    const dy =
      sizes.length === 1
        ? dys.dy0
        : tf.concat2d(
            sizes.map((_, i) => dys[`dy${i}`]),
            1,
          );
    let dz = activation === 'relu' ? open(dy, y, dropout.rate) : dropped(dy, dropout);
    if (activation === 'gelu') dz = tf.mul(dz, geluSlope(mapped(n, w, b, 'linear')));
    const product = tf.matMul(dz, w);
    const dn = skip ? tf.add(product, dys[`dy${sizes.length}`]) : product;
    const dx = epsilon > 0 ? runKernel<tf.Tensor2D>(LayerNormGrad, { x, dy: dn }, { epsilon }) : dn;
    return [dx, tf.matMul(dz, n, true), tf.sum(dz, 0)];
  },
);

/** What the map reads. */
function rowsOf(x: tf.Tensor2D, epsilon: number): tf.Tensor2D {
  return epsilon > 0 ? runKernel<tf.Tensor2D>(LayerNorm, { x }, { epsilon }) : x;
}

function mapped(x: tf.Tensor, w: tf.Tensor, b: tf.Tensor, activation: 'linear' | 'relu'): tf.Tensor {
  const bias = b.size > 0 ? b : undefined;
  return tf.fused.matMul({ a: x as tf.Tensor2D, b: w as tf.Tensor2D, transposeB: true, bias, activation });
}

const CUBIC = 0.044715;

/** sigma(v), v = 2 sqrt(2/pi) (x + 0.044715 x^3): GELU is x times it. */
function geluGate(x: tf.Tensor): tf.Tensor {
  const v = tf.mul(x, tf.add(tf.mul(tf.square(x), CUBIC), 1));
  return tf.sigmoid(tf.mul(v, 2 * Math.sqrt(2 / Math.PI)));
}

/** sigma + x sigma (1 - sigma) v'. */
function geluSlope(x: tf.Tensor): tf.Tensor {
  const gate = geluGate(x);
  const slope = tf.mul(tf.add(tf.mul(tf.square(x), 3 * CUBIC), 1), 2 * Math.sqrt(2 / Math.PI));
  return tf.add(gate, tf.mul(tf.mul(tf.mul(x, gate), tf.sub(1, gate)), slope));
}

/** What a ReLU and a mask let through is positive, and nothing else. */
function open(dy: tf.Tensor2D, y: tf.Tensor2D, rate: number): tf.Tensor2D {
  return tf.mul(dy, tf.mul(tf.step(y), Math.fround(1 / (1 - rate))));
}

function dropped(dy: tf.Tensor2D, dropout: Pick<LinearLayerAttrs, 'rate'>): tf.Tensor2D {
  return dropout.rate > 0 ? runKernel<tf.Tensor2D>(Dropout, { x: dy }, dropout) : dy;
}
