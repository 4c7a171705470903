import type * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import {
  dropout,
  embedding,
  embeddingBag,
  l2Normalize,
  layerNorm,
  linear,
  type RandomStream,
  rmsNorm,
  silu,
  uniformIntegers,
} from '../../src/index.ts';
import * as ref from '../../src/reference/index.ts';
import { firsts, floats, ints, rowCounts, scattered, seeds, widths } from './arbitraries.ts';
import type { KernelCase } from './compare.ts';
import {
  around,
  CHUNK,
  DROPOUT_RUN,
  edgesOf,
  firstEdges,
  LANES,
  MANY_ROWS,
  PANEL_COLUMNS,
  rowEdges,
  TILE_COLUMNS,
  widthEdges,
} from './edges.ts';

const rows = fc.record({ count: rowCounts, width: widths, seed: seeds });
type Rows = { count: number; width: number; seed: number };
const rowProblems = (): Rows[] =>
  edgesOf<Rows>({ count: rowEdges, width: widthEdges }, [
    { count: 0, width: LANES },
    // More tasks than one thread takes at once.
    { count: MANY_ROWS, width: TILE_COLUMNS + 1 },
  ]);

export const siluCase: KernelCase<Rows> = {
  name: 'silu',
  kernels: ['Silu', 'SiluGrad'],
  bounds: { output: 5e-7, gradients: 1e-6 },
  floor: () => 1,
  problem: rows,
  edges: rowProblems,
  arrays: ({ count, width, seed }) => ({ x: { shape: [count, width], values: floats(seed, 0, count * width, 4) } }),
  run: (_, { x }) => silu(x),
  reference: (_, { x }, dy) => ({ output: ref.silu(x.values), gradients: { x: ref.siluGrad(x.values, dy) } }),
};

/** Rows with a ramp, so that no row is nearly constant: there the formula itself, not the kernel, loses digits. */
export function spread(seed: number, count: number, width: number): Float32Array {
  return floats(seed, 0, count * width).map((x, i) => x * 0.3 + (((i % width) % 2) * 2 - 1));
}

export const layerNormCase: KernelCase<Rows> = {
  name: 'layerNorm',
  kernels: ['LayerNorm', 'LayerNormGrad'],
  bounds: { output: 1e-6, gradients: 2e-6 },
  // With two columns the gradient cancels to almost nothing.
  floor: () => 1,
  problem: rows,
  edges: rowProblems,
  arrays: ({ count, width, seed }) => ({ x: { shape: [count, width], values: spread(seed, count, width) } }),
  run: (_, { x }) => layerNorm(x, { epsilon: 1e-4 }),
  reference: ({ width }, { x }, dy) => ({
    output: ref.layerNorm(x.values, width, 1e-4),
    gradients: { x: ref.layerNormGrad(x.values, dy, width, 1e-4) },
  }),
};

/** Rows far smaller than epsilon: the regime of HSTU at initialisation, where the norm is almost a constant gain. */
export const layerNormTinyCase: KernelCase<Rows> = {
  ...layerNormCase,
  name: 'layerNorm, tiny variance',
  arrays: ({ count, width, seed }) => ({ x: { shape: [count, width], values: floats(seed, 0, count * width, 1e-4) } }),
  run: (_, { x }) => layerNorm(x),
  reference: ({ width }, { x }, dy) => ({
    output: ref.layerNorm(x.values, width, 1e-6),
    gradients: { x: ref.layerNormGrad(x.values, dy, width, 1e-6) },
  }),
};

export const l2NormalizeCase: KernelCase<Rows> = {
  name: 'l2Normalize',
  kernels: ['L2Normalize', 'L2NormalizeGrad'],
  bounds: { output: 1e-6, gradients: 2e-6 },
  floor: () => 1,
  problem: rows,
  edges: rowProblems,
  arrays: ({ count, width, seed }) => {
    // Norms near 1; every fifth row is below epsilon = 0.1, the third row is zero.
    const values = spread(seed, count, width).map((x, i) => {
      const row = Math.floor(i / width);
      return row === 2 ? 0 : (x * (row % 5 === 4 ? 0.05 : 1)) / Math.sqrt(width);
    });
    return { x: { shape: [count, width], values } };
  },
  run: (_, { x }) => l2Normalize(x, { epsilon: 0.1 }),
  reference: ({ width }, { x }, dy) => ({
    output: ref.l2Normalize(x.values, width, 0.1),
    gradients: { x: ref.l2NormalizeGrad(x.values, dy, width, 0.1) },
  }),
};

