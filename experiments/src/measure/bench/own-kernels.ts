import { SimdBackend } from '@seqrec/core/simd';
import * as tf from '@tensorflow/tfjs-core';

/** Whether the backend hands any product to a native library. */
export function hasLibrary(): boolean {
  const backend = tf.backend();
  return backend instanceof SimdBackend && backend.libraryFrom < Number.POSITIVE_INFINITY;
}

/** Runs `call` with products by our kernels alone, as with `--blas off`, on a backend that has a native library. */
export async function withOwnKernels<T>(call: () => T | Promise<T>): Promise<T> {
  const backend = tf.backend();
  if (!(backend instanceof SimdBackend)) return await call();
  const from = backend.libraryFrom;
  backend.libraryFrom = Number.POSITIVE_INFINITY;
  try {
    return await call();
  } finally {
    backend.libraryFrom = from;
  }
}
