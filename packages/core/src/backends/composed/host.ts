import type * as tf from '@tensorflow/tfjs-core';

// A device cannot always be read synchronously, and never for free; batches come from the host anyway.
const copies = new WeakMap<tf.DataId, tf.TypedArray>();

/**
 * Remembers the host values of a small integer tensor (offsets, timestamps, ids), so that composed kernels and checks
 * need not read them back from a device. The values must not change afterwards.
 */
export function rememberHostValues<T extends tf.Tensor>(x: T, values: tf.TypedArray): T {
  copies.set(x.dataId, values);
  return x;
}

/** Host values of `x` when they are remembered, without touching the backend. */
export function knownHostValues(x: tf.Tensor): tf.TypedArray | undefined {
  return copies.get(x.dataId);
}

/** Host values of `x`: remembered, or read from the backend. */
export function hostValues(x: tf.Tensor): tf.TypedArray {
  return copies.get(x.dataId) ?? x.dataSync();
}