/** Rows of about one and rows far smaller than epsilon; the first, in every second problem, is zero. */
export const rmsNormCase: KernelCase<Rows> = {
  name: 'rmsNorm',
  kernels: ['RmsNorm', 'RmsNormGrad'],
  bounds: { output: 1e-6, gradients: 2e-6 },
  // Rows of zeros have gradients of dy / sqrt(epsilon); with few columns those of others cancel.
  floor: () => 1,
  problem: rows,
  edges: rowProblems,
  arrays: ({ count, width, seed }) => {
    const values = spread(seed, count, width).map((x, i) => {
      const row = Math.floor(i / width);
      return row === 0 && seed % 2 === 0 ? 0 : x * (row % 5 === 4 ? 1e-4 : 1);
    });
    return { x: { shape: [count, width], values } };
  },
  run: (_, { x }) => rmsNorm(x, { epsilon: 1e-4 }),
  reference: ({ width }, { x }, dy) => ({
    output: ref.rmsNorm(x.values, width, 1e-4),
    gradients: { x: ref.rmsNormGrad(x.values, dy, width, 1e-4) },
  }),
};

export const dropRates = fc.constantFrom(0, 0.1, 0.2, 0.5, 0.9);
const drops = fc.record({ count: rowCounts, width: widths, seed: seeds, rate: dropRates, first: firsts });
type Drops = Rows & Drawn & { rate: number };
interface Drawn {
  readonly seed: number;
  /** Number of the first word. */
  readonly first: number;
}
/** The random stream of a problem, for the op. */
export const stream = ({ seed, first }: Drawn): RandomStream => ({
  key: { k0: seed, k1: scattered(seed) },
  step: scattered(~seed),
  first,
});
/** The same stream, for the reference. */
export const flatStream = ({ seed, first }: Drawn) => ({
  k0: seed,
  k1: scattered(seed),
  step: scattered(~seed),
  first,
});

export const dropoutCase: KernelCase<Drops> = {
  name: 'dropout',
  kernels: ['Dropout', 'DropoutGrad'],
  // One product and one rounding of the constant: a wrong bit of the mask is an error of the size of the tensor.
  bounds: { output: 2e-7, gradients: 2e-7 },
  problem: drops,
  edges: () =>
    edgesOf<Drops>({ count: rowEdges, width: widthEdges, rate: [0, 0.2, 0.9], first: firstEdges }, [
      ...[DROPOUT_RUN, CHUNK].flatMap((size) =>
        around(size).flatMap((count) =>
          // In the last one a task begins, or all but begins, where the lower half of the counter overflows.
          [0, 3, 2 ** 34 - size].map((first) => ({ count, width: 1, rate: 0.5, first })),
        ),
      ),
    ]),
  arrays: ({ count, width, seed }) => ({ x: { shape: [count, width], values: floats(seed, 0, count * width) } }),
  run: (problem, { x }) => dropout(x, { rate: problem.rate, stream: stream(problem) }),
  reference: (problem, { x }, dy) => {
    const { rate, count, width } = problem;
    const keep = ref.dropoutKeep(flatStream(problem), rate, count * width);
    return { output: ref.dropout(x.values, keep, rate), gradients: { x: ref.dropout(dy, keep, rate) } };
  },
};

interface IntegersProblem extends Drawn {
  readonly count: number;
  readonly low: number;
  readonly bound: number;
}

const drawn: fc.Arbitrary<IntegersProblem> = fc.record({
  count: fc.integer({ min: 0, max: 300 }),
  low: fc.integer({ min: -1000, max: 1000 }),
  bound: fc.oneof(fc.integer({ min: 1, max: 5000 }), fc.integer({ min: 2 ** 24, max: 2 ** 31 - 1001 })),
  seed: seeds,
  first: firsts,
});

export const uniformIntegersCase: KernelCase<IntegersProblem> = {
  name: 'uniformIntegers',
  kernels: ['UniformIntegers'],
  bounds: { output: 0, gradients: 0 },
  problem: drawn,
  edges: () =>
    edgesOf<IntegersProblem>({
      count: [0, 1, ...around(LANES), ...around(2 * TILE_COLUMNS), ...around(CHUNK), 3 * CHUNK + 1],
      low: [-1000, 0, 1000],
      bound: [1, 2, 5000, 2 ** 24, 2 ** 31 - 1001],
      first: [...firstEdges, 2 ** 34 - CHUNK],
    }),
  arrays: () => ({}),
  run: ({ count, low, bound, ...rest }) => uniformIntegers({ count, low, bound, stream: stream(rest) }),
  reference: ({ count, low, bound, ...rest }) => ({
    output: ref.uniformIntegers(flatStream(rest), count, low, bound),
    gradients: {},
  }),
};

