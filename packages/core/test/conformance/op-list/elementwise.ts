import * as tf from '@tensorflow/tfjs-core';
import { B, F, I, type Input, type KernelCases, kernel, type OpCase, P, U, V } from './op-case.ts';

// A scalar, empties, lengths around a vector, several axes, and more than one task of the simd
// backend (16,384 elements).
const SHAPES = [
  [],
  [0],
  [7],
  [3, 5],
  [2, 0, 3],
  [4, 1, 9],
  [2, 3, 4, 5],
  [2, 1, 3, 2, 2],
  [1, 2, 1, 3, 2, 2],
  [17_001],
];

const SPECIAL = [
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  ...[0, -0, 1, -1, 0.5, -0.5, 1.5, 2.5, -2.5, 6, 7, 88, 89, -87, -89, -110, 100, -100, 1e30, -1e30, 1e-30, 3e9, -3e9],
];

type Unary = (x: tf.Tensor) => tf.Tensor;
type Binary = (a: tf.Tensor, b: tf.Tensor) => tf.Tensor;

interface UnaryOptions {
  readonly domain?: (shape: readonly number[]) => Input;
  readonly gradient?: boolean;
  readonly int32?: boolean;
  readonly floor?: number;
}

/** Rounding of the elementary functions; JavaScript computes in float64. */
const ROUNDING = 4e-7;
/** Below this the exponential of ours is zero or the least normal number, where JavaScript has denormals. */
const TINY = 1e-30;

function unary(
  f: Unary,
  bound = 0,
  { domain = F, gradient = true, int32 = false, floor = TINY }: UnaryOptions = {},
): KernelCases {
  const cases: OpCase[] = SHAPES.map((shape) => ({ inputs: [domain(shape)], run: f, gradient }));
  cases.push({ inputs: [V(SPECIAL)], run: f });
  if (int32) cases.push(...[[], [0], [3, 5], [20_000]].map((shape) => ({ inputs: [I(shape)], run: f })));
  return kernel(cases, bound, bound === 0 ? undefined : floor);
}

const bools = (f: Unary): KernelCases => kernel(SHAPES.map((shape) => ({ inputs: [B(shape)], run: f })));

/** Equal shapes, scalars, rows, columns, both sides repeated, middle axes, an empty side, many axes. */
const PAIRS: readonly (readonly [readonly number[], readonly number[]])[] = [
  [[], []],
  [[5], []],
  [[], [2, 3]],
  [
    [3, 7],
    [3, 7],
  ],
  [[4, 9], [9]],
  [[9], [4, 9]],
  [
    [4, 9],
    [4, 1],
  ],
  [
    [4, 1],
    [4, 9],
  ],
  [
    [4, 1],
    [1, 9],
  ],
  [
    [2, 3, 4, 5],
    [3, 1, 5],
  ],
  [
    [2, 3, 4],
    [2, 1, 4],
  ],
  [
    [2, 1, 4],
    [1, 3, 1],
  ],
  [
    [0, 3],
    [1, 3],
  ],
  [
    [2, 0],
    [2, 1],
  ],
  [[0], []],
  [
    [2, 1, 3, 1, 2, 2],
    [2, 1, 4, 1, 2],
  ],
  [[70, 257], [257]],
  [[17_001], [17_001]],
];

interface BinaryOptions {
  readonly left?: (shape: readonly number[]) => Input;
  readonly right?: (shape: readonly number[]) => Input;
  readonly gradient?: boolean | readonly number[];
  readonly int32?: boolean;
  readonly special?: boolean;
  readonly floor?: number;
  /** The gradient of TensorFlow.js takes no broadcasting. */
  readonly sameShape?: boolean;
}

