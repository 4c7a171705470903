import * as tf from '@tensorflow/tfjs-core';
import { B, F, I, type Input, type KernelCases, kernel, type OpCase, P, V } from './op-case.ts';

type Reduction = (x: tf.Tensor, axis?: number | number[], keepDims?: boolean) => tf.Tensor;

/** Shapes with axes: one, several, scattered, all; and axes of length one and zero. */
const AXES: readonly (readonly [readonly number[], readonly number[] | undefined])[] = [
  [[], undefined],
  [[1], [0]],
  [[5000], [0]],
  [[7], undefined],
  [[3, 5], [0]],
  [[3, 5], [1]],
  [[3, 5], [-1]],
  [[3, 5], undefined],
  [[2, 3, 4], [1]],
  [
    [2, 3, 4],
    [0, 2],
  ],
  [
    [2, 3, 4],
    [1, 2],
  ],
  [
    [2, 3, 4],
    [2, 0],
  ],
  [
    [2, 3, 2, 3, 2],
    [1, 3],
  ],
  [[4, 1, 9], [1]],
  [[3000, 9], [0]],
  [[17, 1100], [1]],
  [[40, 1000], undefined],
];

const EMPTY: readonly (readonly [readonly number[], readonly number[] | undefined])[] = [
  [[0], [0]],
  [[2, 0], [0]],
  [[2, 0], [1]],
  [[0, 3], undefined],
];

const WITH_NAN = V([1, Number.NaN, 3, 4, 5, 6, Number.POSITIVE_INFINITY, 8, 9, Number.NEGATIVE_INFINITY, 2, 1], [2, 6]);

interface Options {
  readonly draw?: (shape: readonly number[]) => Input;
  readonly gradient?: boolean;
  readonly others?: readonly ((shape: readonly number[]) => Input)[];
  readonly empty?: boolean;
  readonly small?: boolean;
  /** The gradient of TensorFlow.js takes no negative axis. */
  readonly positive?: boolean;
}

function reduction(
  f: Reduction,
  { draw = F, gradient = true, others = [], empty = true, small = false, positive = false }: Options = {},
): readonly OpCase[] {
  const fits = ([shape]: readonly [readonly number[], unknown]): boolean =>
    !small || tf.util.sizeFromShape([...shape]) < 200;
  const call = (axis: readonly number[] | undefined, keep: boolean) => (x: tf.Tensor) => f(x, axis && [...axis], keep);
  const problems = [...AXES.filter(fits), ...(empty ? EMPTY : [])];
  return [
    ...problems.flatMap(([shape, axis]) =>
      [false, true].map((keep) => ({
        inputs: [draw(shape)],
        run: call(axis, keep),
        gradient: gradient && !(positive && axis?.includes(-1)),
      })),
    ),
    ...[[0], [1], undefined].map((axis) => ({ inputs: [WITH_NAN], run: call(axis, false) })),
    ...others.flatMap((other) => AXES.map(([shape, axis]) => ({ inputs: [other(shape)], run: call(axis, false) }))),
  ];
}

/** Reductions to indices take one axis. */
function indices(f: (x: tf.Tensor, axis?: number) => tf.Tensor): KernelCases {
  const problems: readonly (readonly [readonly number[], number])[] = [
    [[1], 0],
    [[7], 0],
    [[3, 5], 0],
    [[3, 5], 1],
    [[2, 3, 4], 1],
    [[2, 3, 4], -1],
    [[300, 70], 1],
  ];
  return kernel([
    ...problems.flatMap(([shape, axis]) =>
      [F(shape), I(shape, 0, 3)].map((x) => ({
        inputs: [x],
        run: (t: tf.Tensor) => f(t, axis),
        gradient: x.dtype === 'float32',
      })),
    ),
    { inputs: [WITH_NAN], run: (t) => f(t, 1) },
  ]);
}

const DIRECTIONS = [
  [false, false],
  [true, false],
  [false, true],
  [true, true],
] as const;

const SCANS: readonly (readonly [readonly number[], number])[] = [
  [[7], 0],
  [[3, 5], 0],
  [[3, 5], 1],
  [[2, 3, 4], 1],
  [[2, 0], 1],
];

const cumulative = (f: typeof tf.cumsum, gradient: boolean): KernelCases =>
  kernel(
    SCANS.flatMap(([shape, axis]) =>
      DIRECTIONS.flatMap(([exclusive, reverse]): OpCase[] => {
        const run = (x: tf.Tensor) => f(x, axis, exclusive, reverse);
        return [
          // The gradient of TensorFlow.js is right for the last axis alone.
          { inputs: [P(shape)], run, gradient: gradient && axis === shape.length - 1 },
          { inputs: [I(shape, -3, 3)], run },
        ];
      }),
    ),
    1e-6,
    1,
  );

