import * as tf from '@tensorflow/tfjs-core';
import { dropoutThreshold, philox4x32 } from '../../random/streams.ts';
import {
  CausalAttention,
  type CausalAttentionAttrs,
  CausalAttentionGrad,
  type CausalAttentionGradInputs,
  type CausalAttentionInputs,
} from '../kernel-names.ts';
import { composedKernel, readIntegers, type TensorsOf } from './kernel.ts';
import { type PaddedLayout, paddedLayout, padHeads, unpadHeads, visibilityMask } from './padding.ts';

/** Added to the logits of hidden keys; finite, so that no backend meets `inf - inf`. */
const HIDDEN = -1e30;

/**
 * float32 `[B, H, N, N]`: `1 / (1 - rate)` where the attention weight is kept, else 0. Philox
 * counter as in the contract.
 */
function dropoutMask(offsets: Int32Array, heads: number, length: number, attrs: CausalAttentionAttrs): tf.Tensor4D {
  const { k0, k1, step, first, rate } = attrs;
  const threshold = dropoutThreshold(rate);
  const scale = 1 / (1 - rate);
  const batch = offsets.length - 1;
  const mask = new Float32Array(batch * heads * length * length);
  const words = new Uint32Array(4);
  for (let b = 0; b < batch; b++) {
    for (let i = 0; i < offsets[b + 1] - offsets[b]; i++) {
      const t = offsets[b] + i;
      for (let h = 0; h < heads; h++) {
        const row = ((b * heads + h) * length + i) * length;
        for (let j = 0; j < offsets[b + 1] - offsets[b]; j++) {
          if ((j & 3) === 0) philox4x32(j >>> 2, first + t * heads + h, step, 1, k0, k1, words);
          if (words[j & 3] >= threshold) mask[row + j] = scale;
        }
      }
    }
  }
  return tf.tensor4d(mask, [batch, heads, length, length]);
}

type Masked = Pick<CausalAttentionAttrs, 'scale' | 'globalKeys'>;

/** `scale q k^T` with hidden keys far below, and the layout they are padded to. */
function maskedScores(inputs: TensorsOf<CausalAttentionInputs>, layout: PaddedLayout, attrs: Masked) {
  const { scale, globalKeys } = attrs;
  const q = padHeads(inputs.q, layout);
  const k = padHeads(inputs.k, layout);
  const visible = inputs.visible.size > 0 ? readIntegers(inputs.visible) : new Int32Array(0);
  const mask = visibilityMask(layout, readIntegers(inputs.offsets), visible, globalKeys);
  return { q, k, s: tf.add(tf.mul(tf.matMul(q, k, false, true), scale), tf.mul(tf.sub(1, mask), HIDDEN)) };
}

/** Padded path; bytes grow with `B H N^2`. */
export const causalAttention = composedKernel<CausalAttentionInputs, CausalAttentionAttrs>(
  CausalAttention,
  (inputs, attrs) => {
    const heads = inputs.q.shape[1]!;
    if (inputs.q.shape[0] === 0) return [tf.zeros(inputs.v.shape), tf.zeros([0, heads])];
    const offsets = readIntegers(inputs.offsets);
    const layout = paddedLayout(offsets);
    const { length } = layout;
    const { s } = maskedScores(inputs, layout, attrs);
    const top = tf.max(s, -1, true);
    const e = tf.exp(tf.sub(s, top));
    const total = tf.sum(e, -1, true);
    let p = tf.div(e, total);
    if (attrs.rate > 0) p = tf.mul(p, dropoutMask(offsets, heads, length, attrs));
    const out = tf.matMul(p, padHeads(inputs.v, layout));
    const logSumExp = tf.add(top, tf.log(total));
    const packed = unpadHeads(logSumExp, layout);
    return [unpadHeads(out, layout), tf.reshape(packed, [layout.tokens, heads])];
  },
);

/** `dS = P (dP - rowsum(dO O))`, with `dP = (dO V^T) mask / (1 - rate)`. */
export const causalAttentionGrad = composedKernel<CausalAttentionGradInputs, CausalAttentionAttrs>(
  CausalAttentionGrad,
  (inputs, attrs) => {
    if (inputs.q.shape[0] === 0) return [inputs.q, inputs.k, inputs.v].map((x) => tf.zeros(x.shape));
    const heads = inputs.q.shape[1]!;
    const offsets = readIntegers(inputs.offsets);
    const layout = paddedLayout(offsets);
    const { length, tokens } = layout;
    const { q, k, s } = maskedScores(inputs, layout, attrs);
    const dOut = padHeads(inputs.dy, layout);
    const logSumExp = padHeads(tf.reshape(inputs.logSumExp, [tokens, heads, 1]), layout);
    const delta = padHeads(tf.sum(tf.mul(inputs.dy, inputs.out), -1, true), layout);
    // Padded rows keep exp(0) where they are not hidden; their dO and delta are zero, so they add nothing.
    const p = tf.exp(tf.sub(s, logSumExp));
    let dP: tf.Tensor = tf.matMul(dOut, padHeads(inputs.v, layout), false, true);
    let dropped: tf.Tensor = p;
    if (attrs.rate > 0) {
      const mask = dropoutMask(offsets, heads, length, attrs);
      dP = tf.mul(dP, mask);
      dropped = tf.mul(p, mask);
    }
    const dS = tf.mul(tf.mul(p, tf.sub(dP, delta)), attrs.scale);
    return [
      unpadHeads(tf.matMul(dS, k), layout),
      unpadHeads(tf.matMul(dS, q, true, false), layout),
      unpadHeads(tf.matMul(dropped, dOut, true, false), layout),
    ];
  },
);
