import { SimdBackend } from '@seqrec/core/simd';
import * as tf from '@tensorflow/tfjs-core';

/** The heap of the active backend, which knows its peak; only `simd` has one. */
export function backendHeap(): SimdBackend['heap'] | undefined {
  const backend = tf.backend();
  return backend instanceof SimdBackend ? backend.heap : undefined;
}
