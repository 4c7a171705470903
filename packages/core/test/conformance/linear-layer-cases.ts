import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { linearBlocks, linearBlocksAndSkip, linearLayer, linearLayerAndSkip } from '../../src/index.ts';
import * as ref from '../../src/reference/index.ts';
import { firsts, floats, rowCounts, seeds, total, widths } from './arbitraries.ts';
import type { Arrays, KernelCase, Tensors } from './compare.ts';
import {
  edgesOf,
  firstEdges,
  LANES,
  MANY_ROWS,
  PANEL_COLUMNS,
  rowEdges,
  TILE_COLUMNS,
  TILE_ROWS,
  widthEdges,
} from './edges.ts';
import { dropRates, flatStream, spread, stream } from './elementwise-cases.ts';
import { atLimits } from './layer-step-cases.ts';

// Now and then more rows than a block, and than a range of blocks. At least one: the stock wasm backend sums an axis
// of length 0 to uninitialised memory.
const counts = fc.oneof(
  { weight: 4, arbitrary: rowCounts.filter((count) => count > 0) },
  { weight: 1, arbitrary: fc.constantFrom(95, 96, 97, 200, 3200) },
);

interface LayerProblem {
  readonly count: number;
  readonly width: number;
  readonly outputs: number;
  readonly biased: boolean;
  readonly follows: 'nothing' | 'relu' | 'gelu' | 'residual';
  readonly rate: number;
  /** Number of the stream's first word. */
  readonly first: number;
  /** Whether the result has what the map reads beside `y`. */
  readonly skip: boolean;
  /** Whether the map reads the layer norm of x. */
  readonly normed: boolean;
  readonly seed: number;
}

const layers: fc.Arbitrary<LayerProblem> = fc.record({
  count: counts,
  width: widths,
  outputs: widths,
  biased: fc.boolean(),
  follows: fc.constantFrom('nothing', 'relu', 'gelu', 'residual'),
  rate: dropRates,
  first: firsts,
  skip: fc.boolean(),
  normed: fc.boolean(),
  seed: seeds,
});

/** What follows the product, with or without a bias and a norm before it. */
const forms = (['nothing', 'relu', 'gelu', 'residual'] as const).flatMap((follows) =>
  [false, true].flatMap((normed) =>
    [false, true]
      .filter((biased) => follows !== 'relu' || (biased && !normed))
      .map((biased) => ({ follows, normed, biased })),
  ),
);

/** So wide that rows are copied though their lines would spread. */
const FAR = 2049;

function layerEdges(): LayerProblem[] {
  const plain = { biased: true, follows: 'nothing', rate: 0, first: 5, skip: false, normed: true } as const;
  type Paired = Pick<LayerProblem, 'count' | 'width' | 'outputs' | 'rate' | 'first' | 'skip' | 'seed'> & {
    readonly form: (typeof forms)[number];
  };
  const pairs = edgesOf<Paired>({
    ...{ count: rowEdges, width: widthEdges, outputs: widthEdges, form: forms },
    ...{ rate: [0, 0.2], first: firstEdges, skip: [false, true] },
  });
  const limits = edgesOf<LayerProblem>({} as never, [
    { ...plain, count: MANY_ROWS, width: LANES + 1, outputs: PANEL_COLUMNS + 1, rate: 0.2 },
    { ...plain, count: TILE_ROWS + 1, width: FAR - 1, outputs: LANES, normed: false },
    { ...plain, count: TILE_ROWS + 1, width: FAR, outputs: LANES, normed: false },
    // The gradient of the bias is a column more.
    ...atLimits(65).map(([outputs, count]) => ({ ...plain, count, width: 64, outputs, rate: 0.2, skip: true })),
  ]).slice(1);
  return [...pairs.map(({ form, ...rest }) => ({ ...rest, ...form })), ...limits];
}

const EPSILON = 1e-4;

/**
 * Multiples of `1 / unit`: products and sums of few of them are exact, so that every backend agrees which are positive.
 */
function coarse(values: Float32Array, unit: number): Float32Array {
  return values.map((x) => Math.round(x * unit) / unit);
}

