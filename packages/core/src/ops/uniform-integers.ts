import type * as tf from '@tensorflow/tfjs-core';
import { UniformIntegers } from '../backends/kernel-names.ts';
import { UnsupportedError } from '../errors.ts';
import type { RandomStream } from '../random/streams.ts';
import { streamAttrs } from './dropout.ts';
import { runKernel } from './run-kernel.ts';

export interface UniformIntegersOptions {
  readonly count: number;
  /** Smallest integer that can be drawn. */
  readonly low: number;
  /** How many integers can be drawn: `low .. low + bound - 1`. */
  readonly bound: number;
  readonly stream: RandomStream;
}

/**
 * int32 `[count]`, uniform with replacement in `low .. low + bound - 1`: element `i` is
 * `low + floor(word_n * bound / 2^32)`, `n = stream.first + i`. No gradient. The bias is at most `bound / 2^32`.
 *
 * @throws UnsupportedError when an argument is not an integer, the range leaves int32 or is all of it, or
 *   `stream.first` is not a whole number from 0 to 2^52.
 */
export function uniformIntegers({ count, low, bound, stream }: UniformIntegersOptions): tf.Tensor1D {
  const fits = [count, low, bound].every(Number.isInteger) && count >= 0 && bound >= 1 && bound < 2 ** 32;
  if (!fits || low < -(2 ** 31) || low + bound > 2 ** 31) {
    throw new UnsupportedError(
      `uniformIntegers: expected integers with count >= 0, bound from 1 to 2^32 - 1 and low .. low + bound - 1 inside int32; got count=${count}, low=${low}, bound=${bound}; bound is the number of values, not the largest`,
    );
  }
  return runKernel<tf.Tensor1D>(UniformIntegers, {}, { count, low, bound, ...streamAttrs('uniformIntegers', stream) });
}
