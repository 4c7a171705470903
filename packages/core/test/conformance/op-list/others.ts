import * as tf from '@tensorflow/tfjs-core';
import { F, type KernelCases, kernel, V } from './op-case.ts';

const int32 = (values: readonly number[], shape?: readonly number[]) => V(values, shape ?? [values.length], 'int32');
const values = (result: object): tf.Tensor[] =>
  Array.isArray(result) ? result : (Object.values(result) as tf.Tensor[]);
const complex = [F([3, 8]), F([3, 8])];

/** Ragged, sparse, complex and string ops. */
export const others: Readonly<Record<string, KernelCases>> = {
  Complex: kernel([{ inputs: complex, run: tf.complex }]),
  ComplexAbs: kernel([{ inputs: complex, run: (re, im) => tf.abs(tf.complex(re, im)) }], 1e-6),
  FFT: kernel([{ inputs: complex, run: (re, im) => tf.fft(tf.complex(re, im)) }], 1e-6, 1),
  IFFT: kernel([{ inputs: complex, run: (re, im) => tf.ifft(tf.complex(re, im)) }], 1e-6, 1),
  Imag: kernel([{ inputs: complex, run: (re, im) => tf.add(tf.imag(tf.complex(re, im)), 1) }], 1e-6),
  Real: kernel([{ inputs: complex, run: (re, im) => tf.add(tf.real(tf.complex(re, im)), 1) }], 1e-6),
  // Seeded, hence equal numbers.
  Multinomial: kernel([
    { inputs: [V([0.1, 0.2, 0.7, 0.5, 0.4, 0.1], [2, 3])], run: (p) => tf.multinomial(p, 50, 7, true) },
    { inputs: [F([2, 3])], run: (logits) => tf.multinomial(logits, 50, 7) },
  ]),
  RaggedGather: kernel([
    {
      inputs: [int32([0, 3, 3, 5, 6]), V([0.1, 0.2, 0.3, 0.4, 0.5, 0.6]), int32([2, 1, 0, 3])],
      run: (splits, dense, at) => {
        const { outputNestedSplits, outputDenseValues } = tf.raggedGather([splits], dense, at, 1);
        return [...outputNestedSplits, outputDenseValues];
      },
    },
  ]),
  RaggedRange: kernel([
    {
      inputs: [V([0, 5, 8]), V([8, 7, 1]), V([2, 1, -4])],
      run: (starts, limits, deltas) => values(tf.raggedRange(starts, limits, deltas)),
    },
  ]),
  RaggedTensorToTensor: kernel([
    {
      inputs: [
        int32([4, 4]),
        V([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]),
        V([1.5], []),
        int32([4], []),
        int32([0, 0, 0, 2, 2, 2, 2, 3, 3]),
      ],
      run: (shape, x, fill, first, rows) =>
        tf.raggedTensorToTensor(shape, x, fill, [first, rows], ['FIRST_DIM_SIZE', 'VALUE_ROWIDS']),
    },
  ]),
  SparseFillEmptyRows: kernel([
    {
      inputs: [
        int32([0, 0, 1, 0, 1, 3, 1, 4, 3, 2, 3, 3], [6, 2]),
        V([0, 10, 13, 14, 32, 33]),
        int32([5, 6]),
        V([-1], []),
      ],
      run: (at, x, shape, fill) => values(tf.sparse.sparseFillEmptyRows(at, x, shape, fill)),
    },
  ]),
  SparseReshape: kernel([
    {
      inputs: [int32([0, 0, 0, 0, 0, 1, 0, 1, 0, 1, 0, 0, 1, 2, 3], [5, 3]), int32([2, 3, 6]), int32([9, -1])],
      run: (at, from, to) => values(tf.sparse.sparseReshape(at, from, to)),
    },
  ]),
  SparseSegmentMean: kernel(
    [{ inputs: [F([4, 5]), int32([0, 1, 3]), int32([0, 1, 1])], run: tf.sparse.sparseSegmentMean }],
    1e-6,
    1,
  ),
  SparseSegmentSum: kernel(
    [{ inputs: [F([4, 5]), int32([0, 1, 3]), int32([0, 1, 1])], run: tf.sparse.sparseSegmentSum }],
    1e-6,
    1,
  ),
  StaticRegexReplace: kernel([
    { inputs: [V(['a1b22', 'none', ''])], run: (x) => tf.string.staticRegexReplace(x, '[0-9]+', '#') },
  ]),
  StringNGrams: kernel([
    {
      inputs: [V(['a', 'b', 'c', 'd', 'e', 'f']), int32([0, 4, 6])],
      run: (x, splits) => values(tf.string.stringNGrams(x, splits, '|', [1, 2], '<', '>', -1, false)),
    },
  ]),
  StringSplit: kernel([
    {
      inputs: [V(['#a', 'b##', '#c#d', '']), V(['#'], [])],
      run: (x, by) => values(tf.string.stringSplit(x, by, false)),
    },
  ]),
  StringToHashBucketFast: kernel([
    { inputs: [V(['a', 'b', 'cc', ''])], run: (x) => tf.string.stringToHashBucketFast(x, 100) },
  ]),
};
