import type * as tf from '@tensorflow/tfjs-core';
import { hostIntegers } from '../host-integers.ts';
import type { TokenBatch } from '../inputs.ts';

/** Keys of sequences with what padding on the left would add, of `T` tokens. */
export interface PaddingKeys {
  /** int32: the token of each key, `T` for padding. */
  readonly keyRows: tf.Tensor1D;
  /** int32 `[B + 1]`, of the keys. */
  readonly keyOffsets: tf.Tensor1D;
}

/** Sequences padded on the left to `length` tokens, longer ones left as they are. */
export function paddingKeys({ hostOffsets }: Pick<TokenBatch, 'hostOffsets'>, length: number): PaddingKeys {
  const sequences = hostOffsets.length - 1;
  const numTokens = hostOffsets[sequences];
  const offsets = new Int32Array(sequences + 1);
  for (let b = 0; b < sequences; b++)
    offsets[b + 1] = offsets[b] + Math.max(length, hostOffsets[b + 1] - hostOffsets[b]);
  const rows = new Int32Array(offsets[sequences]).fill(numTokens);
  for (let b = 0; b < sequences; b++) {
    const [start, end] = [hostOffsets[b], hostOffsets[b + 1]];
    for (let t = start; t < end; t++) rows[offsets[b + 1] - end + t] = t;
  }
  return { keyRows: hostIntegers(rows), keyOffsets: hostIntegers(offsets) };
}
