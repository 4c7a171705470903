import type { ThreadStart } from '../kernel-thread.ts';
import type { KernelExports } from '../kernels.ts';

/** Ways to compile the kernels, fastest first. */
export const VARIANTS = ['revectorized', 'relaxed', 'plain'] as const;
export type Variant = (typeof VARIANTS)[number];

/** Compiled kernels: with relaxed SIMD, without, and with relaxed SIMD and products by a native library. */
export type KernelFile = 'relaxed' | 'plain' | 'relaxed-blas';

/** More threads than this only where they are asked for. */
export const MOST_THREADS = 16;

/** A kernel thread that waits for work. */
export interface KernelThread {
  stop(): Promise<void>;
}

/** What was measured of a library beside our kernels. */
export interface LibraryRates {
  /** Least side of the products that are faster by it; Infinity: ours are as fast. */
  readonly from: number;
  /** GFLOP/s on one thread, by the side of a product. */
  readonly rates: readonly { readonly side: number; readonly ours: number; readonly library: number }[];
  /** What to do about a library that took the wrong kernels. */
  readonly note?: string;
}

/** A native library that multiplies, and has passed its probe. */
export interface OpenLibrary {
  /** Loads it into this thread, for what the kernels import of it. */
  load(memory: WebAssembly.Memory): WebAssembly.ModuleImports;
  /** By which other threads load it. */
  readonly thread: NonNullable<ThreadStart['library']>;
  readonly info: { readonly library: string; readonly version: string; readonly core: string };
  /** Once in a process for a variant of the kernels; in memory that the heap does not have yet. */
  measure(
    loaded: { readonly variant: Variant; readonly kernels: KernelExports },
    memory: WebAssembly.Memory,
  ): LibraryRates;
}

/**
 * What the backend needs of the machine it runs on. `package.json` (`imports`) chooses the one
 * for Node or for browsers.
 */
export interface Platform {
  /** Variants that can be compiled here, fastest first. */
  readonly variants: readonly Variant[];
  /** Kernel threads where none are asked for, the calling thread included, and why there can be only one if so. */
  threads(): { readonly count: number; readonly reason?: string };
  /** Refuses kernels of other sources, where there are sources. @throws StaleKernelsError */
  checkKernels?(): void;
  /** The bytes of a module that lies beside this package. @throws BackendError with what to do. */
  readKernels(name: KernelFile): Promise<Uint8Array>;
  compile(bytes: Uint8Array<ArrayBuffer>, variant: Variant): Promise<WebAssembly.Module>;
  instantiate(module: WebAssembly.Module, imports: WebAssembly.Imports): Promise<WebAssembly.Instance>;
  /**
   * Finds a native library by its path, or the usual one by `auto`; absent where there are none.
   * @throws BackendError for a path that is of no use.
   */
  openLibrary?(wanted: string): Promise<OpenLibrary | { readonly missing: string }>;
  /** Resolves when the thread waits for work. @throws BackendError when it does not start. */
  startThread(name: string, start: ThreadStart): Promise<KernelThread>;
  /** Lets go of the processor for a moment while a word still has a value, or spins where sleeping is not allowed. */
  rest(words: Int32Array, index: number, value: number): void;
}
