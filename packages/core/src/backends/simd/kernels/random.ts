import type { TensorInfo } from '@tensorflow/tfjs-core';
import {
  Dropout,
  type DropoutAttrs,
  DropoutGrad,
  UniformIntegers,
  type UniformIntegersAttrs,
} from '../../kernel-names.ts';
import type { Output, SimdBackend } from '../backend.ts';
import { KERNEL } from '../kernels.ts';
import { keepBits, keptBits } from './dropout-bits.ts';
import { CHUNK, override, sizeOf } from './support.ts';

/** `floor(rate * 2^32)`: a word below it drops the element. */
export function dropThreshold(rate: number): number {
  return Math.floor(rate * 2 ** 32);
}

/** Dropout of `dy` with the mask of the call that returned `y`. */
export function dropoutGrad(backend: SimdBackend, y: TensorInfo, dy: TensorInfo, attrs: DropoutAttrs): TensorInfo {
  const dx = backend.output(dy.shape);
  const bits = keptBits(backend, y);
  if (bits === 0) drop(backend, dy, dx, attrs, 0);
  else {
    const n = sizeOf(dy);
    const ints = [backend.address(dy), dx.address, n, CHUNK, bits];
    backend.pool.run(KERNEL.keptDropout, Math.ceil(n / CHUNK), ints, { 5: 1 / (1 - attrs.rate) });
  }
  return dx.info;
}

/** y = dropout(x); a bit an element to `bits`, unless that is 0. */
function drop(backend: SimdBackend, x: TensorInfo, y: Output, attrs: DropoutAttrs, bits: number): void {
  const { rate, k0, k1, step } = attrs;
  const n = sizeOf(x);
  const ints = [backend.address(x), y.address, n, CHUNK, dropThreshold(rate), 0, k0, k1, step, bits];
  backend.pool.run(KERNEL.dropout, Math.ceil(n / CHUNK), ints, { 5: 1 / (1 - rate) });
}

export function registerRandom(name: string): void {
  override(name, Dropout, ({ x }, backend, attrs) => {
    const y = backend.output(x.shape);
    const kept = keepBits(backend, y.info, sizeOf(x), (attrs as unknown as DropoutAttrs).rate);
    drop(backend, x, y, attrs as unknown as DropoutAttrs, kept);
    return y.info;
  });
  override(name, DropoutGrad, ({ y, dy }, backend, attrs) =>
    dropoutGrad(backend, y, dy, attrs as unknown as DropoutAttrs),
  );
  override(name, UniformIntegers, (_, backend, attrs) => {
    const { count, low, bound, k0, k1, step } = attrs as unknown as UniformIntegersAttrs;
    const y = backend.output([count], 'int32');
    backend.pool.run(KERNEL.uniformIntegers, Math.ceil(count / CHUNK), [
      y.address,
      count,
      CHUNK,
      low,
      bound,
      k0,
      k1,
      step,
    ]);
    backend.drawn(y.info, low, low + bound);
    return y.info;
  });
}
