import type { TensorInfo } from '@tensorflow/tfjs-core';
import {
  Dropout,
  type DropoutAttrs,
  DropoutGrad,
  type StreamAttrs,
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

/** A stream in five slots: k0, k1, step and the halves of the number of its first word. */
export function streamSlots({ k0, k1, step, first }: StreamAttrs): number[] {
  return [k0, k1, step, first >>> 0, Math.floor(first / 2 ** 32)];
}

/** Dropout in seven slots, as `assembly/dropout-strip.ts` reads them; the second is `1 / (1 - rate)`, a float. */
export function dropoutSlots(attrs: DropoutAttrs): number[] {
  return [dropThreshold(attrs.rate), 0, ...streamSlots(attrs)];
}

/** Dropout of `dy` with the mask of the call that returned `y`. */
export function dropoutGrad(backend: SimdBackend, y: TensorInfo, dy: TensorInfo, attrs: DropoutAttrs): TensorInfo {
  const dx = backend.output(dy.shape);
  const bits = keptBits(backend, y);
  drop(backend, bits === 0 ? KERNEL.dropout : KERNEL.keptDropout, dy, dx, attrs, bits);
  return dx.info;
}

/** y = dropout(x), with a bit an element to `bits` unless that is 0, or from these bits. */
function drop(
  backend: SimdBackend,
  kernel: typeof KERNEL.dropout | typeof KERNEL.keptDropout,
  x: TensorInfo,
  y: Output,
  attrs: DropoutAttrs,
  bits: number,
): void {
  const n = sizeOf(x);
  const ints = [backend.address(x), y.address, n, CHUNK, ...dropoutSlots(attrs), bits];
  backend.pool.run(kernel, Math.ceil(n / CHUNK), ints, { 5: 1 / (1 - attrs.rate) });
}

export function registerRandom(name: string): void {
  override(name, Dropout, ({ x }, backend, attrs) => {
    const y = backend.output(x.shape);
    const kept = keepBits(backend, y.info, sizeOf(x), attrs as unknown as DropoutAttrs);
    drop(backend, KERNEL.dropout, x, y, attrs as unknown as DropoutAttrs, kept);
    return y.info;
  });
  override(name, DropoutGrad, ({ y, dy }, backend, attrs) =>
    dropoutGrad(backend, y, dy, attrs as unknown as DropoutAttrs),
  );
  override(name, UniformIntegers, (_, backend, attrs) => {
    const { count, low, bound, ...stream } = attrs as unknown as UniformIntegersAttrs;
    const y = backend.output([count], 'int32');
    backend.pool.run(KERNEL.uniformIntegers, Math.ceil(count / CHUNK), [
      y.address,
      count,
      CHUNK,
      low,
      bound,
      ...streamSlots(stream),
    ]);
    backend.drawn(y.info, low, low + bound);
    return y.info;
  });
}
