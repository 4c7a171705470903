import * as tf from '@tensorflow/tfjs-core';
import { timeBucket } from '../../ops/time-bucket.ts';
import { readIntegers } from './kernel.ts';
import { type PaddedLayout, paddedLayout, padHeads, unpadHeads } from './padding.ts';

/** The integers of an attention whose queries are not its tokens, on the host. */
export interface QueryPlan {
  /** Of the keys, and of the queries. */
  readonly offsets: Int32Array;
  readonly queryOffsets: Int32Array;
  readonly keys: PaddedLayout;
  readonly queries: PaddedLayout;
  /** `[B, 1, M, N]`: 1 where a query sees a key. */
  readonly seen: tf.Tensor;
  /** Place of each query of the padded `[B, M]` grid. */
  readonly places: Int32Array;
  readonly isCandidate: boolean;
}

interface Inputs {
  readonly q: tf.Tensor;
  readonly offsets: tf.Tensor;
  readonly queryOffsets: tf.Tensor;
  readonly visible: tf.Tensor;
  readonly selfK: tf.Tensor;
}

export function queryPlan(inputs: Inputs, globalKeys = 0): QueryPlan {
  const [offsets, queryOffsets] = [readIntegers(inputs.offsets), readIntegers(inputs.queryOffsets)];
  const visible = inputs.visible.size > 0 ? readIntegers(inputs.visible) : undefined;
  const isCandidate = inputs.selfK.shape.length > 1;
  const [keys, queries] = [paddedLayout(offsets), paddedLayout(queryOffsets)];
  const [batch, m, n] = [keys.batch, queries.length, keys.length];
  const seen = new Float32Array(batch * m * n);
  const places = new Int32Array(batch * m);
  for (let b = 0; b < batch; b++) {
    const length = offsets[b + 1] - offsets[b];
    const count = queryOffsets[b + 1] - queryOffsets[b];
    for (let r = 0; r < count; r++) {
      const row = (b * m + r) * n;
      const place = isCandidate ? length : length - count + r;
      places[b * m + r] = place;
      if (visible === undefined) {
        seen.fill(1, row, row + Math.max(0, Math.min(length, place + 1)));
        continue;
      }
      const at = 2 * (queryOffsets[b] + r);
      seen.fill(1, row + visible[at], row + visible[at + 1]);
      seen.fill(1, row, row + Math.min(globalKeys, visible[at + 1]));
      if (place >= 0 && place < length) seen[row + place] = 1;
    }
  }
  return { offsets, queryOffsets, keys, queries, seen: tf.tensor(seen, [batch, 1, m, n]), places, isCandidate };
}

/** The rows of keys or values in the order of the keys. */
export function inKeyOrder(x: tf.Tensor, keyRows: tf.Tensor): tf.Tensor {
  return keyRows.shape[0] === 0 ? x : tf.gather(x, keyRows as tf.Tensor1D);
}

export interface QueryScores {
  /** `scale q k^T` and bias, `[B, H, M, N]`. */
  readonly scores: tf.Tensor;
  /** Of each candidate and itself, `[B, H, M, 1]`. */
  readonly own?: tf.Tensor;
}

/** Products of queries and keys. */
export function queryScores(
  plan: QueryPlan,
  { q, k, selfK }: { readonly q: tf.Tensor; readonly k: tf.Tensor; readonly selfK: tf.Tensor },
  scale: number,
): QueryScores {
  const padded = padHeads(q, plan.queries);
  const scores = tf.mul(tf.matMul(padded, padHeads(k, plan.keys), false, true), scale);
  if (!plan.isCandidate) return { scores };
  return { scores, own: tf.mul(tf.sum(tf.mul(padded, padHeads(selfK, plan.queries)), -1, true), scale) };
}

/** The relative bias of HSTU attention: what of it is not there is empty. */
interface Bias {
  readonly positionWeights: tf.Tensor;
  readonly timeWeights: tf.Tensor;
  readonly queryTimes: tf.Tensor;
  readonly keyTimes: tf.Tensor;
  readonly bucketDivisor: number;
}

/** The scores with the relative bias. */
export function withBias(plan: QueryPlan, { scores, own }: QueryScores, bias: Bias): QueryScores {
  const { positionWeights, timeWeights } = bias;
  const { batch, length: n } = plan.keys;
  const m = plan.queries.length;
  let [all, self] = [scores, own];
  const add = (table: tf.Tensor, indices: Int32Array, ownIndex: number): void => {
    all = tf.add(all, tf.reshape(tf.gather(table, tf.tensor1d(indices, 'int32')), [batch, 1, m, n]));
    if (self !== undefined) self = tf.add(self, tf.reshape(tf.slice(table, [ownIndex], [1]), [1, 1, 1, 1]));
  };
  const reach = (positionWeights.size + 1) / 2;
  if (positionWeights.size > 0) add(positionWeights, distances(plan, positionWeights.size), reach - 1);
  if (timeWeights.size > 0) add(timeWeights, buckets(plan, bias), 0);
  return { scores: all, own: self };
}

/** Entry of the position table for each cell; of one that is hidden, any. */
function distances({ keys, queries, places }: QueryPlan, tableSize: number): Int32Array {
  const [n, reach, last] = [keys.length, (tableSize + 1) / 2, tableSize - 1];
  const entry = (i: number): number => (i % n) - places[Math.floor(i / n)] + reach - 1;
  return Int32Array.from({ length: keys.batch * queries.length * n }, (_, i) => Math.min(last, Math.max(0, entry(i))));
}

