import type { ThreadStart } from '../kernel-thread.ts';

/** Ways to compile the kernels, fastest first. */
export const VARIANTS = ['revectorized', 'relaxed', 'plain'] as const;
export type Variant = (typeof VARIANTS)[number];

/** A kernel thread that waits for work. */
export interface KernelThread {
  stop(): Promise<void>;
}

/**
 * What the backend needs of the machine it runs on. `package.json` (`imports`) chooses the one
 * for Node or for browsers.
 */
export interface Platform {
  /** Variants that can be compiled here, fastest first. */
  readonly variants: readonly Variant[];
  /** Kernel threads that can run here at once, the calling thread included, and why there is only one if so. */
  threads(): { readonly count: number; readonly reason?: string };
  /** Refuses kernels of other sources, where there are sources. @throws StaleKernelsError */
  checkKernels?(): void;
  /** The bytes of a module that lies beside this package. @throws BackendError with what to do. */
  readKernels(name: 'relaxed' | 'plain'): Promise<Uint8Array>;
  compile(bytes: Uint8Array<ArrayBuffer>, variant: Variant): Promise<WebAssembly.Module>;
  instantiate(module: WebAssembly.Module, imports: WebAssembly.Imports): Promise<WebAssembly.Instance>;
  /** Resolves when the thread waits for work. @throws BackendError when it does not start. */
  startThread(name: string, start: ThreadStart): Promise<KernelThread>;
  /** Lets go of the processor for a moment while a word still has a value, or spins where sleeping is not allowed. */
  rest(words: Int32Array, index: number, value: number): void;
}
