/** Numbers of the kernels in the WebAssembly module (the table in `assembly/index.ts`). */
export const KERNEL = {
  packB: 0,
  gemm: 1,
  unary: 2,
  binaryFlat: 3,
  binaryRows: 4,
  reduceLast: 5,
  reduceFirst: 6,
  layerNorm: 7,
  layerNormGrad: 8,
  l2Normalize: 9,
  l2NormalizeGrad: 10,
  dropout: 11,
  uniformIntegers: 12,
  adamw: 13,
  copyRows: 14,
  gather: 15,
  countSegments: 16,
  placeSegments: 17,
  scatterSegments: 18,
  sumSegments: 19,
  fill: 20,
  hstuForward: 21,
  hstuBackward: 22,
  softmaxForward: 23,
  softmaxBackward: 24,
  attentionQueryGrad: 50,
  sampledSoftmax: 25,
  sampledSoftmaxGrad: 26,
  stridedCopy: 27,
  softmaxRows: 28,
  padRows: 29,
  bucketRows: 30,
  siluSplit: 31,
  siluSplitGrad: 32,
  gatedNorm: 33,
  gatedNormGrad: 34,
  rowwiseAdamw: 35,
  prepareRanking: 36,
  rankCounts: 37,
  topItems: 38,
  mergeTopItems: 39,
  sampledSoftmaxItems: 40,
  sumParts: 41,
  logical: 42,
  select: 43,
  clip: 44,
  toFloat: 45,
  batchNorm: 46,
  compare: 47,
  normSiluSplit: 48,
  normSiluSplitGrad: 49,
  gatedNormLinear: 53,
  gatedNormLinearGrad: 54,
  keptDropout: 57,
  embedTokens: 58,
  linearLayer: 55,
  linearLayerGrad: 56,
  recurrentForward: 51,
  recurrentBackward: 52,
} as const;

export type KernelId = (typeof KERNEL)[keyof typeof KERNEL];

/** What the module exports. */
export interface KernelExports {
  /** Writes the constants; `wide` chooses the micro-kernels for 256-bit registers. Once for a memory, before `setScratch`. */
  setup(wide: boolean): void;
  setScratch(address: number): void;
  /** Offers the tasks of a job and wakes the threads that sleep. */
  start(control: number, kernel: number, job: number, tasks: number): void;
  work(control: number): void;
  /** Whether all tasks ended, looked at up to `turns` times. */
  finished(control: number, tasks: number, turns: number): number;
  runSerial(kernel: number, args: number, tasks: number): void;
}

/** Bytes of scratch memory that each thread owns; bounds head widths (512) and negatives a token. */
export const SCRATCH_BYTES = 6 * 1024 * 1024;

/** Words of the control block that JavaScript reads or writes; all of it is described beside `start` in `assembly/index.ts`. */
export const CONTROL = {
  address: 1024,
  bytes: 1024,
  done: 2,
  wake: 4,
  sleepers: 5,
  failed: 6,
  stop: 7,
} as const;