/** Entry of the time table for each cell. */
function buckets(plan: QueryPlan, bias: Bias): Int32Array {
  const { offsets, queryOffsets, isCandidate } = plan;
  const [queryTimes, keyTimes] = [readIntegers(bias.queryTimes), readIntegers(bias.keyTimes)];
  const { batch, length: n } = plan.keys;
  const m = plan.queries.length;
  const indices = new Int32Array(batch * m * n);
  for (let b = 0; b < batch; b++) {
    for (let r = 0; r < queryOffsets[b + 1] - queryOffsets[b]; r++) {
      const asked = queryTimes[isCandidate ? b : queryOffsets[b] + r];
      const row = (b * m + r) * n;
      for (let j = 0; j < offsets[b + 1] - offsets[b]; j++) {
        const seconds = asked - keyTimes[offsets[b] + j];
        indices[row + j] = timeBucket(seconds, bias.timeWeights.size - 1, bias.bucketDivisor);
      }
    }
  }
  return indices;
}

/** `weights v`, and the own value of candidates times their own weight, as packed rows. */
export function weighted(
  plan: QueryPlan,
  weights: tf.Tensor,
  own: tf.Tensor | undefined,
  { v, selfV }: { readonly v: tf.Tensor; readonly selfV: tf.Tensor },
): tf.Tensor3D {
  const sum = tf.matMul(weights, padHeads(v, plan.keys));
  return unpadHeads(own === undefined ? sum : tf.add(sum, tf.mul(own, padHeads(selfV, plan.queries))), plan.queries);
}

/** What the gradients of both kinds need once the gradient of the scores is known. */
export interface ScoreGradients {
  /** Weights of the values, `[B, H, M, N]`, and of the candidates' own, `[B, H, M, 1]`. */
  readonly weights: tf.Tensor;
  readonly own?: tf.Tensor;
  /** Gradients of the scores before the scale, of the same shapes. */
  readonly dScores: tf.Tensor;
  readonly dOwn?: tf.Tensor;
  /** Padded, `[B, H, M, C]`. */
  readonly dOut: tf.Tensor;
}

/** Gradients `[dq, dk, dv, dSelfK, dSelfV]` from those of the scores; `k` is in the order of the keys. */
export function tensorGradients(
  plan: QueryPlan,
  inputs: { readonly q: tf.Tensor; readonly keyRows: tf.Tensor; readonly selfK: tf.Tensor; readonly selfV: tf.Tensor },
  k: tf.Tensor,
  scale: number,
  { weights, own, dScores, dOwn, dOut }: ScoreGradients,
  rows: number,
): tf.Tensor[] {
  const { keys, queries } = plan;
  const q = padHeads(inputs.q, queries);
  const dQ = tf.matMul(dScores, padHeads(k, keys));
  const stored = (x: tf.Tensor): tf.Tensor => {
    const packed = unpadHeads(x, keys);
    if (inputs.keyRows.shape[0] === 0) return packed;
    return tf.unsortedSegmentSum(packed, inputs.keyRows as tf.Tensor1D, rows);
  };
  const all = dOwn === undefined ? dQ : tf.add(dQ, tf.mul(dOwn, padHeads(inputs.selfK, queries)));
  return [
    tf.mul(unpadHeads(all, queries), scale),
    tf.mul(stored(tf.matMul(dScores, q, true, false)), scale),
    stored(tf.matMul(weights, dOut, true, false)),
    dOwn === undefined ? tf.zeros([0]) : tf.mul(unpadHeads(tf.mul(dOwn, q), queries), scale),
    own === undefined ? tf.zeros([0]) : unpadHeads(tf.mul(own, dOut), queries),
  ];
}

/** Gradients of the weights and of what they weigh: `dOut v^T`, and of candidates `dOut . v` of their own. */
export function weightGradients(
  plan: QueryPlan,
  dOut: tf.Tensor,
  v: tf.Tensor,
  selfV: tf.Tensor,
): { readonly dWeights: tf.Tensor; readonly dOwn?: tf.Tensor } {
  const dWeights = tf.matMul(dOut, padHeads(v, plan.keys), false, true);
  if (!plan.isCandidate) return { dWeights };
  return { dWeights, dOwn: tf.sum(tf.mul(dOut, padHeads(selfV, plan.queries)), -1, true) };
}

/** Gradients of the two tables of the bias. */
export function biasGradients(plan: QueryPlan, bias: Bias, { dScores, dOwn }: ScoreGradients): tf.Tensor[] {
  const { positionWeights, timeWeights } = bias;
  const dBias = tf.reshape(tf.sum(dScores, 1), [-1]);
  const total = dOwn === undefined ? undefined : tf.reshape(tf.sum(dOwn), [1]);
  const gradient = (table: tf.Tensor, indices: Int32Array, ownIndex: number): tf.Tensor => {
    const [ids, values] = [tf.tensor1d(indices, 'int32'), dBias];
    if (total === undefined) return tf.unsortedSegmentSum(values, ids, table.size);
    const all = tf.concat([ids, tf.tensor1d([ownIndex], 'int32')]) as tf.Tensor1D;
    return tf.unsortedSegmentSum(tf.concat([values, total]), all, table.size);
  };
  const reach = (positionWeights.size + 1) / 2;
  return [
    positionWeights.size === 0
      ? tf.zeros([0])
      : gradient(positionWeights, distances(plan, positionWeights.size), reach - 1),
    timeWeights.size === 0 ? tf.zeros([0]) : gradient(timeWeights, buckets(plan, bias), 0),
  ];
}
