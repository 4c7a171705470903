import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { platform } from '#simd-platform';
import { BackendError, ThreadCountError } from '../../errors.ts';
import { SimdBackend } from './backend.ts';
import { registerSimdGradients } from './gradients.ts';
import { registerSimdKernels } from './kernels/register.ts';
import { createMemory, loadModule, VARIANTS, type Variant } from './module.ts';
import type { LibraryRates, OpenLibrary } from './platform/platform.ts';

export { SimdBackend } from './backend.ts';
export type { Variant } from './module.ts';

export interface SimdOptions {
  /**
   * Kernel threads, the calling thread included; default: what the environment variable `SEQREC_THREADS` says, else the
   * processors that this process may use, at most 16. In a browser one, unless the page is cross-origin isolated.
   */
  readonly threads?: number;
  /** Slowest acceptable first choice: skips the faster variants, for tests and for measuring. */
  readonly variant?: Variant;
  /**
   * A native library with `cblas_sgemm` for products: its path, or `auto` for the usual one where there is one. Each
   * task of a product calls it on its own thread, so results do not depend on the number of threads; they do on the
   * library. Node only, and by the package `koffi`. Default `off`.
   */
  readonly blas?: 'off' | 'auto' | (string & {});
  /**
   * Least side of the products that the library makes, as measured before: a run that goes on needs the same. Default:
   * measured at the start, once in a process.
   */
  readonly blasFrom?: number;
  /** Upper bound of the heap in bytes; default 4 GiB, the reach of 32-bit WebAssembly. */
  readonly maximumBytes?: number;
}

/** The native library of a backend. */
export interface BlasInfo {
  /** As it was loaded. */
  readonly library: string;
  readonly version: string;
  /** The processor, or the instructions, for which it took its kernels. */
  readonly core: string;
  /** Least side of the products that it makes; `never` where ours are as fast. */
  readonly from: number | 'never';
  /** GFLOP/s on one thread, by the side of a product; absent where `blasFrom` was given. */
  readonly rates?: LibraryRates['rates'];
  /** What to do about a library that took the wrong kernels. */
  readonly note?: string;
}

export interface SimdInfo {
  readonly variant: Variant;
  readonly threads: number;
  /** Why there is only one thread, where the platform allows no more. */
  readonly threadsReason?: string;
  readonly maximumBytes: number;
  /** Of `blas: 'auto'` or a path: the library, or why there is none. */
  readonly blas?: BlasInfo | { readonly missing: string };
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
  const threads = options.threads ?? possible.count;
  if (!Number.isInteger(threads) || threads < 1 || threads > 64) {
    throw new ThreadCountError(`simd: expected threads to be a whole number from 1 to 64; got ${threads}`);
  }
  if (threads > 1 && possible.reason !== undefined) {
    throw new BackendError(`simd: expected one thread here; got ${threads}; ${possible.reason}`);
  }
  const { blas = 'off', blasFrom } = options;
  if (blasFrom !== undefined && !(blasFrom >= 1)) {
    throw new BackendError(`simd: expected blasFrom to be a number of at least 1; got ${blasFrom}`);
  }
  const key = JSON.stringify([threads, options.variant, options.maximumBytes, blas, String(blasFrom)]);
  if (registered?.key === key) return registered.info;
  // Before the backend that runs is gone: a path may be of no use.
  const opened = blas === 'off' ? undefined : await openLibrary(blas);
  const library = opened !== undefined && 'load' in opened ? opened : undefined;
  if (registered) await removeSimdBackend();
  const { memory, maximumBytes } = createMemory(options.maximumBytes ?? 65536 * 65536);
  const first = options.variant ? VARIANTS.indexOf(options.variant) : 0;
  // The self-test borrows memory that the heap will own, and so does what measures the library.
  const loaded = await loadModule(memory, VARIANTS.slice(first), library?.load(memory));
  const rates = blasFrom === undefined ? library?.measure(loaded, memory) : { from: blasFrom };
  const backend = new SimdBackend(memory, maximumBytes, loaded.kernels, threads);
  if (library !== undefined && rates !== undefined) backend.libraryFrom = rates.from;
  await backend.pool.start(loaded.module, memory, backend.scratch, library?.thread);
  tf.registerBackend(NAME, () => backend, 4);
  registerSimdKernels(NAME);
  registerSimdGradients(NAME);
  const { variant, rejected } = loaded;
  const threadsReason = possible.reason === undefined ? {} : { threadsReason: possible.reason };
  const found = library !== undefined && rates !== undefined ? blasInfo(library, rates) : opened;
  const products = found === undefined ? {} : { blas: found as SimdInfo['blas'] };
  const info: SimdInfo = { variant, threads, ...threadsReason, maximumBytes, ...products, rejected };
  registered = { key, info };
  return info;
}

/** @throws BackendError for a path that is of no use, and where there are no native libraries. */
async function openLibrary(wanted: string): Promise<OpenLibrary | { readonly missing: string }> {
  if (platform.openLibrary !== undefined) return platform.openLibrary(wanted);
  const missing = 'blas: expected Node, which can load native libraries; got a browser';
  if (wanted === 'auto') return { missing };
  throw new BackendError(missing);
}

function blasInfo(
  { info }: OpenLibrary,
  { from, ...measured }: Pick<LibraryRates, 'from'> & Partial<LibraryRates>,
): BlasInfo {
  return { ...info, from: from === Number.POSITIVE_INFINITY ? 'never' : from, ...measured };
}

/** Stops the threads and removes the backend; the tensors on it are lost. */
export async function removeSimdBackend(): Promise<void> {
  const backend = tf.findBackend(NAME);
  tf.removeBackend(NAME);
  registered = undefined;
  if (backend instanceof SimdBackend) await backend.pool.stop();
}
