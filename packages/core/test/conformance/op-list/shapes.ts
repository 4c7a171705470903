import * as tf from '@tensorflow/tfjs-core';
import { B, F, I, type Input, type KernelCases, kernel, type OpCase, P, V } from './op-case.ts';

type Call = (...xs: tf.Tensor[]) => tf.Tensor | tf.Tensor[];

/** The same call on float32 (with gradient), int32 and bool. */
function every(
  shapes: readonly (readonly number[])[],
  run: Call,
  types: readonly string[] = ['float32', 'int32', 'bool'],
): OpCase[] {
  const draws: Readonly<Record<string, (shape: readonly number[]) => Input>> = { float32: F, int32: I, bool: B };
  return types.map((dtype) => ({ inputs: shapes.map(draws[dtype]), run, gradient: dtype === 'float32' }));
}

const one = (
  shape: readonly number[],
  run: (x: tf.Tensor) => tf.Tensor | tf.Tensor[],
  types?: readonly string[],
): OpCase[] => every([shape], run as Call, types);

const NUMBERS = ['float32', 'int32'];

const concat = (shapes: readonly (readonly number[])[], axis: number): OpCase[] =>
  every(shapes, (...xs) => tf.concat(xs, axis));

const permutations = (n: number): number[][] =>
  n === 0 ? [[]] : permutations(n - 1).flatMap((p) => Array.from({ length: n }, (_, i) => p.toSpliced(i, 0, n - 1)));