/** Odd multiples of 1/128, so that no sum of multiples of 1/64 and one of them is zero. */
function odd(values: Float32Array): Float32Array {
  return values.map((x) => (2 * Math.round(x * 64) + 1) / 128);
}

function map({ count, width, outputs, normed, seed }: LayerProblem): Arrays {
  const x = normed ? spread(seed, count, width) : coarse(floats(seed, 0, count * width), 8);
  return {
    x: { shape: [count, width], values: x },
    w: { shape: [outputs, width], values: coarse(floats(seed, 1, outputs * width, 1 / Math.sqrt(width)), 8) },
    b: { shape: [outputs], values: odd(floats(seed, 2, outputs)) },
  };
}

export const linearLayerCase: KernelCase<LayerProblem> = {
  name: 'linearLayer',
  kernels: ['LinearLayer', 'LinearLayerGrad'],
  bounds: { output: 2e-6, gradients: 4e-6 },
  floor: ({ rate }, tensor) => (tensor === 'w' || tensor === 'b' ? 10 : 1) / (1 - rate),
  // A map without bias meets exact zeros, where a ReLU has no slope to agree on; of a norm it meets anything.
  problem: layers.filter(({ biased, follows, normed }) => follows !== 'relu' || (biased && !normed)),
  edges: layerEdges,
  arrays: (problem) => {
    const { count, outputs, seed } = problem;
    return { ...map(problem), residual: { shape: [count, outputs], values: floats(seed, 3, count * outputs) } };
  },
  run: (problem, { x, w, b, residual }) => {
    const { biased, follows, rate, skip, normed } = problem;
    const options = {
      x: x as tf.Tensor2D,
      w: w as tf.Tensor2D,
      b: biased ? (b as tf.Tensor1D) : undefined,
      norm: normed ? { epsilon: EPSILON } : undefined,
      activation: follows === 'relu' || follows === 'gelu' ? follows : undefined,
      dropout: rate === 0 ? undefined : { rate, stream: stream(problem) },
      residual: follows === 'residual' ? (residual as tf.Tensor2D) : undefined,
    };
    return skip ? tf.tidy(() => beside(linearLayerAndSkip(options))) : linearLayer(options);
  },
  reference: (problem, { x, w, b, residual }, dy) => {
    const { count, width, outputs, biased, follows, rate, skip, normed } = problem;
    const input = {
      ...{ x: x.values, w: w.values, b: biased ? b.values : new Float32Array(outputs), width, rate },
      residual: follows === 'residual' ? residual.values : [],
      activation: activationOf(follows),
      keep: ref.dropoutKeep(flatStream(problem), rate, count * outputs),
      epsilon: normed ? EPSILON : 0,
    };
    const widths = skip ? [outputs, width] : [outputs];
    const [dY, dSkip] = columns(dy, widths);
    const { dx, dw, db } = ref.linearLayerGrad(input, dY, dSkip);
    const gradients: Record<string, ArrayLike<number>> = { x: dx, w: dw };
    if (biased) gradients.b = db;
    if (follows === 'residual') gradients.residual = dY;
    return { output: joined([ref.linearLayer(input), ref.linearLayerRows(input)], widths), gradients };
  },
};

const beside = ({ y, skip }: ReturnType<typeof linearLayerAndSkip>): tf.Tensor2D => tf.concat2d([y, skip], 1);

/** Blocks of columns of a matrix as matrices. */
function columns(matrix: ArrayLike<number>, widths: readonly number[]): Float64Array[] {
  const whole = total(widths);
  let first = 0;
  return widths.map((width) => {
    const from = first;
    first += width;
    const rows = matrix.length / whole;
    return Float64Array.from(
      { length: rows * width },
      (_, i) => matrix[Math.floor(i / width) * whole + from + (i % width)],
    );
  });
}

/** Matrices side by side, the first `widths.length` of them. */
function joined(matrices: readonly ArrayLike<number>[], widths: readonly number[]): Float64Array {
  const rows = matrices[0].length / widths[0];
  const values: number[] = [];
  for (let r = 0; r < rows; r++) {
    widths.forEach((width, m) => {
      for (let i = 0; i < width; i++) values.push(matrices[m][r * width + i]);
    });
  }
  return Float64Array.from(values);
}

