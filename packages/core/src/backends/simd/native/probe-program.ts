import type { Koffi, NativeLibrary } from './koffi.ts';

/** What a library is, or why it is of no use. */
export type Verdict =
  | { readonly kind: 'good'; readonly version: string; readonly core: string }
  /** The system's loader refuses it, in its own words. */
  | { readonly kind: 'unloadable'; readonly why: string }
  | { readonly kind: 'no-product' }
  /** Integers of 64 bits (ILP64). */
  | { readonly kind: 'wide-integers' }
  | { readonly kind: 'wrong'; readonly got: number; readonly expected: number }
  /** It ended the process that tried it. */
  | { readonly kind: 'fatal'; readonly how: string };

/** What the program says, a line each: the library that it tries next, and the verdict. */
export type ProbeLine = { readonly index: number; readonly verdict?: Verdict };

/**
 * What a child process runs, which a library may kill: loads one after the other, and multiplies. It ends with the
 * first that is good. Its text is the program, so it names nothing outside itself.
 */
export function probeLibraries(koffi: Koffi, paths: readonly string[], say: (line: ProbeLine) => void): void {
  const sgemm = 'void cblas_sgemm(int, int, int, int, int, int, float, void *, int, void *, int, float, void *, int)';
  type Native = (...args: readonly unknown[]) => unknown;
  const find = (library: NativeLibrary, signature: string): Native | undefined => {
    try {
      return library.func(signature);
    } catch {
      return undefined;
    }
  };
  const text = (library: NativeLibrary, name: string): string | undefined => {
    const result = find(library, `const char *${name}()`)?.();
    return typeof result === 'string' ? result : undefined;
  };

  const describe = (library: NativeLibrary): { version: string; core: string } => {
    const config = text(library, 'openblas_get_config');
    if (config !== undefined) {
      const version = /^OpenBLAS \S+/.exec(config)?.[0] ?? config;
      return { version, core: text(library, 'openblas_get_corename') ?? 'unknown' };
    }
    const blis = text(library, 'bli_info_get_version_str');
    if (blis !== undefined) {
      const id = find(library, 'int bli_arch_query_id()')?.();
      const core = find(library, 'const char *bli_arch_string(int)')?.(id);
      return { version: `BLIS ${blis}`, core: typeof core === 'string' ? core : 'unknown' };
    }
    const mkl = find(library, 'void MKL_Get_Version_String(void *, int)');
    if (mkl !== undefined) {
      const buffer = new Uint8Array(256);
      mkl(buffer, buffer.length);
      const version = new TextDecoder().decode(buffer.subarray(0, buffer.indexOf(0))).trim();
      const branch = find(library, 'int MKL_CBWR_Get_Auto_Branch()')?.();
      return { version, core: branch === undefined ? 'unknown' : `branch ${branch}` };
    }
    return { version: 'unknown version', core: 'unknown' };
  };

  /** Products of every layout, large enough for the kernels that large products get. */
  const firstDifference = (product: Native): { got: number; expected: number } | undefined => {
    const [m, n, k] = [61, 83, 97];
    for (const [turnA, turnB] of [
      [0, 0],
      [1, 0],
      [0, 1],
      [1, 1],
    ]) {
      const a = Float32Array.from({ length: m * k }, (_, i) => Math.sin(i));
      const b = Float32Array.from({ length: k * n }, (_, i) => Math.cos(i));
      const c = new Float32Array(m * n).fill(Number.NaN);
      product(101, 111 + turnA, 111 + turnB, m, n, k, 1, a, turnA ? m : k, b, turnB ? k : n, 0, c, n);
      for (let i = 0; i < m; i++) {
        for (let j = 0; j < n; j++) {
          let expected = 0;
          for (let p = 0; p < k; p++) expected += a[turnA ? p * m + i : i * k + p] * b[turnB ? j * k + p : p * n + j];
          const got = c[i * n + j];
          if (!(Math.abs(got - expected) < 1e-3)) return { got, expected };
        }
      }
    }
    return undefined;
  };

  const judge = (path: string): Verdict => {
    let library: NativeLibrary;
    try {
      library = koffi.load(path);
    } catch (error) {
      return { kind: 'unloadable', why: (error instanceof Error ? error.message : String(error)).split('\n')[0] };
    }
    const product = find(library, sgemm);
    if (product === undefined) {
      const wide = ['cblas_sgemm64_', 'cblas_sgemm_64', 'scipy_cblas_sgemm64_'];
      const found = wide.some((name) => find(library, `void ${name}()`) !== undefined);
      return { kind: found ? 'wide-integers' : 'no-product' };
    }
    if (/USE64BITINT/.test(text(library, 'openblas_get_config') ?? '')) return { kind: 'wide-integers' };
    // Two rows for one that reads 32 bits, a number below zero for one that reads 64: it refuses the product.
    const rows = -(2n ** 32n) + 2n;
    const [x, y, z] = [Float32Array.of(2, 3), Float32Array.of(5), new Float32Array(2)];
    const trick = find(library, sgemm.replace('(int, int, int, int,', '(int, int, int, int64_t,'));
    trick?.(101, 111, 111, rows, 1, 1, 1, x, 1, y, 1, 0, z, 1);
    if (z[0] === 0 && z[1] === 0) return { kind: 'wide-integers' };
    const different = firstDifference(product);
    return different === undefined ? { kind: 'good', ...describe(library) } : { kind: 'wrong', ...different };
  };

  for (const [index, path] of paths.entries()) {
    say({ index });
    const verdict = judge(path);
    say({ index, verdict });
    if (verdict.kind === 'good') return;
  }
}
