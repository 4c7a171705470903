import * as tf from '@tensorflow/tfjs-core';
import { CausalAttention, type CausalAttentionAttrs, CausalAttentionGrad } from '../backends/kernel-names.ts';
import { UnsupportedError } from '../errors.ts';
import { type AttentionMask, globalKeys } from './attention-mask.ts';
import { type AttentionQueries, attentionInputs } from './attention-queries.ts';
import { type DropoutOptions, dropoutAttrs } from './dropout.ts';
import type { Offsets } from './offsets.ts';
import { registerGradientOnce, runKernel } from './run-kernel.ts';

export interface CausalAttentionOptions extends AttentionQueries {
  /** float32 `[T, H, A]`. */
  readonly q: tf.Tensor;
  /** float32 `[T, H, A]`. */
  readonly k: tf.Tensor;
  /** float32 `[T, H, C]`. */
  readonly v: tf.Tensor;
  /** `[B + 1]`: sequence `b` is tokens `offsets[b] .. offsets[b + 1] - 1`. */
  readonly offsets: Offsets;
  /** Multiplies `q k^T`, usually `1 / sqrt(A)`. */
  readonly scale: number;
  /** Dropout on the attention weights; `stream.first` counts pairs of a row of `q` and a head. */
  readonly dropout?: DropoutOptions;
  /** Local window, contextual prefix, targets; default: causal alone. */
  readonly mask?: AttentionMask;
}

/**
 * Causal softmax attention over jagged sequences: `P = softmax_{j <= i}(scale * q k^T)`, `out = dropout(P) v`. With
 * `mask`, the softmax is over the keys that it leaves (see {@link AttentionMask}), at a cost that
 * falls with their number. With `queryOffsets` a few queries ask many keys (see {@link AttentionQueries}); the row of a
 * query that sees no key is zero.
 *
 * Dropout draws for row `t` of `q`, head `h` and the position of a key inside its sequence, from a set of words for
 * each `first + t H + h`. So a part that begins with row `r` of a batch, at the start of a sequence, draws what
 * the batch draws with `stream.first` raised by `r H`, however long its sequences are.
 *
 * @returns float32 `[T, H, C]`, or `[Q, H, C]`.
 * @throws ShapeError, DTypeError, UnsupportedError when the scale is not positive, the dropout rate is outside
 *   `[0, 1)`, `stream.first` is not a whole number, or `stream.first + T H` is above 2^32.
 *
 * Source: Vaswani et al. 2017, eq. 1 (arXiv:1706.03762).
 */
export function causalAttention(options: CausalAttentionOptions): tf.Tensor3D {
  const { scale, dropout, mask } = options;
  const op = 'causalAttention';
  if (!(scale > 0)) throw new UnsupportedError(`${op}: expected a positive scale; got ${scale}; usually 1 / sqrt(A)`);
  const random = dropoutAttrs(op, dropout);
  return tf.tidy(op, () => {
    const { inputs, dims } = attentionInputs(op, options);
    const rows = dims.Q ?? dims.T;
    if (random.first + rows * dims.H > 2 ** 32) {
      throw new UnsupportedError(
        `${op}: expected stream.first + T H of at most 2^32; got first=${random.first}, T=${rows}, H=${dims.H}; first is the number of rows before the part times H`,
      );
    }
    const attrs: CausalAttentionAttrs = { scale, ...random, ...globalKeys(op, mask) };
    return runKernel<tf.Tensor[]>(CausalAttention, { ...inputs }, attrs)[0] as tf.Tensor3D;
  });
}

const SAVED = ['q', 'k', 'v', 'offsets', 'visible', 'queryOffsets', 'keyRows', 'selfK', 'selfV'];

registerGradientOnce({
  kernelName: CausalAttention,
  inputsToSave: SAVED,
  outputsToSave: [true, true],
  gradFunc: (dys, saved, attrs) => {
    const [out, logSumExp] = saved.slice(SAVED.length);
    const given = Object.fromEntries(SAVED.map((name, i) => [name, saved[i]]));
    const inputs = { ...given, out, logSumExp, dy: (dys as tf.Tensor[])[0] };
    const [dQ, dK, dV, dSelfK, dSelfV] = runKernel<tf.Tensor[]>(CausalAttentionGrad, inputs, attrs);
    return { q: () => dQ, k: () => dK, v: () => dV, selfK: () => dSelfK, selfV: () => dSelfV };
  },
});