function activationOf(follows: LayerProblem['follows']): 'none' | 'relu' | 'gelu' {
  return follows === 'relu' || follows === 'gelu' ? follows : 'none';
}

interface BlocksProblem {
  readonly count: number;
  readonly width: number;
  readonly sizes: readonly number[];
  /** Leaves the first block out of the result, so that its gradient is the zeros that tfjs makes. */
  readonly unused: boolean;
  /** Whether the result has what the map reads beside the blocks. */
  readonly skip: boolean;
  readonly normed: boolean;
  readonly seed: number;
}

const blocks: fc.Arbitrary<BlocksProblem> = fc.record({
  count: counts,
  width: widths,
  sizes: fc.oneof(
    { weight: 4, arbitrary: fc.array(widths, { minLength: 1, maxLength: 4 }) },
    // More outputs than a kernel may have room for.
    { weight: 1, arbitrary: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 19, maxLength: 30 }) },
  ),
  unused: fc.boolean(),
  skip: fc.boolean(),
  normed: fc.boolean(),
  seed: seeds,
});

export const linearBlocksCase: KernelCase<BlocksProblem> = {
  name: 'linearBlocks',
  kernels: ['LinearLayer', 'LinearLayerGrad'],
  bounds: { output: 2e-6, gradients: 4e-6 },
  floor: (_, tensor) => (tensor === 'w' || tensor === 'b' ? 10 : 1),
  problem: blocks,
  edges: () =>
    edgesOf<BlocksProblem>({
      count: rowEdges,
      width: widthEdges,
      sizes: [
        ...widthEdges.map((width) => [width]),
        [TILE_COLUMNS, TILE_COLUMNS + 1, LANES, 1],
        // Around the room for outputs in the argument block.
        ...[18, 19, 20].map((count) => new Array<number>(count).fill(3)),
      ],
      ...{ unused: [false, true], skip: [false, true], normed: [false, true] },
    }),
  arrays: (problem) => map(layerOf(problem)),
  run: ({ sizes, unused, skip, normed }, tensors) =>
    tf.tidy(() => {
      const norm = normed ? { norm: { epsilon: EPSILON } } : {};
      const map = { ...(tensors as Tensors & Parameters<typeof linearBlocks>[0]), ...norm };
      const { blocks, skip: x } = skip ? linearBlocksAndSkip(map, sizes) : { blocks: linearBlocks(map, sizes) };
      const used = unused && blocks.length > 1 ? blocks.slice(1) : [...blocks];
      return tf.concat2d(x === undefined ? used : [...used, x], 1);
    }),
  reference: (problem, { x, w, b }, dy) => {
    const { count, sizes, unused, skip } = problem;
    const layer = layerOf(problem);
    const { width, outputs } = layer;
    const first = unused && sizes.length > 1 ? sizes[0] : 0;
    const keep = new Array<boolean>(count * outputs).fill(true);
    const activation = 'none' as const;
    const epsilon = layer.normed ? EPSILON : 0;
    const input = { x: x.values, w: w.values, b: b.values, width, activation, rate: 0, residual: [], keep, epsilon };
    const used = outputs - first;
    const widths = skip ? [used, width] : [used];
    const [dUsed, dSkip] = columns(dy, widths);
    const zeros = new Float64Array(count * first);
    const dy0 = first > 0 ? joined([zeros, dUsed], [first, used]) : dUsed;
    const { dx, dw, db } = ref.linearLayerGrad(input, dy0, dSkip);
    const output = joined(
      [ref.linearLayer(input).filter((_, i) => i % outputs >= first), ref.linearLayerRows(input)],
      widths,
    );
    return { output, gradients: { x: dx, w: dw, b: db } };
  },
};

function layerOf({ count, width, sizes, normed, seed }: BlocksProblem): LayerProblem {
  return {
    count,
    width,
    outputs: total(sizes),
    biased: true,
    follows: 'nothing',
    rate: 0,
    first: 0,
    skip: false,
    normed,
    seed,
  };
}
