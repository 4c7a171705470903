import * as tf from '@tensorflow/tfjs-core';
import { ShapeError } from '../../errors.ts';
import { timeBucket } from '../../ops/time-bucket.ts';
import {
  HstuAttention,
  type HstuAttentionAttrs,
  HstuAttentionGrad,
  type HstuAttentionGradInputs,
  type HstuAttentionInputs,
} from '../kernel-names.ts';
import {
  biasGradients,
  inKeyOrder,
  queryPlan,
  queryScores,
  tensorGradients,
  weighted,
  weightGradients,
  withBias,
} from './attention-queries.ts';
import { composedKernel, readIntegers, type TensorsOf } from './kernel.ts';
import { type PaddedLayout, paddedLayout, padHeads, unpadHeads, visibilityMask } from './padding.ts';
import { siluDerivative } from './silu.ts';

type Inputs = TensorsOf<HstuAttentionInputs>;

/** int32 `[N * N]`: entry of the position table for each (query, key). */
function positionIndices(length: number, tableLength: number): tf.Tensor1D {
  const maxLength = (tableLength + 1) / 2;
  if (length > maxLength) {
    throw new ShapeError(
      `${HstuAttention}: expected sequences of at most ${maxLength} tokens, as positionWeights [${tableLength}] covers; got one of ${length}; make the table longer or the windows shorter`,
    );
  }
  const indices = new Int32Array(length * length);
  for (let i = 0; i < length; i++) {
    for (let j = 0; j < length; j++) indices[i * length + j] = j - i + maxLength - 1;
  }
  return tf.tensor1d(indices, 'int32');
}

/** int32 `[B * N * N]`: entry of the time table for each (sequence, query, key). */
function timeIndices(inputs: Inputs, offsets: Int32Array, length: number, divisor: number): tf.Tensor1D {
  const queryTimes = readIntegers(inputs.queryTimes);
  const keyTimes = readIntegers(inputs.keyTimes);
  const last = inputs.timeWeights.size - 1;
  const batch = offsets.length - 1;
  const indices = new Int32Array(batch * length * length);
  for (let b = 0; b < batch; b++) {
    const start = offsets[b];
    for (let i = 0; i < offsets[b + 1] - start; i++) {
      const row = (b * length + i) * length;
      for (let j = 0; j < offsets[b + 1] - start; j++) {
        indices[row + j] = timeBucket(queryTimes[start + i] - keyTimes[start + j], last, divisor);
      }
    }
  }
  return tf.tensor1d(indices, 'int32');
}

interface Scores {
  readonly layout: PaddedLayout;
  readonly q: tf.Tensor4D;
  readonly k: tf.Tensor4D;
  readonly v: tf.Tensor4D;
  /** `scale q k^T + bias`, `[B, H, N, N]`, not yet masked. */
  readonly s: tf.Tensor;
  /** 1 / normalizer where the key is seen, else 0. */
  readonly weight: tf.Tensor;
  readonly positions?: tf.Tensor1D;
  readonly times?: tf.Tensor1D;
}

function scores(inputs: Inputs, { scale, bucketDivisor, normalizer, globalKeys }: HstuAttentionAttrs): Scores {
  const offsets = readIntegers(inputs.offsets);
  const layout = paddedLayout(offsets);
  const { batch, length } = layout;
  const q = padHeads(inputs.q, layout);
  const k = padHeads(inputs.k, layout);
  const v = padHeads(inputs.v, layout);
  let s: tf.Tensor = tf.mul(tf.matMul(q, k, false, true), scale);
  let positions: tf.Tensor1D | undefined;
  let times: tf.Tensor1D | undefined;
  if (inputs.positionWeights.size > 0) {
    positions = positionIndices(length, inputs.positionWeights.size);
    s = tf.add(s, tf.reshape(tf.gather(inputs.positionWeights, positions), [1, 1, length, length]));
  }
  if (inputs.timeWeights.size > 0) {
    times = timeIndices(inputs, offsets, length, bucketDivisor);
    s = tf.add(s, tf.reshape(tf.gather(inputs.timeWeights, times), [batch, 1, length, length]));
  }
  const visible = inputs.visible.size > 0 ? readIntegers(inputs.visible) : new Int32Array(0);
  const weight = tf.div(visibilityMask(layout, offsets, visible, globalKeys), normalizer);
  return { layout, q, k, v, s, weight, positions, times };
}

function scoresOfQueries(inputs: Inputs, { scale, bucketDivisor, globalKeys }: HstuAttentionAttrs) {
  const plan = queryPlan(inputs, globalKeys);
  const [k, v] = [inputs.k, inputs.v].map((x) => inKeyOrder(x, inputs.keyRows));
  const bias = { ...inputs, bucketDivisor };
  return { plan, k, v, bias, ...withBias(plan, queryScores(plan, { ...inputs, k }, scale), bias) };
}

