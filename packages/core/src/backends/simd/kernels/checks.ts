import { backend_util, broadcast_util, type TensorInfo, util } from '@tensorflow/tfjs-core';
import { ShapeError } from '../../../errors.ts';
import { checkSegments } from '../../composed/segment-sum.ts';
import type { Attributes, Inputs } from './support.ts';

type Check = (inputs: Inputs, attrs: Attributes) => void;

/**
 * What the stock kernels of `cpu` refuse, by kernel: ours replace them and must refuse it too, as an op of TensorFlow.js
 * leaves these checks to its kernel. The asserts are those of TensorFlow.js where it exports them, the words its own.
 * Kernels that are not listed refuse what they must by themselves, or take every shape that their op lets through.
 */
export const stockChecks: Readonly<Record<string, Check>> = {
  BatchMatMul: ({ a, b }, attrs) => checkProduct(a, b, Boolean(attrs.transposeA), Boolean(attrs.transposeB)),
  _FusedMatMul: ({ a, b, bias }, attrs) => {
    const shape = checkProduct(a, b, Boolean(attrs.transposeA), Boolean(attrs.transposeB));
    if (bias) broadcast_util.assertAndGetBroadcastShape(shape, bias.shape);
  },
  Concat: (inputs, attrs) => {
    const shapes = Object.values(inputs).map((x) => x.shape);
    backend_util.assertParamsConsistent(shapes, util.parseAxisParam(attrs.axis as number, shapes[0])[0]);
  },
  Pack: (inputs, attrs) => {
    const all = Object.values(inputs);
    if (all.length === 1) return;
    const [{ shape, dtype }] = all;
    for (const x of all) {
      util.assertShapesMatch(shape, x.shape, 'All tensors passed to stack must have matching shapes');
      util.assert(dtype === x.dtype, () => 'All tensors passed to stack must have matching dtypes');
    }
    const [axis, rank] = [attrs.axis as number, shape.length];
    util.assert(axis >= -rank - 1, () => `Axis must be in the interval [${-rank - 1}, ${rank}]`);
  },
  SplitV: ({ x }, attrs) => {
    const axis = util.parseAxisParam(attrs.axis as number, x.shape)[0];
    const sizes = backend_util.prepareSplitSize(x as never, attrs.numOrSizeSplits as number[], axis);
    if (sizes.every((size) => size >= 0)) return;
    // Their sum is right all the same, so another is larger than x.
    throw new ShapeError(`split: expected sizes of 0 and more, or one -1 for the rest; got [${sizes}] of [${x.shape}]`);
  },
  FusedBatchNorm: ({ mean, variance, offset, scale }) => {
    for (const [name, x] of Object.entries({ variance, offset, scale })) {
      util.assert(
        x === undefined || x === null || x.shape.length === mean.shape.length,
        () => `Batch normalization gradient requires mean and ${name} to have equal ranks.`,
      );
    }
  },
  Transpose: ({ x }, attrs) => {
    const perm = attrs.perm as number[];
    if (perm.length === x.shape.length && x.shape.every((_, axis) => perm.includes(axis))) return;
    // Another walks beside x; of an axis named twice `cpu` makes nonsense.
    throw new ShapeError(`transpose: expected every axis of x once; got perm [${perm}] and x [${x.shape}]`);
  },
  UnsortedSegmentSum: ({ x, segmentIds }) => checkSegments(x, segmentIds),
  Sum: ({ x }, { axis }) => checkAxes('sum', x, axis),
  Mean: ({ x }, { axis }) => checkAxes('mean', x, axis),
  Max: ({ x }, { reductionIndices }) => checkAxes('max', x, reductionIndices),
};

/** @returns the shape of the product. */
function checkProduct(a: TensorInfo, b: TensorInfo, transposeA: boolean, transposeB: boolean): number[] {
  if (a.shape.length < 2 || b.shape.length < 2) {
    throw new ShapeError(
      `matMul: expected matrices, or batches of them; got shapes [${a.shape}] and [${b.shape}]; reshape a vector to [1, n] or [n, 1]`,
    );
  }
  const [rowsA, columnsA] = a.shape.slice(-2);
  const [rowsB, columnsB] = b.shape.slice(-2);
  const outer = broadcast_util.assertAndGetBroadcastShape(a.shape.slice(0, -2), b.shape.slice(0, -2));
  const innerA = transposeA ? rowsA : columnsA;
  const innerB = transposeB ? columnsB : rowsB;
  util.assert(
    innerA === innerB,
    () =>
      `Error in matMul: inner shapes (${innerA}) and (${innerB}) of Tensors with shapes ${a.shape} and ${b.shape} and transposeA=${transposeA} and transposeB=${transposeB} must match.`,
  );
  return [...outer, transposeA ? columnsA : rowsA, transposeB ? rowsB : columnsB];
}

/** An axis named twice: `cpu` returns nonsense, or throws over its own reshape. */
function checkAxes(op: string, x: TensorInfo, axis: unknown): void {
  const axes = util.parseAxisParam(axis as number | number[], x.shape);
  if (new Set(axes).size === axes.length) return;
  throw new ShapeError(`${op}: expected each axis once; got axes [${axis}] of shape [${x.shape}]; name an axis once`);
}
