import * as tf from '@tensorflow/tfjs-core';

/** The attentions that are measured: HSTU with position and time bias, without, and causal softmax. */
export const ATTENTIONS = ['hstu+bias', 'hstu', 'softmax'] as const;
export type AttentionKind = (typeof ATTENTIONS)[number];

/** `sequences` full sequences of `length` tokens, `heads` (one) of width `width` for queries, keys and values. */
export interface AttentionPoint {
  readonly kind: AttentionKind;
  readonly length: number;
  readonly width: number;
  readonly sequences: number;
  readonly heads?: number;
}

/** Pairs of a query and a key that causality allows. */
export function causalPairs({ length, sequences }: AttentionPoint): number {
  return (sequences * length * (length + 1)) / 2;
}

/**
 * Useful floating-point operations, a multiply-add counting two and the causal half only: forward `4 A` a pair;
 * backward 2.5 times that, the convention of FlashAttention: five products, the scores made again among them.
 */
export function attentionWork(point: AttentionPoint): { readonly forward: number; readonly backward: number } {
  const forward = 4 * (point.heads ?? 1) * point.width * causalPairs(point);
  return { forward, backward: 2.5 * forward };
}

/** One attention on the active backend: inputs in place, kernels ready to be called. */
export interface AttentionSubject {
  forward(): void;
  backward(): void;
  dispose(): void;
}

const TIME_BUCKETS = 129;

/** Events minutes to weeks apart, the same gaps in every sequence. */
export function eventTimes(length: number, sequences: number): Int32Array {
  const times = new Int32Array(length * sequences);
  for (let b = 0; b < sequences; b++) {
    let now = 0;
    for (let i = 0; i < length; i++) {
      times[b * length + i] = now;
      // Every fifth gap is long; the sum over 65,536 events stays below 2^31 seconds.
      now += i % 5 === 0 ? 3_600 + ((i * 7919) % 40_000) : (i * 31) % 300;
    }
  }
  return times;
}

/** Uploads inputs for a point. The kernels are called directly, so that backward is measured without the forward. */
export function attentionSubject(point: AttentionPoint): AttentionSubject {
  const { kind, length, width, sequences, heads = 1 } = point;
  const tokens = length * sequences;
  const fill = (seed: number): tf.Tensor =>
    tf.tensor(
      Float32Array.from({ length: tokens * heads * width }, (_, i) => Math.sin(i * 0.37 + seed)),
      [tokens, heads, width],
    );
  const [q, k, v, dy] = [fill(1), fill(2), fill(3), fill(4)];
  const offsets = tf.tensor1d(
    Int32Array.from({ length: sequences + 1 }, (_, b) => b * length),
    'int32',
  );
  const [visible, queryOffsets, keyRows] = [0, 1, 2].map(() => tf.tensor1d([], 'int32'));
  const [selfK, selfV] = [0, 1].map(() => tf.tensor1d([]));
  const shared = { q, k, v, offsets, visible, queryOffsets, keyRows, selfK, selfV };
  if (kind === 'softmax') {
    const attrs = { scale: width ** -0.5, rate: 0, k0: 0, k1: 0, step: 0, first: 0 };
    const [out, logSumExp] = tf.engine().runKernel('CausalAttention', shared, attrs) as tf.Tensor[];
    return {
      forward: () => tf.dispose(tf.engine().runKernel('CausalAttention', shared, attrs)),
      backward: () =>
        tf.dispose(tf.engine().runKernel('CausalAttentionGrad', { ...shared, out, logSumExp, dy }, attrs)),
      dispose: () => tf.dispose([...Object.values(shared), dy, out, logSumExp]),
    };
  }
  const biased = kind === 'hstu+bias';
  const keyTimes = tf.tensor1d(biased ? eventTimes(length, sequences) : [], 'int32');
  const queryTimes = tf.tensor1d(biased ? eventTimes(length, sequences).map((t) => t + 60) : [], 'int32');
  const table = (size: number): tf.Tensor =>
    tf.tensor1d(Float32Array.from({ length: size }, (_, i) => Math.sin(i) / 5));
  const positionWeights = table(biased ? 2 * length - 1 : 0);
  const timeWeights = table(biased ? TIME_BUCKETS : 0);
  const inputs = { ...shared, positionWeights, timeWeights, queryTimes, keyTimes };
  const attrs = { scale: 1, normalizer: length, bucketDivisor: 0.301 };
  return {
    forward: () => tf.dispose(tf.engine().runKernel('HstuAttention', inputs, attrs)),
    backward: () => tf.dispose(tf.engine().runKernel('HstuAttentionGrad', { ...inputs, dy }, attrs)),
    dispose: () => tf.dispose([...Object.values(inputs), dy]),
  };
}