function binary(
  f: Binary,
  bound = 0,
  {
    left = F,
    right = F,
    gradient = true,
    int32 = false,
    special = true,
    floor = TINY,
    sameShape = false,
  }: BinaryOptions = {},
): KernelCases {
  const differentiable = (a: readonly number[], b: readonly number[]): boolean =>
    // Gradients of TensorFlow.js fail on a broadcast to nothing.
    sameShape ? String(a) === String(b) : ![...a, ...b].includes(0);
  const cases: OpCase[] = PAIRS.map(([a, b]) => ({
    inputs: [left(a), right(b)],
    run: f,
    gradient: differentiable(a, b) && gradient,
  }));
  const n = SPECIAL.length;
  if (special) cases.push({ inputs: [V(SPECIAL, [n, 1]), V(SPECIAL, [1, n])], run: f });
  if (int32) {
    const nonZero = (shape: readonly number[]): Input => I(shape, 1, 9);
    cases.push(...PAIRS.map(([a, b]) => ({ inputs: [I(a), nonZero(b)], run: f })));
  }
  return kernel(cases, bound, bound === 0 ? undefined : floor);
}

const compared = (f: Binary, gradient = false): KernelCases => {
  // Whole numbers, so that equal pairs occur.
  const rounded = (a: tf.Tensor, b: tf.Tensor): tf.Tensor => f(tf.round(a), tf.round(b));
  return kernel([
    ...binary(rounded, 0, { gradient, sameShape: true }).cases,
    ...PAIRS.map(([a, b]) => ({ inputs: [I(a, -2, 2), I(b, -2, 2)], run: f })),
    ...PAIRS.map(([a, b]) => ({ inputs: [B(a), B(b)], run: f })),
  ]);
};

const logical = (f: Binary): KernelCases => kernel(PAIRS.map(([a, b]) => ({ inputs: [B(a), B(b)], run: f })));

// A condition a row: the kernel takes it, tf.where does not.
const select = (condition: tf.Tensor, t: tf.Tensor, e: tf.Tensor): tf.Tensor =>
  tf.engine().runKernel('Select', { condition, t, e });

const above = (shape: readonly number[]): Input => P(shape, 1.1);

