import { execFileSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findLibrary } from '../src/backends/simd/native/find-library.ts';

const PRODUCT =
  'int o, int ta, int tb, INT m, INT n, INT k, float x, float *a, INT la, float *b, INT lb, float y, float *c, INT lc';

/** The formula, in the order of rows. */
export const MULTIPLY = `
  if (m < 0 || n < 0) return;
  for (INT i = 0; i < m; i++) for (INT j = 0; j < n; j++) {
    float sum = 0;
    for (INT p = 0; p < k; p++) sum += (ta == 112 ? a[p * la + i] : a[i * la + p]) * (tb == 112 ? b[j * lb + p] : b[p * lb + j]);
    c[i * lc + j] = x * sum + (y == 0 ? 0 : y * c[i * lc + j]);
  }`;

/** `cblas_sgemm` in C, whose integers are INT. */
export const productOf = (body: string): string => `void cblas_sgemm(${PRODUCT}) {${body}}`;

/** Whether there is a compiler for libraries of C. */
export const hasCompiler = ((): boolean => {
  try {
    execFileSync('gcc', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();

/** The path of a library that is compiled in a folder. */
export function compileLibrary(folder: string, name: string, text: string, integer = 'int'): string {
  const [source, library] = [join(folder, `${name}.c`), join(folder, `lib${name}.so`)];
  writeFileSync(source, text);
  execFileSync('gcc', ['-O1', '-shared', '-fPIC', `-DINT=${integer}`, '-o', library, source]);
  return library;
}

/** The library that `auto` takes here, else a slow one of our own; undefined where neither can be had. */
export function anyLibrary(): string | undefined {
  const found = findLibrary('auto');
  if ('path' in found) return found.path;
  if (!hasCompiler || found.missing.includes('koffi')) return undefined;
  return compileLibrary(mkdtempSync(join(tmpdir(), 'seqrec-blas-')), 'plain', productOf(MULTIPLY));
}
