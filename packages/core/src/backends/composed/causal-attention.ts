import * as tf from '@tensorflow/tfjs-core';
import { dropoutThreshold, philox4x32 } from '../../random/streams.ts';
import {
  CausalAttention,
  type CausalAttentionAttrs,
  CausalAttentionGrad,
  type CausalAttentionGradInputs,
  type CausalAttentionInputs,
} from '../kernel-names.ts';
import {
  inKeyOrder,
  type QueryPlan,
  queryPlan,
  queryScores,
  tensorGradients,
  weighted,
  weightGradients,
} from './attention-queries.ts';
import { composedKernel, readIntegers, type TensorsOf } from './kernel.ts';
import { type PaddedLayout, paddedLayout, padHeads, unpadHeads, visibilityMask } from './padding.ts';

/** Added to the logits of hidden keys; finite, so that no backend meets `inf - inf`. */
const HIDDEN = -1e30;

/** A padded grid of attention weights. */
interface Grid {
  readonly heads: number;
  readonly rows: number;
  readonly columns: number;
}

/**
 * float32 `[B, H, rows, columns]`: `1 / (1 - rate)` where the attention weight is kept, else 0. Philox counter as in
 * the contract. The last column of candidates is their own key, whose number is the length of their sequence.
 */
function dropoutGrid(
  queryOffsets: Int32Array,
  { heads, rows, columns }: Grid,
  attrs: CausalAttentionAttrs,
  candidates?: { readonly isCandidate: boolean; readonly offsets: Int32Array },
): tf.Tensor4D {
  const { k0, k1, step, first, rate } = attrs;
  const threshold = dropoutThreshold(rate);
  const scale = 1 / (1 - rate);
  const batch = queryOffsets.length - 1;
  const mask = new Float32Array(batch * heads * rows * columns);
  const words = new Uint32Array(4);
  for (let b = 0; b < batch; b++) {
    const own = candidates?.isCandidate ? candidates.offsets[b + 1] - candidates.offsets[b] : undefined;
    for (let t = queryOffsets[b]; t < queryOffsets[b + 1]; t++) {
      for (let h = 0; h < heads; h++) {
        const row = ((b * heads + h) * rows + t - queryOffsets[b]) * columns;
        for (let column = 0; column < columns; column++) {
          const isOwn = own !== undefined && column === columns - 1;
          const j = isOwn ? own : column;
          if ((j & 3) === 0 || isOwn) philox4x32(j >>> 2, first + t * heads + h, step, 1, k0, k1, words);
          if (words[j & 3] >= threshold) mask[row + column] = scale;
        }
      }
    }
  }
  return tf.tensor4d(mask, [batch, heads, rows, columns]);
}

type Inputs = TensorsOf<CausalAttentionInputs>;
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

/** Of what has a gradient, in the order of the contract. */
const TRAINED = ['q', 'k', 'v', 'selfK', 'selfV'] as const;

/** Probabilities of queries that are not the tokens: of their keys, and of candidates themselves in a last column. */
function probabilities(inputs: Inputs, attrs: CausalAttentionAttrs) {
  const plan = queryPlan(inputs, attrs.globalKeys);
  const heads = inputs.q.shape[1] as number;
  const [k, v] = [inputs.k, inputs.v].map((x) => inKeyOrder(x, inputs.keyRows));
  const { scores, own } = queryScores(plan, { ...inputs, k }, attrs.scale);
  const hidden = tf.add(scores, tf.mul(tf.sub(1, plan.seen), HIDDEN));
  const s = own === undefined ? hidden : tf.concat([hidden, own], -1);
  const top = tf.max(s, -1, true);
  // A query that sees nothing has nothing but zeros.
  const any = own === undefined ? tf.max(plan.seen, -1, true) : tf.scalar(1);
  const e = tf.mul(tf.exp(tf.sub(s, top)), any);
  const total = tf.maximum(tf.sum(e, -1, true), 1e-30);
  const grid = { heads, rows: plan.queries.length, columns: s.shape[3] as number };
  const mask = attrs.rate > 0 ? dropoutGrid(plan.queryOffsets, grid, attrs, plan) : undefined;
  const p = tf.div(e, total);
  return {
    plan,
    k,
    v,
    p,
    dropped: mask === undefined ? p : tf.mul(p, mask),
    mask,
    logSumExp: tf.add(top, tf.log(total)),
  };
}