export const elementwise: Readonly<Record<string, KernelCases>> = {
  Abs: unary(tf.abs, 0, { int32: true }),
  Acos: unary(tf.acos, ROUNDING, { domain: U }),
  Acosh: unary(tf.acosh, ROUNDING, { domain: above }),
  Asin: unary(tf.asin, ROUNDING, { domain: U }),
  Asinh: unary(tf.asinh, ROUNDING),
  Atan: unary(tf.atan, ROUNDING),
  Atanh: unary(tf.atanh, ROUNDING, { domain: U }),
  Ceil: unary(tf.ceil),
  ClipByValue: unary((x) => tf.clipByValue(x, -0.5, 0.75), 0, { int32: true }),
  Cos: unary(tf.cos, ROUNDING),
  Cosh: unary(tf.cosh, ROUNDING),
  Elu: unary(tf.elu, ROUNDING, { floor: 1 }),
  EluGrad: unary(tf.elu, ROUNDING, { floor: 1 }),
  Erf: unary(tf.erf, ROUNDING),
  Exp: unary(tf.exp, ROUNDING),
  Expm1: unary(tf.expm1, ROUNDING),
  Floor: unary(tf.floor),
  IsFinite: unary(tf.isFinite),
  IsInf: unary(tf.isInf),
  IsNan: unary(tf.isNaN),
  LeakyRelu: unary((x) => tf.leakyRelu(x, 0.3), ROUNDING),
  Log: unary(tf.log, ROUNDING, { domain: P }),
  Log1p: unary(tf.log1p, ROUNDING, { domain: P }),
  LogicalNot: bools((x) => tf.logicalNot(x)),
  Neg: unary(tf.neg, 0, { int32: true }),
  OnesLike: kernel([...unary(tf.onesLike, 0, { int32: true }).cases, ...bools(tf.onesLike).cases]),
  Reciprocal: unary(tf.reciprocal, ROUNDING, { domain: P }),
  Relu: unary(tf.relu, 0, { int32: true }),
  Relu6: unary(tf.relu6, 0, { int32: true }),
  Round: unary(tf.round),
  Rsqrt: unary(tf.rsqrt, ROUNDING, { domain: P }),
  Selu: unary(tf.selu, ROUNDING),
  Sigmoid: unary(tf.sigmoid, ROUNDING),
  Sign: unary(tf.sign, 0, { int32: true }),
  Sin: unary(tf.sin, ROUNDING),
  Sinh: unary(tf.sinh, ROUNDING),
  Softplus: unary(tf.softplus, ROUNDING),
  Sqrt: unary(tf.sqrt, ROUNDING, { domain: P }),
  Square: unary(tf.square, ROUNDING, { int32: true }),
  Step: unary((x) => tf.step(x, 0.25), ROUNDING),
  Tan: unary(tf.tan, ROUNDING),
  Tanh: unary(tf.tanh, ROUNDING),
  ZerosLike: kernel([...unary(tf.zerosLike, 0, { int32: true }).cases, ...bools(tf.zerosLike).cases]),

  Add: binary(tf.add, ROUNDING, { int32: true }),
  Atan2: binary(tf.atan2, ROUNDING),
  BitwiseAnd: kernel([[3, 5], [0], []].map((s) => ({ inputs: [I(s), I(s)], run: tf.bitwiseAnd }))),
  Equal: compared(tf.equal),
  FloorDiv: binary(tf.floorDiv, 0, { int32: true, right: P }),
  Greater: compared(tf.greater),
  GreaterEqual: compared(tf.greaterEqual, true),
  Less: compared(tf.less),
  LessEqual: compared(tf.lessEqual),
  LogicalAnd: logical(tf.logicalAnd),
  LogicalOr: logical(tf.logicalOr),
  Maximum: binary(tf.maximum, 0, { int32: true, sameShape: true }),
  Minimum: binary(tf.minimum, 0, { int32: true, sameShape: true }),
  Mod: binary(tf.mod, ROUNDING, { int32: true, right: P }),
  Multiply: binary(tf.mul, ROUNDING, { int32: true }),
  NotEqual: compared(tf.notEqual),
  Pow: binary(tf.pow, 1e-6, { left: P, special: false }),
  Prelu: binary(tf.prelu, ROUNDING, { sameShape: true }),
  RealDiv: binary(tf.div, ROUNDING, { int32: true, right: P }),
  SquaredDifference: binary(tf.squaredDifference, 1e-6, { int32: true, sameShape: true }),
  Sub: binary(tf.sub, ROUNDING, { int32: true }),

  AddN: kernel(
    [1, 2, 3, 5].flatMap((n) =>
      [[], [0], [3, 7], [20_001]].map((shape) => ({
        inputs: Array.from({ length: n }, () => F(shape)),
        run: (...xs: tf.Tensor[]) => tf.addN(xs),
        gradient: true,
      })),
    ),
    ROUNDING,
    1,
  ),
  Cast: kernel(
    [[], [0], [3, 7], [20_001]].flatMap((shape): OpCase[] =>
      (['float32', 'int32', 'bool'] as const).flatMap((dtype) => [
        // Arithmetic after the cast shows whether the bits are of the new type.
        ...[F(shape, 3), I(shape), B(shape)].map((x) => ({ inputs: [x], run: (t: tf.Tensor) => tf.cast(t, dtype) })),
        ...[F(shape, 3), I(shape), B(shape)].map((x) => ({
          inputs: [x],
          run: (t: tf.Tensor) => tf.mul(tf.add(tf.cast(tf.cast(t, dtype), 'float32'), 0.5), 2),
        })),
        { inputs: [F(shape)], run: (t: tf.Tensor) => tf.cast(t, 'float32'), gradient: true },
      ]),
    ),
  ),
  Identity: kernel(
    [F([3, 4]), I([0]), B([5])].map((x) => ({ inputs: [x], run: tf.clone, gradient: x.dtype === 'float32' })),
  ),
  Select: kernel([
    ...[[], [0], [7], [3, 5], [20_001]].flatMap((s): OpCase[] => [
      { inputs: [B(s), F(s), F(s)], run: tf.where, gradient: [1, 2] },
      { inputs: [B(s), I(s), I(s)], run: tf.where },
    ]),
    { inputs: [B([3]), F([3, 4]), F([3, 4])], run: select },
    { inputs: [B([3, 1]), F([3, 4]), F([1, 4])], run: tf.where },
  ]),
};
