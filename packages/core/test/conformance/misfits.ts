import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';

/** A call of a stock kernel; inputs are float32 unless a name says otherwise. */
export interface KernelCall {
  readonly inputs: Readonly<Record<string, readonly number[]>>;
  readonly attrs: Readonly<Record<string, unknown>>;
}

/** Inputs of another type than float32. */
const INT32 = ['indices', 'segmentIds'];
const BOOL = ['condition'];

const dim = fc.integer({ min: 0, max: 3 });
const shape = (min = 0, max = 3): fc.Arbitrary<number[]> => fc.array(dim, { minLength: min, maxLength: max });
const axis = fc.integer({ min: -4, max: 4 });
const flag = fc.boolean();
const list = (element: fc.Arbitrary<number>) => fc.array(element, { maxLength: 4 });

/** A shape and another that fits it, or differs from it in one place, or is any shape. */
const pair = fc
  .tuple(shape(), shape(), dim, fc.nat(3), fc.constantFrom('same', 'near', 'any'))
  .map(([a, b, d, at, kind]) => (kind === 'any' ? [a, b] : [a, kind === 'same' || at >= a.length ? a : a.with(at, d)]));

function call(
  inputs: fc.Arbitrary<Record<string, readonly number[]>>,
  attrs: fc.Arbitrary<Record<string, unknown>> = fc.constant({}),
): fc.Arbitrary<KernelCall> {
  return fc.record({ inputs, attrs });
}

const two = (a: string, b: string) => pair.map(([p, q]) => ({ [a]: p, [b]: q }));
const one = (name: string) => shape().map((s) => ({ [name]: s }));
const several = fc
  .tuple(pair, pair, fc.integer({ min: 1, max: 3 }))
  .map(([[a, b], [, c], n]) => Object.fromEntries([a, b, c].slice(0, n).map((s, i) => [i, s])));
/** One id a row, or another number of them. */
const segments = fc.tuple(shape(1), dim, flag).map(([x, ids, fits]) => ({ x, segmentIds: [fits ? x[0] : ids] }));
const reduction = call(
  one('x'),
  fc
    .record({ axis: list(axis), keepDims: flag })
    .map(({ axis, keepDims }) => ({ axis, reductionIndices: axis, keepDims })),
);
const transposes = fc.record({ transposeA: flag, transposeB: flag });

/** Calls that fit and calls that do not, of every stock kernel of several inputs or with axes that `simd` replaces. */
export const misfits: Readonly<Record<string, fc.Arbitrary<KernelCall>>> = {
  BatchMatMul: call(two('a', 'b'), transposes),
  _FusedMatMul: call(
    fc.tuple(pair, shape(0, 2), flag).map(([[a, b], bias, biased]) => ({ a, b, ...(biased ? { bias } : {}) })),
    fc
      .tuple(transposes, fc.constantFrom(undefined, 'linear', 'relu', 'sigmoid', 'elu', 'tanh'))
      .map(([t, activation]) => ({ ...t, activation })),
  ),
  Concat: call(several, fc.record({ axis })),
  Pack: call(several, fc.record({ axis })),
  SplitV: call(one('x'), fc.record({ axis, numOrSizeSplits: list(fc.integer({ min: -2, max: 5 })) })),
  Unpack: call(one('value'), fc.record({ axis })),
  Slice: call(one('x'), fc.record({ begin: list(dim), size: list(fc.integer({ min: -1, max: 4 })) })),
  Transpose: call(one('x'), fc.record({ perm: list(dim) })),
  Tile: call(one('x'), fc.record({ reps: list(dim) })),
  PadV2: call(
    one('x'),
    fc.record({
      paddings: fc.array(fc.tuple(dim, dim), { maxLength: 4 }),
      constantValue: fc.integer({ min: -2, max: 2 }),
    }),
  ),
  GatherV2: call(two('x', 'indices'), fc.record({ axis, batchDims: fc.constantFrom(0, 0, 1) })),
  UnsortedSegmentSum: call(segments, fc.record({ numSegments: fc.integer({ min: 1, max: 4 }) })),
  FusedBatchNorm: call(
    fc.tuple(pair, pair, pair, flag).map(([[x, mean], [variance, offset], [scale], more]) => ({
      x,
      mean,
      variance,
      ...(more ? { offset, scale } : {}),
    })),
  ),
  Select: call(fc.tuple(pair, shape()).map(([[t, e], condition]) => ({ condition, t, e }))),
  Softmax: call(one('logits'), fc.record({ dim: axis })),
  ...Object.fromEntries(['Sum', 'Max', 'Mean'].map((name) => [name, reduction])),
  ...Object.fromEntries(
    ['Add', 'Sub', 'Multiply', 'RealDiv', 'Maximum', 'Minimum', 'SquaredDifference', 'Equal', 'Less', 'LogicalAnd'].map(
      (name) => [name, call(two('a', 'b'))],
    ),
  ),
};

/** What a backend makes of a call: its outputs, or the message of its error. */
export type Outcome =
  | { readonly outputs: readonly { readonly shape: readonly number[]; readonly values: readonly number[] }[] }
  | { readonly error: string };

export function attempt(name: string, { inputs, attrs }: KernelCall): Outcome {
  const entries = Object.entries(inputs).map(([key, shape]) => [key, upload(name, key, shape)] as const);
  try {
    const given = ['Concat', 'Pack'].includes(name) ? entries.map(([, x]) => x) : Object.fromEntries(entries);
    const out = tf.engine().runKernel(name, given as never, attrs as never) as unknown as tf.Tensor | tf.Tensor[];
    const all = Array.isArray(out) ? out : [out];
    const outputs = all.map((x) => ({ shape: x.shape, values: Array.from(x.dataSync()) }));
    tf.dispose(all);
    return { outputs };
  } catch (error) {
    return { error: (error as Error).message };
  } finally {
    tf.dispose(entries.map(([, x]) => x));
  }
}

function upload(kernel: string, key: string, shape: readonly number[]): tf.Tensor {
  const dtype = INT32.includes(key) ? 'int32' : BOOL.includes(key) || kernel === 'LogicalAnd' ? 'bool' : 'float32';
  const size = tf.util.sizeFromShape([...shape]);
  const values = Array.from({ length: size }, (_, i) => (dtype === 'float32' ? i + 1 : i % 2));
  return tf.tensor(values, [...shape], dtype);
}
