import { copyFileSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { GemmShape } from './gemm-shape.ts';

/** OpenBLAS, called through its C interface. */
export interface Blas {
  /** The processor whose kernels it chose, as OpenBLAS names it. */
  readonly core: string;
  /** Its version and how it was built, in its own words. */
  readonly version: string;
  multiply(shape: GemmShape, a: Float32Array, b: Float32Array, c: Float32Array): void;
}

const LIBRARIES = [
  '/usr/lib/x86_64-linux-gnu/openblas-pthread/libopenblas.so.0',
  '/usr/lib/aarch64-linux-gnu/openblas-pthread/libopenblas.so.0',
  'libopenblas.so.0',
];
const ROW_MAJOR = 101;
const PLAIN = 111;
const TRANSPOSED = 112;

/**
 * Loads OpenBLAS with so many threads, or says how to install it. It takes the best kernels for this processor,
 * or those of `core` (`Haswell`: 256-bit vectors); a library that is loaded once more (`again`) is a copy, with
 * threads and a choice of its own.
 */
export async function openBlas(
  threads: number,
  { core, again }: { readonly core?: string; readonly again: boolean },
): Promise<Blas | { readonly missing: string }> {
  // Read when the library loads. A machine may force an older kernel by it.
  delete process.env.OPENBLAS_CORETYPE;
  delete process.env.OPENBLAS_L2_SIZE;
  if (core !== undefined) process.env.OPENBLAS_CORETYPE = core;
  process.env.OPENBLAS_NUM_THREADS = String(threads);
  const koffi = await import('koffi').then(
    (module) => module.default,
    () => undefined,
  );
  if (koffi === undefined) return { missing: 'the optional dependency koffi is not installed' };
  for (const path of LIBRARIES) {
    try {
      const library = again ? loadCopy(koffi.load, path) : koffi.load(path);
      const setThreads = library.func('void openblas_set_num_threads(int)');
      const coreName = library.func('const char *openblas_get_corename()');
      const config = library.func('const char *openblas_get_config()');
      const sgemm = library.func(
        'void cblas_sgemm(int, int, int, int, int, int, float, const float *, int, const float *, int, float, _Out_ float *, int)',
      );
      setThreads(threads);
      return {
        core: String(coreName()),
        version: /^OpenBLAS [\d.]+/.exec(String(config()))?.[0] ?? String(config()),
        multiply({ batch, m, k, n, transposeA, transposeB }, a, b, c) {
          for (let i = 0; i < batch; i++) {
            const [x, y, z] = [a.subarray(i * m * k), b.subarray(i * k * n), c.subarray(i * m * n)];
            const ops = [transposeA ? TRANSPOSED : PLAIN, transposeB ? TRANSPOSED : PLAIN];
            sgemm(ROW_MAJOR, ...ops, m, n, k, 1, x, transposeA ? m : k, y, transposeB ? k : n, 0, z, n);
          }
        },
      };
    } catch {
      // The next place.
    }
  }
  return { missing: 'no libopenblas.so.0: install it with `apt-get install libopenblas0-pthread`' };
}

function loadCopy<T>(load: (path: string) => T, path: string): T {
  const folder = mkdtempSync(join(tmpdir(), 'seqrec-blas-'));
  try {
    const copy = join(folder, 'libopenblas-copy.so');
    copyFileSync(realpathSync(path), copy);
    return load(copy);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