export const shapes: Readonly<Record<string, KernelCases>> = {
  BatchToSpaceND: kernel([
    ...one(
      [4, 2, 2, 3],
      (x) =>
        tf.batchToSpaceND(
          x,
          [2, 2],
          [
            [0, 0],
            [0, 0],
          ],
        ),
      NUMBERS,
    ),
    ...one(
      [8, 2, 2],
      (x) =>
        tf.batchToSpaceND(
          x,
          [2, 2],
          [
            [1, 0],
            [0, 1],
          ],
        ),
      NUMBERS,
    ),
  ]),
  BroadcastArgs: kernel([{ inputs: [V([2, 1, 4], [3], 'int32'), V([3, 1], [2], 'int32')], run: tf.broadcastArgs }]),
  Concat: kernel([
    ...concat(
      [
        [3, 2],
        [3, 5],
      ],
      1,
    ),
    ...concat(
      [
        [3, 2],
        [4, 2],
        [1, 2],
      ],
      0,
    ),
    ...concat(
      [
        [2, 3, 4],
        [2, 5, 4],
      ],
      1,
    ),
    ...concat(
      [
        [2, 3, 4],
        [2, 3, 1],
        [2, 3, 7],
      ],
      -1,
    ),
    ...concat(
      [
        [2, 0],
        [2, 3],
      ],
      1,
    ),
    ...concat([[0], [0]], 0),
    ...concat(
      [
        [700, 40],
        [700, 3],
      ],
      1,
    ),
    { inputs: [F([2, 3]), F([2, 3])], run: (a: tf.Tensor2D, b: tf.Tensor2D) => tf.concat([a, b]), gradient: true },
  ]),
  DepthToSpace: kernel([
    ...one([2, 3, 3, 8], (x) => tf.depthToSpace(x as tf.Tensor4D, 2, 'NHWC'), ['float32']).map((kase) => ({
      ...kase,
      gradient: false,
    })),
  ]),
  Diag: kernel([[1], [5]].flatMap((shape) => one(shape, tf.diag).map((kase) => ({ ...kase, gradient: false })))),
  ExpandDims: kernel([0, 1, -1].flatMap((axis) => one([3, 4], (x) => tf.expandDims(x, axis)))),
  Fill: kernel([
    ...[[], [0], [3, 5], [20_001]].flatMap((shape): OpCase[] => [
      { inputs: [], run: () => tf.fill(shape, 0.1) },
      { inputs: [], run: () => tf.fill(shape, 3, 'int32') },
      { inputs: [], run: () => tf.fill(shape, Number.NaN) },
    ]),
  ]),
  GatherNd: kernel([
    { inputs: [F([3, 4]), V([0, 1, 2, 3, 1, 0], [3, 2], 'int32')], run: tf.gatherND },
    { inputs: [I([3, 4]), V([2, 0], [2, 1], 'int32')], run: tf.gatherND },
    { inputs: [F([5, 2, 3]), I([7, 2], 0, 1)], run: tf.gatherND },
  ]),
  GatherV2: kernel(
    [F, I, B].flatMap((draw): OpCase[] => {
      const gather = (
        shape: readonly number[],
        ids: readonly number[],
        bound: number,
        axis = 0,
        batch = 0,
      ): OpCase => ({
        inputs: [draw(shape), I(ids, 0, bound - 1)],
        run: (x: tf.Tensor, i: tf.Tensor1D) => tf.gather(x, i, axis, batch),
        gradient: draw === F && tf.util.sizeFromShape([...ids]) > 0 && [0],
      });
      return [
        gather([6, 5], [9], 6),
        gather([6, 5], [2, 3], 5, 1),
        gather([6, 5, 4], [3], 5, 1),
        gather([7], [], 7),
        gather([6, 5], [0], 6),
        gather([70, 300], [60], 70),
        { ...gather([3, 5, 2], [3, 4], 5, 1, 1), gradient: draw === F && [0] },
      ];
    }),
    1e-6,
  ),
  LinSpace: kernel([
    { inputs: [], run: () => tf.linspace(-1, 3, 17) },
    { inputs: [], run: () => tf.linspace(2, 2, 1) },
  ]),
  MirrorPad: kernel([
    ...one([4, 5], (x) =>
      tf.mirrorPad(
        x,
        [
          [1, 2],
          [3, 0],
        ],
        'reflect',
      ),
    ),
    ...one([4, 5], (x) =>
      tf.mirrorPad(
        x,
        [
          [1, 2],
          [5, 1],
        ],
        'symmetric',
      ),
    ),
  ]),
  OneHot: kernel([
    { inputs: [I([7], -1, 5)], run: (x) => tf.oneHot(x, 5), gradient: [0] },
    { inputs: [I([2, 3], 0, 3)], run: (x) => tf.oneHot(x, 4, 2, -1, 'float32') },
    { inputs: [I([600], 0, 99)], run: (x) => tf.mul(tf.cast(tf.oneHot(x, 100), 'float32'), 0.5) },
  ]),
  Pack: kernel([
    ...[0, 1, -1].flatMap((axis) =>
      every(
        [
          [2, 3],
          [2, 3],
          [2, 3],
        ],
        (...xs) => tf.stack(xs, axis),
      ),
    ),
    ...every([[], []], (...xs) => tf.stack(xs)),
  ]),
  PadV2: kernel([
    ...one(
      [3, 4],
      (x) =>
        tf.pad(
          x,
          [
            [1, 2],
            [0, 3],
          ],
          2,
        ),
      NUMBERS,
    ),
    ...one(
      [3, 4],
      (x) =>
        tf.pad(x, [
          [0, 0],
          [0, 0],
        ]),
      NUMBERS,
    ),
    ...one(
      [2, 3, 4, 5],
      (x) =>
        tf.pad(x, [
          [0, 0],
          [1, 1],
          [1, 1],
          [0, 0],
        ]),
      NUMBERS,
    ),
    ...one(
      [0, 3],
      (x) =>
        tf.pad(
          x,
          [
            [1, 1],
            [0, 1],
          ],
          0.5,
        ),
      NUMBERS,
    ),
    ...one([5], (x) => tf.pad(x, [[9000, 9000]]), NUMBERS),
  ]),
  Range: kernel([
    { inputs: [], run: () => tf.range(0, 10, 3) },
    { inputs: [], run: () => tf.range(5, -2, -1.5) },
    { inputs: [], run: () => tf.range(0, 5, 1, 'int32') },
  ]),
  Reshape: kernel([
    ...one([3, 4], (x) => tf.reshape(x, [2, -1])),
    ...one([], (x) => tf.reshape(x, [1, 1])),
    ...one([0, 3], (x) => tf.reshape(x, [3, 0])),
  ]),
  Reverse: kernel([
    ...[[0], [1], [0, 2], [-1]].flatMap((axis) => one([2, 3, 4], (x) => tf.reverse(x, axis))),
    ...one([], (x) => tf.reverse(x)),
  ]),
  ScatterNd: kernel(
    [
      { inputs: [V([4, 3, 1, 7], [4, 1], 'int32'), F([4])], run: (i, u) => tf.scatterND(i, u, [8]) },
      { inputs: [V([1, 1, 0], [3, 1], 'int32'), F([3, 4])], run: (i, u) => tf.scatterND(i, u, [2, 4]) },
      { inputs: [V([1, 1, 0], [3, 1], 'int32'), I([3, 4])], run: (i, u) => tf.scatterND(i, u, [2, 4]) },
    ],
    1e-6,
    1,
  ),
  SearchSorted: kernel([
    { inputs: [V([0, 3, 9, 9, 10], [1, 5]), V([0, 4, 10, 9], [1, 4])], run: (s, v) => tf.searchSorted(s, v, 'left') },
    { inputs: [V([0, 3, 9, 9, 10], [1, 5]), V([0, 4, 10, 9], [1, 4])], run: (s, v) => tf.searchSorted(s, v, 'right') },
  ]),
  Slice: kernel([
    ...one([7], (x) => tf.slice(x, [2], [3])),
    ...one([3, 5], (x) => tf.slice(x, [1, 2], [2, 2])),
    ...one([3, 5], (x) => tf.slice(x, [1], [-1])),
    ...one([2, 3, 4], (x) => tf.slice(x, [0, 1, 1], [2, 1, 3])),
    ...one([2, 3, 4], (x) => tf.slice(x, [1, 0, 0], [0, 3, 4])),
    ...one([2, 3, 2, 3, 2], (x) => tf.slice(x, [0, 1, 0, 1, 0], [2, 2, 1, 2, 2])),
    ...one([2, 3, 2, 2, 3, 2], (x) => tf.slice(x, [0, 1, 0, 1, 1, 0], [2, 2, 1, 1, 2, 2])),
    ...one([600, 90], (x) => tf.slice(x, [3, 7], [590, 80])),
  ]),
  SpaceToBatchND: kernel([
    ...one(
      [1, 4, 4, 3],
      (x) =>
        tf.spaceToBatchND(
          x,
          [2, 2],
          [
            [0, 0],
            [0, 0],
          ],
        ),
      NUMBERS,
    ),
    ...one(
      [2, 3, 4],
      (x) =>
        tf.spaceToBatchND(
          x,
          [2, 2],
          [
            [1, 0],
            [0, 0],
          ],
        ),
      NUMBERS,
    ),
  ]),
  SparseToDense: kernel([
    { inputs: [V([4, 3, 1, 7], [4], 'int32'), F([4])], run: (i, v) => tf.sparseToDense(i, v, [8]) },
    {
      inputs: [V([0, 1, 1, 2], [2, 2], 'int32'), F([2])],
      run: (i, v) => tf.sparseToDense(i, v, [3, 4], tf.scalar(0.5)),
    },
    {
      inputs: [V([0, 1, 1, 2], [2, 2], 'int32'), I([2])],
      run: (i, v) => tf.sparseToDense(i, v, [3, 4], tf.scalar(7, 'int32')),
    },
  ]),
  SplitV: kernel([
    ...one([6, 4], (x) => tf.split(x, 3, 0)),
    ...one([6, 4], (x) => tf.split(x, [1, 3], 1)),
    ...one([2, 3, 8], (x) => tf.split(x, [1, 0, 7], -1)),
    ...one([2, 0], (x) => tf.split(x, 2, 0)),
    ...one([500, 60], (x) => tf.split(x, [20, 40], 1)),
  ]),
  StridedSlice: kernel([
    ...[[9], [4, 6]].flatMap((shape) => {
      const rest = shape.slice(1);
      const each = (first: number, others: number): number[] => [first, ...rest.map(() => others)];
      return [
        ...one(shape, (x) => tf.stridedSlice(x, each(1, 0), each(9, 6), each(2, 3))),
        ...one(shape, (x) => tf.stridedSlice(x, each(-1, 5), each(-4, 0), each(-1, -2))),
        ...one(shape, (x) => tf.stridedSlice(x, each(0, 0), each(9, 6), each(1, 1), 1, 1)),
      ].map((kase) => ({ ...kase, gradient: false }));
    }),
  ]),
  TensorScatterUpdate: kernel([
    { inputs: [F([8]), V([4, 3, 1, 7], [4, 1], 'int32'), F([4])], run: tf.tensorScatterUpdate },
    { inputs: [I([3, 4]), V([1, 0], [2, 1], 'int32'), I([2, 4])], run: tf.tensorScatterUpdate },
  ]),
  Tile: kernel([
    ...one([3], (x) => tf.tile(x, [4])),
    ...one([2, 3], (x) => tf.tile(x, [2, 3])),
    ...one([2, 3, 4], (x) => tf.tile(x, [1, 2, 3])),
    ...one([2, 1, 2, 1, 2], (x) => tf.tile(x, [1, 2, 1, 2, 2])).map((kase) => ({ ...kase, gradient: false })),
    ...one([300, 1], (x) => tf.tile(x, [1, 90])),
    ...one([2, 0], (x) => tf.tile(x, [2, 2])).map((kase) => ({ ...kase, gradient: false })),
  ]),
  Transpose: kernel([
    ...permutations(3).flatMap((perm) => one([2, 3, 4], (x) => tf.transpose(x, perm))),
    ...one([5, 7], (x) => tf.transpose(x)),
    ...one([0, 3], (x) => tf.transpose(x)),
    ...one([], (x) => tf.transpose(x)),
    ...one([2, 3, 2, 3], (x) => tf.transpose(x, [0, 2, 1, 3])),
    ...one([2, 3, 2, 3, 2], (x) => tf.transpose(x, [4, 2, 0, 1, 3])),
    ...one([2, 3, 2, 2, 2, 3], (x) => tf.transpose(x, [5, 3, 1, 4, 2, 0])),
    ...one([130, 257], (x) => tf.transpose(x)),
  ]),
  Unpack: kernel([
    ...[0, 1, -1].flatMap((axis) => one([2, 3, 4], (x) => tf.unstack(x, axis))),
    ...one([3], (x) => tf.unstack(x)),
  ]),
  UnsortedSegmentSum: kernel(
    [
      { inputs: [F([9, 4]), I([9], -1, 5)], run: (x, s) => tf.unsortedSegmentSum(x, s, 6), gradient: [0] },
      { inputs: [F([9]), I([9], 0, 3)], run: (x, s) => tf.unsortedSegmentSum(x, s, 6), gradient: [0] },
      { inputs: [I([9, 4]), I([9], 0, 5)], run: (x, s) => tf.unsortedSegmentSum(x, s, 6) },
      { inputs: [P([4, 3]), I([4], 0, 0)], run: (x, s) => tf.unsortedSegmentSum(x, s, 1), gradient: [0] },
      { inputs: [F([0, 3]), I([0], 0, 0)], run: (x, s) => tf.unsortedSegmentSum(x, s, 2) },
    ],
    2e-6,
    1,
  ),
};
