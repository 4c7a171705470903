import * as tf from '@tensorflow/tfjs-core';
import { registerSimdBackend, type SimdBackend, type SimdOptions } from '../src/backends/simd/index.ts';

export const backend = (): SimdBackend => tf.findBackend('simd') as SimdBackend;

export async function use(options: SimdOptions): Promise<void> {
  await registerSimdBackend(options);
  await tf.setBackend('simd');
}

/** Values that are the same on every backend and thread count. */
export function values(shape: number[], phase: number): tf.Tensor {
  const size = shape.reduce((s, d) => s * d, 1);
  const numbers = new Float32Array(size);
  for (let i = 0; i < size; i++) numbers[i] = Math.sin(i * 0.7 + phase);
  return tf.tensor(numbers, shape);
}

/** The bytes of a tensor's values. */
export function bytesOf(x: tf.Tensor): Uint8Array {
  const data = x.dataSync();
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice();
}
