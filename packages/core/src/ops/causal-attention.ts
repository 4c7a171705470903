import * as tf from '@tensorflow/tfjs-core';
import {
  CausalAttention,
  type CausalAttentionAttrs,
  CausalAttentionGrad,
  CausalAttentionLast,
} from '../backends/kernel-names.ts';
import { UnsupportedError } from '../errors.ts';
import { assertDType, assertShapes } from '../shapes.ts';
import { type AttentionMask, globalKeys, visibleKeys } from './attention-mask.ts';
import { type DropoutOptions, dropoutAttrs } from './dropout.ts';
import { type Offsets, offsetsTensor } from './offsets.ts';
import { absent, registerGradientOnce, runKernel } from './run-kernel.ts';

export interface CausalAttentionOptions {
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
 * falls with their number.
 *
 * Dropout draws for row `t` of `q`, head `h` and the position of a key inside its sequence, from a set of words for
 * each `first + t H + h`. So a part that begins with row `r` of a batch, at the start of a sequence, draws what
 * the batch draws with `stream.first` raised by `r H`, however long its sequences are.
 *
 * @returns float32 `[T, H, C]`.
 * @throws ShapeError, DTypeError, UnsupportedError when the dropout rate is outside `[0, 1)`, `stream.first` is not a
 *   whole number, or `stream.first + T H` is above 2^32.
 *
 * Source: Vaswani et al. 2017, eq. 1 (arXiv:1706.03762).
 */
export function causalAttention(options: CausalAttentionOptions): tf.Tensor3D {
  const { q, k, v, scale, dropout, mask } = options;
  const op = 'causalAttention';
  const random = dropoutAttrs(op, dropout);
  return tf.tidy(op, () => {
    const offsets = offsetsTensor(op, options.offsets, q.shape[0] ?? 0);
    const { T, H } = assertShapes(op, [
      ['q', q, 'T H A'],
      ['k', k, 'T H A'],
      ['v', v, 'T H C'],
      ['offsets', offsets, 'B+1'],
    ]);
    for (const [name, x] of Object.entries({ q, k, v })) assertDType(x, 'float32', { op, name });
    if (random.first + T * H > 2 ** 32) {
      throw new UnsupportedError(
        `${op}: expected stream.first + T H of at most 2^32; got first=${random.first}, T=${T}, H=${H}; first is the number of rows before the part times H`,
      );
    }
    const attrs: CausalAttentionAttrs = { scale, ...random, ...globalKeys(op, mask) };
    const visible = mask === undefined ? absent('int32') : visibleKeys(op, mask, offsets);
    return runKernel<tf.Tensor[]>(CausalAttention, { q, k, v, offsets, visible }, attrs)[0] as tf.Tensor3D;
  });
}

/**
 * {@link causalAttention} without dropout of the last query of each sequence alone, for inference: `q` is
 * `[B, H, A]`, that of the last tokens. The row of an empty sequence is zero. No gradient.
 *
 * @returns float32 `[B, H, C]`.
 * @throws ShapeError, DTypeError.
 */
export function causalAttentionLast(options: Omit<CausalAttentionOptions, 'dropout' | 'mask'>): tf.Tensor3D {
  const { q, k, v, scale } = options;
  const op = 'causalAttentionLast';
  return tf.tidy(op, () => {
    const offsets = offsetsTensor(op, options.offsets, k.shape[0] ?? 0);
    assertShapes(op, [
      ['q', q, 'B H A'],
      ['k', k, 'T H A'],
      ['v', v, 'T H C'],
      ['offsets', offsets, 'B+1'],
    ]);
    for (const [name, x] of Object.entries({ q, k, v })) assertDType(x, 'float32', { op, name });
    const inputs = { q, k, v, offsets, visible: absent('int32') };
    return runKernel<tf.Tensor3D>(CausalAttentionLast, inputs, { scale });
  });
}

registerGradientOnce({
  kernelName: CausalAttention,
  inputsToSave: ['q', 'k', 'v', 'offsets', 'visible'],
  outputsToSave: [true, true],
  gradFunc: (dys, [q, k, v, offsets, visible, out, logSumExp], attrs) => {
    const dy = (dys as tf.Tensor[])[0];
    const inputs = { q, k, v, offsets, visible, out, logSumExp, dy };
    const [dQ, dK, dV] = runKernel<tf.Tensor[]>(CausalAttentionGrad, inputs, attrs);
    return { q: () => dQ, k: () => dK, v: () => dV };
  },
});
