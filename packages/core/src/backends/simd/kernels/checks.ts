import { backend_util, broadcast_util, type TensorInfo, util } from '@tensorflow/tfjs-core';
import { ShapeError } from '../../../errors.ts';
import { checkSegments } from '../../composed/segment-sum.ts';
import type { Attributes, Inputs } from './types.ts';

type Check = (inputs: Inputs, attrs: Attributes) => void;

/**
 * What the stock kernels of `cpu` refuse, by kernel: ours replace them and must refuse it too, as an op of
 * TensorFlow.js leaves these checks to its kernel. The asserts are those of TensorFlow.js where it exports
 * them, the words its own. Kernels that are not listed refuse what they must by themselves, or take every shape
 * that their op lets through.
 */
export const stockChecks: Readonly<Record<string, Check>> = {
  BatchMatMul: ({ a, b }, attrs) => checkProduct(a, b, Boolean(attrs.transposeA), Boolean(attrs.transposeB)),
  _FusedMatMul: ({ a, b, bias }, attrs) => {
    checkProduct(a, b, Boolean(attrs.transposeA), Boolean(attrs.transposeB));
    if (bias) broadcast_util.assertAndGetBroadcastShape(productShape(a, b, attrs), bias.shape);
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
  PadV2: ({ x }, attrs) => {
    const paddings = attrs.paddings as readonly (readonly number[])[];
    if (paddings.length === x.shape.length) return;
    // `cpu` makes a tensor of another rank, or of no size that is a number.
    throw new ShapeError(
      `pad: expected two widths for each axis of x; got ${JSON.stringify(paddings)} and x [${x.shape}]`,
    );
  },
  UnsortedSegmentSum: ({ x, segmentIds }) => checkSegments(x, segmentIds),
  Sum: ({ x }, { axis }) => checkAxes('sum', x, axis),
  Mean: ({ x }, { axis }) => checkAxes('mean', x, axis),
  Max: ({ x }, { reductionIndices }) => checkAxes('max', x, reductionIndices),
};

function checkProduct(
  { shape: a }: TensorInfo,
  { shape: b }: TensorInfo,
  transposeA: boolean,
  transposeB: boolean,
): void {
  const [ra, rb] = [a.length, b.length];
  if (ra < 2 || rb < 2) {
    throw new ShapeError(
      `matMul: expected matrices, or batches of them; got shapes [${a}] and [${b}]; reshape a vector to [1, n] or [n, 1]`,
    );
  }
  // Called before every product: nothing is made for two matrices.
  if (ra > 2 || rb > 2) broadcast_util.assertAndGetBroadcastShape(a.slice(0, -2), b.slice(0, -2));
  const innerA = transposeA ? a[ra - 2] : a[ra - 1];
  const innerB = transposeB ? b[rb - 1] : b[rb - 2];
  util.assert(
    innerA === innerB,
    () =>
      `Error in matMul: inner shapes (${innerA}) and (${innerB}) of Tensors with shapes ${a} and ${b} and transposeA=${transposeA} and transposeB=${transposeB} must match.`,
  );
}

function productShape({ shape: a }: TensorInfo, { shape: b }: TensorInfo, attrs: Attributes): number[] {
  const outer = broadcast_util.assertAndGetBroadcastShape(a.slice(0, -2), b.slice(0, -2));
  return [...outer, a[a.length - (attrs.transposeA ? 1 : 2)], b[b.length - (attrs.transposeB ? 2 : 1)]];
}

/** An axis named twice: `cpu` returns nonsense, or throws over its own reshape. */
function checkAxes(op: string, x: TensorInfo, axis: unknown): void {
  // None means all of them, each once; a range is checked where the axes are used.
  if (!Array.isArray(axis) || axis.length < 2) return;
  const axes = util.parseAxisParam(axis as number[], x.shape);
  if (new Set(axes).size === axes.length) return;
  throw new ShapeError(`${op}: expected each axis once; got axes [${axis}] of shape [${x.shape}]; name an axis once`);
}
