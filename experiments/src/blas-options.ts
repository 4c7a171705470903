/** `--blas` and `--blas-from` of the commands that train or multiply: arguments of cac's `option`. */
export const BLAS = [
  '--blas <library>',
  'Products of simd by a native library: auto, off (the default) or its path',
] as const;
export const BLAS_FROM = [
  '--blas-from <side>',
  'Least side of these products, as a run recorded it (default: measured)',
] as const;