// At least one row: the stock wasm backend sums an axis of length 0 to uninitialised memory.
const linears = fc.record({
  count: rowCounts.filter((count) => count > 0),
  width: widths,
  outputs: widths,
  biased: fc.boolean(),
  seed: seeds,
});

export const linearCase: KernelCase<Rows & { outputs: number; biased: boolean }> = {
  name: 'linear',
  kernels: [],
  bounds: { output: 2e-6, gradients: 2e-6 },
  floor: () => 1,
  problem: linears,
  edges: () =>
    edgesOf<Rows & { outputs: number; biased: boolean }>(
      { count: rowEdges, width: widthEdges, outputs: widthEdges, biased: [false, true] },
      [{ count: MANY_ROWS, width: TILE_COLUMNS + 1, outputs: PANEL_COLUMNS + 1, biased: true }],
    ),
  arrays: ({ count, width, outputs, seed }) => ({
    x: { shape: [count, width], values: floats(seed, 0, count * width) },
    w: { shape: [width, outputs], values: floats(seed, 1, width * outputs) },
    b: { shape: [outputs], values: floats(seed, 2, outputs) },
  }),
  run: ({ biased }, { x, w, b }) => linear(x, w, biased ? b : undefined),
  reference: ({ width, outputs, biased }, { x, w, b }, dy) => {
    const { dx, dw, db } = ref.linearGrad(x.values, w.values, dy, width, outputs);
    const bias = biased ? b.values : [];
    const gradients: Record<string, ArrayLike<number>> = { x: dx, w: dw };
    if (biased) gradients.b = db;
    return { output: ref.linear(x.values, w.values, bias, width, outputs), gradients };
  },
};

const lookups = fc.record({ count: rowCounts, width: widths, items: fc.integer({ min: 1, max: 60 }), seed: seeds });

export const embeddingCase: KernelCase<Rows & { items: number }> = {
  name: 'embedding',
  kernels: [],
  bounds: { output: 0, gradients: 1e-6 },
  floor: () => 1,
  problem: lookups,
  edges: () => edgesOf<Rows & { items: number }>({ count: rowEdges, width: widthEdges, items: [1, 2, 64, 65, 129] }),
  arrays: ({ count, width, items, seed }) => ({
    table: { shape: [items, width], values: floats(seed, 0, items * width) },
    ids: { shape: [count], values: ints(seed, 1, count, 0, items - 1) },
  }),
  run: (_, { table, ids }) => embedding(table, ids),
  reference: ({ width, items }, { table, ids }, dy) => ({
    output: ref.embedding(table.values, ids.values, width),
    gradients: { table: ref.embeddingGrad(ids.values, dy, width, items) },
  }),
};

interface Bags {
  readonly count: number;
  readonly bags: number;
  readonly width: number;
  readonly items: number;
  readonly seed: number;
}

/** Bags as equal as they go, empty ones where there are more bags than ids. */
const bagOffsets = ({ count, bags }: Bags): Int32Array =>
  Int32Array.from({ length: bags + 1 }, (_, r) => Math.floor((r * count) / bags));
const bagIds = ({ count, items, seed }: Bags): Int32Array => Int32Array.from(ints(seed, 1, count, 0, items - 1));

export const embeddingBagCase: KernelCase<Bags> = {
  name: 'embeddingBag',
  kernels: [],
  // Up to some hundred rows are added one after another in float32: as many roundings of 6e-8.
  bounds: { output: 1e-5, gradients: 1e-5 },
  floor: () => 1,
  problem: fc.record({
    count: rowCounts,
    bags: fc.integer({ min: 1, max: 40 }),
    width: widths,
    items: fc.integer({ min: 1, max: 60 }),
    seed: seeds,
  }),
  edges: () => edgesOf<Bags>({ count: [0, ...rowEdges], bags: [1, 2, 65], width: widthEdges, items: [1, 2, 65] }),
  arrays: ({ width, items, seed }) => ({ table: { shape: [items, width], values: floats(seed, 0, items * width) } }),
  run: (problem, { table }) => embeddingBag(table as tf.Tensor2D, bagIds(problem), bagOffsets(problem)),
  reference: (problem, { table }, dy) => {
    const { width, items } = problem;
    const [ids, offsets] = [bagIds(problem), bagOffsets(problem)];
    const dTable = new Float64Array(items * width);
    for (let r = 0; r + 1 < offsets.length; r++) {
      for (let n = offsets[r]; n < offsets[r + 1]; n++) {
        for (let d = 0; d < width; d++) dTable[ids[n] * width + d] += dy[r * width + d] / (offsets[r + 1] - offsets[r]);
      }
    }
    return { output: ref.embeddingBag(table.values, ids, offsets, width), gradients: { table: dTable } };
  },
};
