import * as tf from '@tensorflow/tfjs-core';
import { HstuAttention, type HstuAttentionAttrs, HstuAttentionGrad } from '../backends/kernel-names.ts';
import { ShapeError, UnsupportedError } from '../errors.ts';
import type { Expected } from '../shapes.ts';
import { type AttentionMask, globalKeys } from './attention-mask.ts';
import { type AttentionQueries, attentionInputs } from './attention-queries.ts';
import { knownMaxLength, type Offsets } from './offsets.ts';
import { absent, registerGradientOnce, runKernel } from './run-kernel.ts';
import { DEFAULT_BUCKET_DIVISOR } from './time-bucket.ts';

/** Time part of the relative attention bias. */
export interface TimeBias {
  /** float32 `[K + 1]`, one weight per bucket. */
  readonly timeWeights: tf.Tensor;
  /**
   * int32 `[T]`, seconds: the moment at which the query is asked, in HSTU the time of the next event; `[Q]` with
   * `queryOffsets`, and of candidates `[B]`, since those of a sequence are asked for at one moment, which is also that
   * of their own keys.
   */
  readonly queryTimes: tf.Tensor;
  /**
   * int32 `[T]`, seconds: the time of the key's own event. Use times relative to the sequence: differences to the times
   * of queries have to fit int32 too.
   */
  readonly keyTimes: tf.Tensor;
  /** Natural-log base of the buckets, default 0.301. */
  readonly bucketDivisor?: number;
}

/** Relative attention bias, shared by the heads. */
export interface RelativeBias {
  /** float32 `[2n - 1]`, entry `(j - i) + (n - 1)`; causal attention uses and trains the first `n` only. */
  readonly positionWeights: tf.Tensor;
  readonly time?: TimeBias;
}

export interface HstuAttentionOptions extends AttentionQueries {
  /** float32 `[T, H, A]`. */
  readonly q: tf.Tensor;
  /** float32 `[T, H, A]`. */
  readonly k: tf.Tensor;
  /** float32 `[T, H, C]`. */
  readonly v: tf.Tensor;
  /** `[B + 1]`: sequence `b` is tokens `offsets[b] .. offsets[b + 1] - 1`. */
  readonly offsets: Offsets;
  /** Divides every weight; a constant such as the padded maximum length, the same in training and serving. */
  readonly normalizer: number;
  /** Multiplies `q k^T`, default 1. */
  readonly scale?: number;
  readonly bias?: RelativeBias;
  /** Local window, contextual prefix, targets; default: causal alone. */
  readonly mask?: AttentionMask;
}

/**
 * Pointwise-SiLU attention over jagged causal sequences:
 * `S_ij = scale * q_i . k_j + position[(j - i) + (n - 1)] + time[bucket(queryTimes_i - keyTimes_j)]`,
 * `out_i = sum_{j <= i} silu(S_ij) / normalizer * v_j`. No softmax; the mask comes after the SiLU. With `mask`, the
 * sum is over the keys that it leaves (see {@link AttentionMask}), at a cost that falls with their number.
 *
 * With `queryOffsets` a few queries ask many keys (see {@link AttentionQueries}): the last rows alone, rows that are
 * appended to cached keys, candidates. On `simd` their rows have the bits that the full pass has there. Their gradient
 * is composed of tfjs ops, with memory for all pairs.
 *
 * @returns float32 `[T, H, C]`, or `[Q, H, C]`.
 * @throws ShapeError, DTypeError, UnsupportedError when the normalizer or the divisor of the buckets is not positive
 *   or a length of the mask is no whole number.
 *
 * Source: Zhai et al. 2024, eq. 2 (arXiv:2402.17152).
 * Differs from the paper in: the division by a constant, as in the public code.
 */
export function hstuAttention(options: HstuAttentionOptions): tf.Tensor3D {
  const op = 'hstuAttention';
  return tf.tidy(op, () => {
    const { inputs, attrs } = checkedInputs(op, options);
    return runKernel<tf.Tensor3D>(HstuAttention, inputs, attrs);
  });
}

/** Inputs of the kernel. Call it inside a tidy. */
function checkedInputs(
  op: string,
  options: HstuAttentionOptions,
): { inputs: Record<string, tf.Tensor>; attrs: HstuAttentionAttrs } {
  const { normalizer, scale = 1, bias, mask } = options;
  if (!(normalizer > 0)) {
    throw new UnsupportedError(
      `${op}: expected a positive normalizer; got ${normalizer}; use the padded maximum length of the recipe`,
    );
  }
  if (bias !== undefined && options.sees === 'all') {
    throw new UnsupportedError(
      `${op}: expected no bias with sees 'all'; got one; queries that see everything stand nowhere, so no key has a distance`,
    );
  }
  const time = bias?.time;
  const { inputs, dims } = attentionInputs(op, options, ({ asked }) => {
    const expected: Expected[] = [];
    if (bias !== undefined) expected.push(['positionWeights', bias.positionWeights, '2n-1']);
    if (time !== undefined) {
      expected.push(['timeWeights', time.timeWeights, 'K+1'], ['queryTimes', time.queryTimes, asked]);
      expected.push(['keyTimes', time.keyTimes, 'T']);
    }
    return expected;
  });
  const own = options.candidates === undefined ? 0 : 1;
  checkPositions(op, dims.n, (knownMaxLength(inputs.offsets) ?? -own) + own);
  const biases = {
    positionWeights: bias?.positionWeights ?? absent(),
    timeWeights: time?.timeWeights ?? absent(),
    queryTimes: time?.queryTimes ?? absent('int32'),
    keyTimes: time?.keyTimes ?? absent('int32'),
  };
  const bucketDivisor = time?.bucketDivisor ?? DEFAULT_BUCKET_DIVISOR;
  if (!(bucketDivisor > 0)) {
    throw new UnsupportedError(
      `${op}: expected a positive bucketDivisor; got ${bucketDivisor}; the default is ${DEFAULT_BUCKET_DIVISOR}`,
    );
  }
  return { inputs: { ...inputs, ...biases }, attrs: { scale, normalizer, bucketDivisor, ...globalKeys(op, mask) } };
}

function checkPositions(op: string, n: number | undefined, longest: number): void {
  if (n === undefined || longest <= n) return;
  throw new ShapeError(
    `${op}: expected sequences of at most n = ${n} tokens, as positionWeights has 2n-1 = ${2 * n - 1} entries; got one of ${longest}; make the table longer or the windows shorter`,
  );
}

const SAVED = [
  ...['q', 'k', 'v', 'offsets', 'positionWeights', 'timeWeights', 'queryTimes', 'keyTimes', 'visible'],
  ...['queryOffsets', 'keyRows', 'selfK', 'selfV'],
];

registerGradientOnce({
  kernelName: HstuAttention,
  inputsToSave: SAVED,
  gradFunc: (dy, saved, attrs) => {
    const inputs = { ...Object.fromEntries(SAVED.map((name, i) => [name, saved[i]])), dy: dy as tf.Tensor };
    const [dQ, dK, dV, dPosition, dTime, dSelfK, dSelfV] = runKernel<tf.Tensor[]>(HstuAttentionGrad, inputs, attrs);
    return {
      ...{ q: () => dQ, k: () => dK, v: () => dV, positionWeights: () => dPosition, timeWeights: () => dTime },
      ...{ selfK: () => dSelfK, selfV: () => dSelfV },
    };
  },
});
