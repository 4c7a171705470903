import { rememberHostValues, uniformIntegers } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';

/** A kernel with inputs in place. */
export interface GpuProgram {
  readonly name: string;
  /** Useful floating-point operations, 0 where bytes alone count. */
  readonly flops: number;
  /** Of inputs and outputs, each once. */
  readonly bytes: number;
  run(): void;
  dispose(): void;
}

const NEGATIVES = 128;
/**
 * Steps of the recurrence, tokens of a sequence whose last query is asked, queries that rank all rows, and their list.
 */
const STEPS = 32;
const SEQUENCE = 256;
const QUERIES = 128;
const LIST = 100;

/** Kernels of a step besides attention, on `tokens` rows of `width` columns, and on a table of as many items. */
export function rowPrograms(tokens: number, width: number): GpuProgram[] {
  const stream = { k0: 1, k1: 2, step: 3, first: 0 };
  const shape: [number, number] = [tokens, width];
  const floats = (dims: number[]) => tf.tidy(() => tf.sin(tf.reshape(tf.range(0, tf.util.sizeFromShape(dims)), dims)));
  const ids = (count: number, step: number) =>
    tf.tidy(() => uniformIntegers({ count, low: 0, bound: tokens, stream: { key: { k0: 1, k1: 2 }, step } }));
  const program = (
    name: string,
    kernel: string,
    {
      inputs,
      attrs = {},
      rows,
      flops = 0,
    }: { inputs: Record<string, tf.Tensor>; attrs?: object; rows: number; flops?: number },
  ): GpuProgram => ({
    name,
    flops,
    bytes: 4 * rows * width,
    run: () => tf.dispose(tf.engine().runKernel(kernel, inputs, attrs as Record<string, number>) as tf.Tensor),
    dispose: () => tf.dispose(inputs),
  });
  const epsilon = 1e-6;
  const softmax = () => ({
    queries: floats(shape),
    items: floats(shape),
    positives: ids(tokens, 0),
    negatives: tf.tidy(() => tf.reshape(ids(tokens * NEGATIVES, 1), [tokens, NEGATIVES])),
    logQ: tf.tensor1d([]),
  });
  const products = 2 * tokens * (NEGATIVES + 1) * width;
  // Rows of items that are gathered count each time, ids as the rows that hold them.
  const gathered = tokens * (NEGATIVES + 1);
  const idRows = gathered / width;
  const none = (dtype: 'float32' | 'int32') => tf.tensor1d([], dtype);
  const sequences = Math.max(1, Math.floor(tokens / SEQUENCE));
  const integers = (values: Int32Array): tf.Tensor => rememberHostValues(tf.tensor1d(values, 'int32'), values);
  const last = () => ({
    q: floats([sequences, 1, width]),
    k: floats([tokens, 1, width]),
    v: floats([tokens, 1, width]),
    offsets: integers(Int32Array.from({ length: sequences + 1 }, (_, b) => Math.floor((b * tokens) / sequences))),
    queryOffsets: integers(Int32Array.from({ length: sequences + 1 }, (_, b) => b)),
    visible: none('int32'),
    keyRows: none('int32'),
    selfK: none('float32'),
    selfV: none('float32'),
  });
  const steps = Math.min(STEPS, tokens);
  const sizes = Array.from({ length: steps }, (_, s) => Math.floor(tokens / steps) + (s < tokens % steps ? 1 : 0));
  const recurrent = { attrs: { sizes }, flops: 6 * tokens * width * width };
  const ranking = () => ({
    queries: floats([QUERIES, width]),
    items: floats(shape),
    excludedOffsets: tf.zeros([QUERIES + 1], 'int32'),
    excludedIds: none('int32'),
    last: none('int32'),
  });
  const scored = { rows: tokens + QUERIES, flops: 2 * QUERIES * tokens * width };
  return [
    program('product', 'BatchMatMul', {
      inputs: { a: floats(shape), b: floats([width, 3 * width]) },
      attrs: { transposeA: false, transposeB: false },
      rows: 4 * tokens + 3 * width,
      flops: 6 * tokens * width * width,
    }),
    program('copy (addition)', 'Add', { inputs: { a: floats(shape), b: floats(shape) }, rows: 3 * tokens }),
    program('SiLU', 'Silu', { inputs: { x: floats(shape) }, rows: 2 * tokens }),
    program('layer norm', 'LayerNorm', { inputs: { x: floats(shape) }, attrs: { epsilon }, rows: 2 * tokens }),
    program('layer norm, gradient', 'LayerNormGrad', {
      inputs: { x: floats(shape), dy: floats(shape) },
      attrs: { epsilon },
      rows: 3 * tokens,
    }),
    program('gated norm with dropout', 'GatedNorm', {
      inputs: { u: floats(shape), x: floats(shape) },
      attrs: { epsilon, rate: 0.2, ...stream },
      rows: 3 * tokens,
    }),
    program('dropout', 'Dropout', { inputs: { x: floats(shape) }, attrs: { rate: 0.2, ...stream }, rows: 2 * tokens }),
    program('L2 norm', 'L2Normalize', { inputs: { x: floats(shape) }, attrs: { epsilon }, rows: 2 * tokens }),
    program('segment sum', 'UnsortedSegmentSum', {
      inputs: { x: floats(shape), segmentIds: ids(tokens, 2) },
      attrs: { numSegments: tokens },
      rows: 2 * tokens,
    }),
    program('sampled softmax', 'SampledSoftmax', {
      inputs: softmax(),
      attrs: { temperature: 0.05 },
      rows: tokens + gathered + idRows,
      flops: products,
    }),
    program('sampled softmax, gradient', 'SampledSoftmaxGrad', {
      inputs: { ...softmax(), logSumExp: floats([tokens]), dLoss: floats([tokens]) },
      attrs: { temperature: 0.05 },
      rows: 3 * tokens + gathered + idRows,
      flops: 2 * products,
    }),
    program('AdamW', 'AdamWStep', {
      inputs: { param: floats(shape), m: tf.zeros(shape), v: tf.zeros(shape), grad: floats(shape) },
      attrs: { learningRate: 1e-3, beta1: 0.9, beta2: 0.98, epsilon: 1e-8, weightDecay: 0, step: 1 },
      rows: 7 * tokens,
    }),
    program('row-wise AdamW', 'RowwiseAdamWStep', {
      inputs: {
        param: floats(shape),
        ids: tf.range(0, tokens, 1, 'int32'),
        m: tf.zeros(shape),
        v: tf.zeros([tokens]),
        grad: floats(shape),
        rates: tf.fill([tokens], 1e-3),
        corrections: tf.ones([tokens]),
      },
      attrs: { beta1: 0.9, beta2: 0.98, epsilon: 1e-8, decay: 0, whole: true },
      rows: 5 * tokens,
    }),
    program('gated recurrence', 'GatedRecurrence', {
      inputs: {
        x: floats([tokens, 3 * width]),
        weight: floats([3 * width, width]),
        bias: floats([3 * width]),
        initial: none('float32'),
      },
      rows: 8 * tokens + 3 * width,
      ...recurrent,
    }),
    program('gated recurrence, gradient', 'GatedRecurrenceGrad', {
      inputs: {
        weight: floats([3 * width, width]),
        states: floats(shape),
        gates: floats([tokens, 4 * width]),
        dy: floats(shape),
      },
      rows: 12 * tokens + 3 * width,
      ...recurrent,
    }),
    program('HSTU, last queries', 'HstuAttention', {
      inputs: {
        ...last(),
        positionWeights: none('float32'),
        timeWeights: none('float32'),
        queryTimes: none('int32'),
        keyTimes: none('int32'),
      },
      attrs: { scale: 1, normalizer: SEQUENCE, bucketDivisor: 1 },
      rows: 2 * tokens,
      flops: 4 * tokens * width,
    }),
    program('softmax, last queries', 'CausalAttention', {
      inputs: last(),
      attrs: { scale: 1, rate: 0, k0: 0, k1: 0, step: 0, first: 0 },
      rows: 2 * tokens,
      flops: 4 * tokens * width,
    }),
    program(`ranks of ${QUERIES} queries`, 'RankCounts', {
      inputs: { ...ranking(), targets: tf.zeros([QUERIES], 'int32') },
      attrs: { firstItem: 0 },
      ...scored,
    }),
    program(`lists of ${QUERIES} queries`, 'TopItems', {
      inputs: ranking(),
      attrs: { firstItem: 0, k: Math.min(LIST, tokens) },
      ...scored,
    }),
  ];
}