/** The columns of the keys, and that of candidates themselves. */
function apart(x: tf.Tensor, { isCandidate, keys }: QueryPlan): { readonly of: tf.Tensor; readonly own?: tf.Tensor } {
  if (!isCandidate) return { of: x };
  const [of, own] = tf.split(x, [keys.length, 1], -1);
  return { of, own };
}

function ofQueries(inputs: Inputs, attrs: CausalAttentionAttrs): [tf.Tensor, tf.Tensor] {
  const { plan, v, dropped, logSumExp } = probabilities(inputs, attrs);
  const { of, own } = apart(dropped, plan);
  const packed = tf.reshape(unpadHeads(logSumExp, plan.queries), inputs.q.shape.slice(0, 2));
  return [weighted(plan, of, own, { v, selfV: inputs.selfV }), packed];
}

function gradientsOfQueries(inputs: TensorsOf<CausalAttentionGradInputs>, attrs: CausalAttentionAttrs): tf.Tensor[] {
  const { plan, k, v, p, dropped, mask } = probabilities(inputs, attrs);
  const dOut = padHeads(inputs.dy, plan.queries);
  const found = weightGradients(plan, dOut, v, inputs.selfV);
  const all = found.dOwn === undefined ? found.dWeights : tf.concat([found.dWeights, found.dOwn], -1);
  const dP = mask === undefined ? all : tf.mul(all, mask);
  const dS = apart(tf.mul(p, tf.sub(dP, tf.sum(tf.mul(p, dP), -1, true))), plan);
  const weights = apart(dropped, plan);
  const gradients = { dOut, weights: weights.of, own: weights.own, dScores: dS.of, dOwn: dS.own };
  return tensorGradients(plan, inputs, k, attrs.scale, gradients, inputs.k.shape[0]);
}

/** Padded path; bytes grow with `B H N^2`. */
export const causalAttention = composedKernel<CausalAttentionInputs, CausalAttentionAttrs>(
  CausalAttention,
  (inputs, attrs) => {
    const heads = inputs.q.shape[1]!;
    if (inputs.q.shape[0] === 0) return [tf.zeros([0, ...inputs.v.shape.slice(1)]), tf.zeros([0, heads])];
    if (inputs.queryOffsets.size > 0) return ofQueries(inputs, attrs);
    const offsets = readIntegers(inputs.offsets);
    const layout = paddedLayout(offsets);
    const { length } = layout;
    const { s } = maskedScores(inputs, layout, attrs);
    const top = tf.max(s, -1, true);
    const e = tf.exp(tf.sub(s, top));
    const total = tf.sum(e, -1, true);
    let p = tf.div(e, total);
    if (attrs.rate > 0) p = tf.mul(p, dropoutGrid(offsets, { heads, rows: length, columns: length }, attrs));
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
    if (inputs.q.shape[0] === 0) return TRAINED.map((name) => tf.zeros(inputs[name].shape));
    if (inputs.queryOffsets.size > 0) return gradientsOfQueries(inputs, attrs);
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
      const mask = dropoutGrid(offsets, { heads, rows: length, columns: length }, attrs);
      dP = tf.mul(dP, mask);
      dropped = tf.mul(p, mask);
    }
    const dS = tf.mul(tf.mul(p, tf.sub(dP, delta)), attrs.scale);
    return [
      unpadHeads(tf.matMul(dS, k), layout),
      unpadHeads(tf.matMul(dS, q, true, false), layout),
      unpadHeads(tf.matMul(dropped, dOut, true, false), layout),
      tf.zeros([0]),
      tf.zeros([0]),
    ];
  },
);
