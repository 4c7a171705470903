import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { platform } from '#simd-platform';
import { BackendError } from '../../errors.ts';
import { SimdBackend } from './backend.ts';
import { registerSimdGradients } from './gradients.ts';
import { registerSimdKernels } from './kernels/register.ts';
import { createMemory, loadModule, VARIANTS, type Variant } from './module.ts';

export { SimdBackend } from './backend.ts';
export type { Variant } from './module.ts';

export interface SimdOptions {
  /**
   * Kernel threads, the calling thread included; default: the processors that this process may use, at most 16. In a
   * browser one, unless the page is cross-origin isolated.
   */
  readonly threads?: number;
  /** Slowest acceptable first choice: skips the faster variants, for tests and for measuring. */
  readonly variant?: Variant;
  /** Upper bound of the heap in bytes; default 4 GiB, the reach of 32-bit WebAssembly. */
  readonly maximumBytes?: number;
}

export interface SimdInfo {
  readonly variant: Variant;
  readonly threads: number;
  /** Why there is only one thread, where the platform allows no more. */
  readonly threadsReason?: string;
  readonly maximumBytes: number;
  readonly rejected: readonly { readonly variant: Variant; readonly reason: string }[];
}

const NAME = 'simd';
let registered: { readonly key: string; readonly info: SimdInfo } | undefined;

/**
 * Compiles the kernels, starts the threads and registers the backend `simd` with TensorFlow.js. Calling it again with
 * other options replaces the backend (tensors on the old one are lost); with the same options it returns what runs.
 * Throws a BackendError when no variant passes its self-test.
 */
export async function registerSimdBackend(options: SimdOptions = {}): Promise<SimdInfo> {
  platform.checkKernels?.();
  const possible = platform.threads();
  const threads = options.threads ?? Math.min(16, possible.count);
  if (!Number.isInteger(threads) || threads < 1 || threads > 64) {
    throw new BackendError(`simd: expected threads to be a whole number from 1 to 64; got ${threads}`);
  }
  if (threads > 1 && possible.reason !== undefined) {
    throw new BackendError(`simd: expected one thread here; got ${threads}; ${possible.reason}`);
  }
  const key = JSON.stringify([threads, options.variant, options.maximumBytes]);
  if (registered?.key === key) return registered.info;
  if (registered) await removeSimdBackend();
  const { memory, maximumBytes } = createMemory(options.maximumBytes ?? 65536 * 65536);
  const first = options.variant ? VARIANTS.indexOf(options.variant) : 0;
  // The self-test borrows memory that the heap will own.
  const loaded = await loadModule(memory, VARIANTS.slice(first));
  const backend = new SimdBackend(memory, maximumBytes, loaded.kernels, threads);
  await backend.pool.start(loaded.module, memory, backend.scratch);
  tf.registerBackend(NAME, () => backend, 4);
  registerSimdKernels(NAME);
  registerSimdGradients(NAME);
  const { variant, rejected } = loaded;
  const threadsReason = possible.reason === undefined ? {} : { threadsReason: possible.reason };
  const info: SimdInfo = { variant, threads, ...threadsReason, maximumBytes, rejected };
  registered = { key, info };
  return info;
}

/** Stops the threads and removes the backend; the tensors on it are lost. */
export async function removeSimdBackend(): Promise<void> {
  const backend = tf.findBackend(NAME);
  tf.removeBackend(NAME);
  registered = undefined;
  if (backend instanceof SimdBackend) await backend.pool.stop();
}
