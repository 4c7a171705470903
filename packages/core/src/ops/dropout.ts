import * as tf from '@tensorflow/tfjs-core';
import { Dropout, DropoutGrad } from '../backends/kernel-names.ts';
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
 * the same bits on every backend. It is never stored: the backward pass draws it again, or has kept a bit an
 * element. Rate 0 is the identity.
 *
 * @param x float32, any shape.
 * @returns a tensor of the shape of `x`.
 * @throws DTypeError, UnsupportedError when the rate is outside `[0, 1)`.
 *
 * Source: Srivastava et al. 2014. Generator: see `random/streams.ts`.
 */
export function dropout<T extends tf.Tensor>(x: T, { rate, stream }: DropoutOptions): T {
  assertDType(x, 'float32', { op: 'dropout', name: 'x' });
  checkRate('dropout', rate);
  if (rate === 0) return tf.clone(x);
  return runKernel<T>(Dropout, { x }, { rate, ...streamAttrs(stream) });
}

/** @throws UnsupportedError when `rate` is outside `[0, 1)`. */
export function checkRate(op: string, rate: number): void {
  if (rate >= 0 && rate < 1) return;
  throw new UnsupportedError(`${op}: expected a dropout rate in [0, 1); got ${rate}; 0 turns dropout off`);
}

/** A stream as kernel attributes. */
export function streamAttrs({ key, step }: RandomStream): { k0: number; k1: number; step: number } {
  return { k0: key.k0, k1: key.k1, step };
}

registerGradientOnce({
  kernelName: Dropout,
  outputsToSave: [true],
  gradFunc: (dy, [y], attrs) => {
    const dx = runKernel<tf.Tensor>(DropoutGrad, { y, dy: dy as tf.Tensor }, attrs);
    return { x: () => dx };
  },
});
