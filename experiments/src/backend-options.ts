// Options of a backend that several commands have: arguments of cac's `option`.

export const THREADS = [
  '--threads <n>',
  'Threads of the simd backend (default: $SEQREC_THREADS, else one for each core, at most 16)',
] as const;
/** Of the commands that train or multiply. */
export const BLAS = [
  '--blas <library>',
  'Products of simd by a native library: auto, off (the default) or its path',
] as const;
export const BLAS_FROM = [
  '--blas-from <side>',
  'Least side of these products, as a run recorded it (default: measured)',
] as const;
