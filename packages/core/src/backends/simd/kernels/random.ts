import type { TensorInfo } from '@tensorflow/tfjs-core';
import {
  Dropout,
  type DropoutAttrs,
  DropoutGrad,
  type StreamAttrs,
  UniformIntegers,
  type UniformIntegersAttrs,
} from '../../kernel-names.ts';
import { float, type Values } from '../arguments.ts';
import type { Output, SimdBackend } from '../backend.ts';
import { KERNEL } from '../kernels.ts';
import type * as DROPOUT_STREAM from '../slots/dropout-stream.ts';
import { keepBits, keptBits } from './dropout-bits.ts';
import { CHUNK, override, sizeOf } from './support.ts';

/** `floor(rate * 2^32)`: a word below it drops the element. */
export function dropThreshold(rate: number): number {
  return Math.floor(rate * 2 ** 32);
}

/** A stream in five slots. */
function streamSlots({ k0, k1, step, first }: StreamAttrs) {
  return { K0: k0, K1: k1, STEP: step, FIRST_LOW: first >>> 0, FIRST_HIGH: Math.floor(first / 2 ** 32) };
}

/** Dropout in the slots of `slots/dropout-stream.ts`. */
export function dropoutSlots(attrs: DropoutAttrs): Values<typeof DROPOUT_STREAM> {
  const keepScale = float(1 / (1 - attrs.rate));
  return { THRESHOLD: dropThreshold(attrs.rate), KEEP_SCALE: keepScale, ...streamSlots(attrs) };
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
  const values = { X: backend.address(x), Y: y.address, N: n, PER_TASK: CHUNK, ...dropoutSlots(attrs), BITS: bits };
  backend.pool.run(kernel, Math.ceil(n / CHUNK), values);
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
    const integers = { Y: y.address, N: count, PER_TASK: CHUNK, LOW: low, BOUND: bound };
    backend.pool.run(KERNEL.uniformIntegers, Math.ceil(count / CHUNK), { ...integers, ...streamSlots(stream) });
    backend.drawn(y.info, low, low + bound);
    return y.info;
  });
}