/** Of queries that are not the tokens. */
function ofQueries(inputs: Inputs, attrs: HstuAttentionAttrs): tf.Tensor3D {
  const { plan, v, scores: s, own } = scoresOfQueries(inputs, attrs);
  // Rounded as in the full pass, whose rows these are.
  const share = tf.div(plan.seen, attrs.normalizer);
  const ownShare = tf.div(tf.scalar(1), attrs.normalizer);
  const weigh = (x: tf.Tensor, by: tf.Tensor): tf.Tensor => tf.mul(tf.mul(x, tf.sigmoid(x)), by);
  return weighted(plan, weigh(s, share), own && weigh(own, ownShare), { v, selfV: inputs.selfV });
}

function gradientsOfQueries(inputs: TensorsOf<HstuAttentionGradInputs>, attrs: HstuAttentionAttrs): tf.Tensor[] {
  const { plan, k, v, bias, scores: s, own } = scoresOfQueries(inputs, attrs);
  const weigh = (x: tf.Tensor): tf.Tensor => tf.div(tf.mul(x, tf.sigmoid(x)), attrs.normalizer);
  const slope = (x: tf.Tensor): tf.Tensor => tf.div(siluDerivative(x), attrs.normalizer);
  const dOut = padHeads(inputs.dy, plan.queries);
  const { dWeights, dOwn } = weightGradients(plan, dOut, v, inputs.selfV);
  const gradients = {
    ...{ dOut, weights: tf.mul(weigh(s), plan.seen), own: own && weigh(own) },
    dScores: tf.mul(tf.mul(dWeights, plan.seen), slope(s)),
    dOwn: own && dOwn && tf.mul(dOwn, slope(own)),
  };
  const tensors = tensorGradients(plan, inputs, k, attrs.scale, gradients, inputs.k.shape[0]);
  const [dQ, dK, dV, dSelfK, dSelfV] = tensors;
  return [dQ, dK, dV, ...biasGradients(plan, bias, gradients), dSelfK, dSelfV];
}

/** Of what has a gradient, in the order of the contract. */
const TRAINED = ['q', 'k', 'v', 'positionWeights', 'timeWeights', 'selfK', 'selfV'] as const;

/** Padded path: pad to `[B, H, N, .]`, dense products, gather the valid rows. Bytes grow with `B H N^2`. */
export const hstuAttention = composedKernel<HstuAttentionInputs, HstuAttentionAttrs>(HstuAttention, (inputs, attrs) => {
  const [, heads, width] = inputs.v.shape;
  if (inputs.q.shape[0] === 0) return tf.zeros([0, heads, width]);
  if (inputs.queryOffsets.size > 0) return ofQueries(inputs, attrs);
  const { layout, v, s, weight } = scores(inputs, attrs);
  return unpadHeads(tf.matMul(tf.mul(tf.mul(s, tf.sigmoid(s)), weight), v), layout);
});

/** The backward pass of section 3 of the specification; `S` is recomputed. */
export const hstuAttentionGrad = composedKernel<HstuAttentionGradInputs, HstuAttentionAttrs>(
  HstuAttentionGrad,
  (inputs, attrs) => {
    const { positionWeights, timeWeights } = inputs;
    if (inputs.q.shape[0] === 0) return TRAINED.map((name) => tf.zeros(inputs[name].shape));
    if (inputs.queryOffsets.size > 0) return gradientsOfQueries(inputs, attrs);
    const { layout, q, k, v, s, weight, positions, times } = scores(inputs, attrs);
    const { batch, length } = layout;
    const dOut = padHeads(inputs.dy, layout);
    const p = tf.mul(tf.mul(s, tf.sigmoid(s)), weight);
    const dV = tf.matMul(p, dOut, true, false);
    const dP = tf.matMul(dOut, v, false, true);
    const dS = tf.mul(tf.mul(dP, weight), siluDerivative(s));
    const dQ = tf.mul(tf.matMul(dS, k), attrs.scale);
    const dK = tf.mul(tf.matMul(dS, q, true, false), attrs.scale);
    const dBias = tf.sum(dS, 1);
    return [
      unpadHeads(dQ, layout),
      unpadHeads(dK, layout),
      unpadHeads(dV, layout),
      positions === undefined
        ? tf.zeros([0])
        : tf.unsortedSegmentSum(tf.reshape(tf.sum(dBias, 0), [length * length]), positions, positionWeights.size),
      times === undefined
        ? tf.zeros([0])
        : tf.unsortedSegmentSum(tf.reshape(dBias, [batch * length * length]), times, timeWeights.size),
      tf.zeros([0]),
      tf.zeros([0]),
    ];
  },
);