const softmaxes = (f: (x: tf.Tensor) => tf.Tensor, floor: number): KernelCases =>
  kernel(
    [[7], [3, 5], [2, 3, 4], [1, 1], [5, 300], [2, 0, 3], [700, 50]]
      .map((shape): OpCase => ({ inputs: [F(shape, 3)], run: f, gradient: true }))
      .concat([
        { inputs: [V([1e4, 0, -1e4, 1e4], [2, 2])], run: f },
        { inputs: [V([Number.NaN, 0, 1, 2], [2, 2])], run: f },
        { inputs: [V([Number.NEGATIVE_INFINITY, 0, 1, 2], [2, 2])], run: f },
        { inputs: [V([1, Number.POSITIVE_INFINITY, 1, 2], [2, 2])], run: f },
        {
          inputs: [V([Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY, 1, 2], [2, 2])],
          run: f,
        },
      ]),
    3e-6,
    floor,
  );

export const reductions: Readonly<Record<string, KernelCases>> = {
  All: kernel(
    reduction(tf.all as Reduction, { draw: B, gradient: false }).filter(({ inputs }) => inputs[0].dtype === 'bool'),
  ),
  Any: kernel(
    reduction(tf.any as Reduction, { draw: B, gradient: false }).filter(({ inputs }) => inputs[0].dtype === 'bool'),
  ),
  ArgMax: indices(tf.argMax),
  ArgMin: indices(tf.argMin),
  Bincount: kernel(
    [
      { inputs: [I([40], 0, 6), V([])], run: (x, w) => tf.bincount(x, w, 9) },
      { inputs: [I([40], 0, 6), F([40])], run: (x, w) => tf.bincount(x, w, 5) },
    ],
    1e-6,
    1,
  ),
  Cumprod: cumulative(tf.cumprod, false),
  Cumsum: cumulative(tf.cumsum, true),
  DenseBincount: kernel(
    [
      { inputs: [I([40], 0, 6), F([40])], run: (x, w) => tf.denseBincount(x, w, 9) },
      { inputs: [I([4, 10], 0, 6), V([], [0])], run: (x, w) => tf.denseBincount(x, w, 9) },
      { inputs: [I([4, 10], 0, 6), V([], [0])], run: (x, w) => tf.denseBincount(x, w, 9, true) },
    ],
    1e-6,
    1,
  ),
  Max: kernel(reduction(tf.max as Reduction, { others: [I], empty: false })),
  Mean: kernel(reduction(tf.mean as Reduction, { others: [I], empty: false }), 2e-6, 1),
  Min: kernel(reduction(tf.min as Reduction, { others: [I], empty: false })),
  Prod: kernel(
    reduction(tf.prod as Reduction, {
      draw: (s) => F(s, 0.2, 1),
      small: true,
      positive: true,
      gradient: true,
      others: [(s) => I(s, 1, 2)],
    }).filter(({ inputs }) => tf.util.sizeFromShape([...inputs[0].shape]) < 60),
    2e-6,
  ),
  Softmax: softmaxes((x) => tf.softmax(x), 1e-4),
  // A sum of n numbers near one may cancel to nothing: the bound is relative to the root of their number.
  Sum: kernel(reduction(tf.sum as Reduction, { others: [I, B] }), 2e-6, 200),
  TopK: kernel(
    [[7], [3, 5], [2, 3, 9], [1, 4000]].flatMap((shape) =>
      [F(shape), I(shape, 0, 3)].flatMap((x) =>
        [1, 3].map((k) => ({ inputs: [x], run: (t: tf.Tensor) => Object.values(tf.topk(t, k, true)) })),
      ),
    ),
  ),
  Unique: kernel([
    { inputs: [I([40], 0, 9)], run: (x) => Object.values(tf.unique(x)) },
    { inputs: [I([6, 2], 0, 1)], run: (x) => Object.values(tf.unique(x, 0)) },
    { inputs: [V([3, 1, 3, 2.5, 1])], run: (x) => Object.values(tf.unique(x)) },
  ]),
};

/** Gradients that TensorFlow.js registers for ops that have no kernel of their own. */
export const composedGradients: Readonly<Record<string, KernelCases>> = {
  LogSoftmax: softmaxes((x) => tf.logSoftmax(x), 1),
};
