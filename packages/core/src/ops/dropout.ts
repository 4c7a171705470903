import * as tf from '@tensorflow/tfjs-core';
import { Dropout, type DropoutAttrs, DropoutGrad, type StreamAttrs } from '../backends/kernel-names.ts';
import { UnsupportedError } from '../errors.ts';
import type { RandomStream } from '../random/streams.ts';
import { assertDType } from '../shapes.ts';
import { registerGradientOnce, runKernel } from './run-kernel.ts';

export interface DropoutOptions {
  /** Share of elements set to zero, in `[0, 1)`. */
  readonly rate: number;
  readonly stream: RandomStream;
}

/**
 * `y = x * mask / (1 - rate)`. The mask is a pure function of the stream and the element's row-major index, and has
 * the same bits on every backend. It is never stored: the backward pass draws it again, or has kept a bit an element.
 * Rate 0 is the identity. Rows `r ..` of `[T, D]` alone draw what they draw in the whole tensor with `stream.first`
 * raised by `r D`.
 *
 * @param x float32, any shape.
 * @returns a tensor of the shape of `x`.
 * @throws DTypeError, UnsupportedError when the rate is outside `[0, 1)`, or `stream.first` is not a whole number
 *   from 0 to 2^52.
 *
 * Source: Srivastava et al. 2014. Generator: see `random/streams.ts`.
 */
export function dropout<T extends tf.Tensor>(x: T, { rate, stream }: DropoutOptions): T {
  assertDType(x, 'float32', { op: 'dropout', name: 'x' });
  const attrs = dropoutAttrs('dropout', { rate, stream });
  if (rate === 0) return tf.clone(x);
  return runKernel<T>(Dropout, { x }, attrs);
}

function checkRate(op: string, rate: number): void {
  if (rate >= 0 && rate < 1) return;
  throw new UnsupportedError(`${op}: expected a dropout rate in [0, 1); got ${rate}; 0 turns dropout off`);
}

/** Rate 0, as kernel attributes. */
export const NO_DROPOUT: DropoutAttrs = { rate: 0, k0: 0, k1: 0, step: 0, first: 0 };

const LARGEST_FIRST = 2 ** 52;

/**
 * A stream as kernel attributes.
 *
 * @throws UnsupportedError when its first number is not whole, negative or above 2^52.
 */
export function streamAttrs(op: string, { key, step, first = 0 }: RandomStream): StreamAttrs {
  if (!Number.isInteger(first) || first < 0 || first > LARGEST_FIRST) {
    throw new UnsupportedError(
      `${op}: expected the first number of a stream to be whole, from 0 to 2^52; got first=${first}; count the elements before the part`,
    );
  }
  return { k0: key.k0, k1: key.k1, step, first };
}

/** Dropout as kernel attributes. */
export function dropoutAttrs(op: string, dropout: DropoutOptions | undefined): DropoutAttrs {
  if (dropout === undefined) return NO_DROPOUT;
  checkRate(op, dropout.rate);
  return { rate: dropout.rate, ...streamAttrs(op, dropout.stream) };
}

registerGradientOnce({
  kernelName: Dropout,
  outputsToSave: [true],
  gradFunc: (dy, [y], attrs) => {
    const dx = runKernel<tf.Tensor>(DropoutGrad, { y, dy: dy as tf.Tensor }, attrs);
    return { x: () => dx };
  },
});
