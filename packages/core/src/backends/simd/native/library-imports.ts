import type { Koffi } from './koffi.ts';

/** The import of kernels that multiply by a library: see `assembly/library.ts`. Addresses are those of the memory. */
export interface LibraryImports {
  multiply(
    ...args: readonly [
      ...[transposed: number, m: number, n: number, k: number],
      ...[a: number, aStride: number, b: number, bStride: number, beta: number, c: number, cStride: number],
    ]
  ): void;
}

/**
 * Loads a library into this thread, for products on this thread alone, where the operands lie. The library has passed
 * the probe. Its text is part of the program of a kernel thread, so it names nothing outside itself.
 */
export function libraryImports(koffi: Koffi, path: string, memory: WebAssembly.Memory): LibraryImports {
  const library = koffi.load(path);
  // Whichever of them it has, one thread; the layer 1 of MKL has none. Tasks of the grid are what runs in parallel.
  const single = ['MKL_Set_Threading_Layer', 'MKL_Set_Num_Threads'];
  for (const name of ['openblas_set_num_threads', 'bli_thread_set_num_threads', ...single]) {
    let setThreads: ((threads: number) => unknown) | undefined;
    try {
      setThreads = library.func(`void ${name}(int64_t)`);
    } catch {
      // Another library, or one that has no threads.
    }
    setThreads?.(1);
  }
  const sgemm = library.func(
    'void cblas_sgemm(int, int, int, int, int, int, float, uintptr_t, int, uintptr_t, int, float, uintptr_t, int)',
  );
  // Shared memory grows in its place.
  const base = Number(koffi.address(new Uint8Array(memory.buffer)));
  const [rowMajor, plain, turned] = [101, 111, 112];
  return {
    multiply(transposed, m, n, k, a, aStride, b, bStride, beta, c, cStride) {
      const opA = (transposed & 1) === 0 ? plain : turned;
      const opB = (transposed & 2) === 0 ? plain : turned;
      // An address of WebAssembly comes as a signed integer.
      const [x, y, z] = [base + (a >>> 0), base + (b >>> 0), base + (c >>> 0)];
      sgemm(rowMajor, opA, opB, m, n, k, 1, x, aStride, y, bStride, beta, z, cStride);
    },
  };
}
