import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { floats, ints, runs, seeds } from './arbitraries.ts';
import { assertClose, checkEdges, type EdgePart, take } from './compare.ts';
import { around, BLOCK_K, edgesOf, LANES, PANEL_COLUMNS, TILE_COLUMNS, TILE_ROWS } from './edges.ts';

/** A stock op as drawn: a label for messages, and a function that builds inputs from a seed and runs it. */
interface Drawn {
  readonly label: string;
  readonly run: () => tf.Tensor;
}

interface StockOp {
  readonly name: string;
  readonly bound: number;
  readonly floor?: number;
  readonly drawn: fc.Arbitrary<Drawn>;
  /** Problems on the sizes at which kernels change their way. */
  readonly edges?: () => readonly Drawn[];
}

const size = fc.oneof(fc.constantFrom(1, 4, 8, 16, 17), fc.integer({ min: 1, max: 24 }));
const shape = (minLength: number, maxLength: number) => fc.array(size, { minLength, maxLength });

function tensor(seed: number, name: number, dims: readonly number[], scale = 1): tf.Tensor {
  return tf.tensor(floats(seed, name, tf.util.sizeFromShape([...dims]), scale), [...dims]);
}

function integers(seed: number, name: number, dims: readonly number[], low: number, high: number): tf.Tensor {
  return tf.tensor(ints(seed, name, tf.util.sizeFromShape([...dims]), low, high), [...dims], 'int32');
}

function op<T>(name: string, arbitrary: fc.Arbitrary<T>, run: (drawn: T) => tf.Tensor, bound = 0, floor = 0): StockOp {
  const drawn = arbitrary.map((value) => drawnOf(value, run));
  return { name, bound, floor, drawn };
}

const drawnOf = <T>(value: T, run: (drawn: T) => tf.Tensor): Drawn => ({
  label: JSON.stringify(value),
  run: () => run(value),
});

const matMulShapes = fc.record({
  batch: fc.constantFrom([], [1], [3], [2, 3]),
  shared: fc.constantFrom('none', 'a', 'b'),
  m: size,
  k: size,
  n: size,
  ta: fc.boolean(),
  tb: fc.boolean(),
  seed: seeds,
});

interface Product {
  readonly batch: readonly number[];
  readonly shared: string;
  readonly m: number;
  readonly k: number;
  readonly n: number;
  readonly ta: boolean;
  readonly tb: boolean;
  readonly seed: number;
}

function product({ batch, shared, m, k, n, ta, tb, seed }: Product): tf.Tensor {
  const ones = batch.map(() => 1);
  const a = [...(shared === 'a' ? ones : batch), ...(ta ? [k, m] : [m, k])];
  const b = [...(shared === 'b' ? ones : batch), ...(tb ? [n, k] : [k, n])];
  return tf.matMul(tensor(seed, 0, a), tensor(seed, 1, b), ta, tb);
}

/**
 * Tiles; few rows (48), whole rows (264) and thin products (32 columns) of `kernels/mat-mul.ts`; rows of B on
 * the same cache sets (512).
 */
function productEdges(): readonly Drawn[] {
  const problems = edgesOf<Product>(
    {
      m: [1, TILE_ROWS, TILE_ROWS + 1, 48, 49, 264, 265],
      k: [1, PANEL_COLUMNS, TILE_COLUMNS + 1, ...around(BLOCK_K)],
      n: [1, LANES, PANEL_COLUMNS + 1, ...around(TILE_COLUMNS), TILE_COLUMNS + 2, 32, 33, 64, 256],
      ...{ batch: [[], [3]], shared: ['none', 'a', 'b'], ta: [false, true], tb: [false, true] },
    },
    [
      // Cut along K, with slices that do not divide it.
      ...around(4096).map((k) => ({ ...{ batch: [], shared: 'none', m: 7, k, n: 17 }, ta: true, tb: false })),
      ...[false, true].flatMap((ta) =>
        [false, true].map((tb) => ({ ...{ batch: [], shared: 'none', m: 3, k: 5, n: 5 }, ta, tb })),
      ),
      ...around(512).map((n) => ({ ...{ batch: [], shared: 'none', m: 13, k: 9, n }, ta: false, tb: false })),
    ],
  );
  // The small ones of the end first.
  return problems.toReversed().map((problem) => drawnOf(problem, product));
}

const matMul: StockOp = { ...op('matMul', matMulShapes, product, 2e-6, 1), edges: productEdges };

/** As linear layers use it; long enough that a bias is not added once for every block of the sum. */
const fusedMatMul = op(
  'fused matMul',
  fc.record({
    m: size,
    k: fc.integer({ min: 1, max: 130 }),
    n: size,
    ta: fc.boolean(),
    tb: fc.boolean(),
    activation: fc.constantFrom('linear' as const, 'relu' as const, 'sigmoid' as const),
    seed: seeds,
  }),
  ({ m, k, n, ta, tb, activation, seed }) => {
    const a = tensor(seed, 0, ta ? [k, m] : [m, k]) as tf.Tensor2D;
    const b = tensor(seed, 1, tb ? [n, k] : [k, n]) as tf.Tensor2D;
    return tf.fused.matMul({ a, b, transposeA: ta, transposeB: tb, bias: tensor(seed, 2, [n]), activation });
  },
  4e-6,
  1,
);

/** Two shapes that broadcast: dimensions of one side are set to 1 or dropped at the front. */
const broadcast = fc
  .tuple(
    shape(1, 4),
    fc.array(fc.constantFrom('same', 'a', 'b'), { minLength: 4, maxLength: 4 }),
    fc.integer({ min: 0, max: 3 }),
    seeds,
  )
  .map(([dims, ones, drop, seed]) => ({
    a: dims.map((d, i) => (ones[i] === 'a' ? 1 : d)),
    b: dims.map((d, i) => (ones[i] === 'b' ? 1 : d)).slice(Math.min(drop, dims.length - 1)),
    seed,
  }));

const binaries = {
  add: tf.add,
  sub: tf.sub,
  mul: tf.mul,
  div: (a: tf.Tensor, b: tf.Tensor) => tf.div(a, tf.add(tf.abs(b), 0.5)),
  maximum: tf.maximum,
  minimum: tf.minimum,
  squaredDifference: tf.squaredDifference,
  greater: tf.greater,
  less: tf.less,
  equal: (a: tf.Tensor, b: tf.Tensor) => tf.equal(tf.round(a), tf.round(b)),
} as const;

const unaries = {
  neg: tf.neg,
  abs: tf.abs,
  exp: tf.exp,
  log: (x: tf.Tensor) => tf.log(tf.add(tf.abs(x), 0.1)),
  sqrt: (x: tf.Tensor) => tf.sqrt(tf.abs(x)),
  rsqrt: (x: tf.Tensor) => tf.rsqrt(tf.add(tf.abs(x), 0.1)),
  square: tf.square,
  sigmoid: tf.sigmoid,
  tanh: tf.tanh,
  relu: tf.relu,
  floor: tf.floor,
  reciprocal: (x: tf.Tensor) => tf.reciprocal(tf.add(tf.abs(x), 0.5)),
} as const;

// From float32 to bool is left out: the stock wasm backend copies bytes there. A comparison gives the same.
const casts = {
  'float32 to int32': (x: tf.Tensor) => tf.cast(tf.cast(x, 'int32'), 'float32'),
  'bool to float32': (x: tf.Tensor) => tf.cast(tf.greater(x, 0), 'float32'),
  // Another op reads the result: a cast that keeps the old bytes looks right to JavaScript alone.
  'int32 to float32, then add': (x: tf.Tensor) => tf.add(tf.cast(tf.cast(x, 'int32'), 'float32'), 1),
  'bool to float32, then add': (x: tf.Tensor) => tf.add(tf.cast(tf.greater(x, 0), 'float32'), 1),
  'bool to int32': (x: tf.Tensor) => tf.cast(tf.greater(x, 0), 'int32'),
} as const;

const named = <K extends string>(names: Record<K, unknown>) => fc.constantFrom(...(Object.keys(names) as K[]));

const unaryProblems = fc.record({ f: named(unaries), dims: shape(1, 4), seed: seeds });
const binaryProblems = fc.record({ f: named(binaries), shapes: broadcast });

const reductions = { sum: tf.sum, mean: tf.mean, max: tf.max, min: tf.min } as const;
const axes = fc
  .tuple(shape(1, 4), fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }), fc.boolean(), seeds)
  .map(([dims, chosen, keep, seed]) => ({ dims, axis: dims.map((_, i) => i).filter((i) => chosen[i]), keep, seed }))
  .filter(({ axis }) => axis.length > 0);

const cuts = fc
  .tuple(shape(1, 4), fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 8, maxLength: 8 }), seeds)
  .map(([dims, u, seed]) => {
    const begin = dims.map((d, i) => Math.floor(u[i] * d * 0.999));
    return { dims, begin, size: dims.map((d, i) => 1 + Math.floor(u[i + 4] * (d - begin[i] - 1))), seed };
  });

const joins = fc
  .tuple(shape(1, 3), fc.array(size, { minLength: 1, maxLength: 4 }), fc.integer({ min: 0, max: 2 }), seeds)
  .map(([dims, pieces, axis, seed]) => ({ dims, pieces, axis: Math.min(axis, dims.length - 1), seed }));

const permutations = shape(1, 4).chain((dims) =>
  fc.record({
    dims: fc.constant(dims),
    perm: fc.shuffledSubarray(
      dims.map((_, i) => i),
      { minLength: dims.length },
    ),
    seed: seeds,
  }),
);

const gathers = fc.record({ rows: size, width: size, count: fc.integer({ min: 1, max: 40 }), seed: seeds });

export const stockOps: readonly StockOp[] = [
  matMul,
  fusedMatMul,
  op(
    'binary with broadcasting',
    binaryProblems,
    ({ f, shapes: { a, b, seed } }) => binaries[f](tensor(seed, 0, a), tensor(seed, 1, b)),
    3e-7,
    0.1,
  ),
  op('unary', unaryProblems, ({ f, dims, seed }) => unaries[f](tensor(seed, 0, dims, 2)), 1e-6, 0.1),
  op(
    'reduction',
    fc.record({ f: named(reductions), problem: axes }),
    ({ f, problem: { dims, axis, keep, seed } }) => {
      // A sum of n numbers of size n^-1/2 is near one, so that the bound is relative to the terms, not to what cancels.
      const scale = f === 'sum' ? tf.util.sizeFromShape(axis.map((i) => dims[i])) ** -0.5 : 1;
      return reductions[f](tensor(seed, 0, dims, scale), axis, keep);
    },
    2e-6,
    1,
  ),
  op('gather', gathers, ({ rows, width, count, seed }) =>
    tf.gather(tensor(seed, 0, [rows, width]), integers(seed, 1, [count], 0, rows - 1) as tf.Tensor1D),
  ),
  op(
    'unsortedSegmentSum',
    gathers,
    // Negative ids are dropped.
    ({ rows, width, count, seed }) =>
      tf.unsortedSegmentSum(
        tensor(seed, 0, [count, width]),
        integers(seed, 1, [count], -1, rows - 1) as tf.Tensor1D,
        rows,
      ),
    2e-6,
    0.5,
  ),
  op('slice', cuts, ({ dims, begin, size: extent, seed }) => tf.slice(tensor(seed, 0, dims), begin, extent)),
  op('concat', joins, ({ dims, pieces, axis, seed }) => {
    const parts = pieces.map((n, i) =>
      tensor(
        seed,
        i,
        dims.map((d, j) => (j === axis ? n : d)),
      ),
    );
    return tf.concat(parts, axis);
  }),
  op('split', joins, ({ dims, pieces, axis, seed }) => {
    const sum = pieces.reduce((a, b) => a + b, 0);
    const whole = tensor(
      seed,
      0,
      dims.map((d, j) => (j === axis ? sum : d)),
    );
    // Reversed and joined, so that every part counts.
    return tf.concat(tf.split(whole, [...pieces], axis).reverse(), axis);
  }),
  op('transpose', permutations, ({ dims, perm, seed }) => tf.transpose(tensor(seed, 0, dims), perm)),
  op(
    'pad',
    fc.record({ dims: shape(1, 4), before: fc.integer({ min: 0, max: 2 }), seed: seeds }),
    ({ dims, before, seed }) =>
      tf.pad(
        tensor(seed, 0, dims),
        dims.map((_, i): [number, number] => [before, (i + before) % 3]),
        0.5,
      ),
  ),
  op(
    'softmax',
    fc.record({ dims: shape(1, 3), seed: seeds }),
    ({ dims, seed }) => tf.softmax(tensor(seed, 0, dims, 3)),
    2e-6,
  ),
  op(
    'logSoftmax',
    fc.record({ dims: shape(1, 3), seed: seeds }),
    ({ dims, seed }) => tf.logSoftmax(tensor(seed, 0, dims, 3)),
    2e-6,
    1,
  ),
  op(
    'tile',
    fc.record({ dims: shape(1, 3), times: fc.integer({ min: 1, max: 3 }), seed: seeds }),
    ({ dims, times, seed }) =>
      tf.tile(
        tensor(seed, 0, dims),
        dims.map((_, i) => 1 + ((times + i) % 3)),
      ),
  ),
  op('cast', fc.record({ dims: shape(1, 3), f: named(casts), seed: seeds }), ({ dims, f, seed }) =>
    casts[f](tensor(seed, 0, dims, 3)),
  ),
  op('select', fc.record({ dims: shape(1, 4), seed: seeds }), ({ dims, seed }) =>
    tf.where(tf.greater(tensor(seed, 0, dims), 0), tensor(seed, 1, dims), tensor(seed, 2, dims)),
  ),
];

/** Runs `stock` on `cpu`, where it defines the answer, and on `backend`, over drawn shapes. */
export async function checkStockOp(stock: StockOp, backend: string): Promise<void> {
  await fc.assert(
    fc.asyncProperty(stock.drawn, (problem) => checkProblem(stock, backend, problem)),
    runs(25),
  );
}

/** The same over its edges. */
export async function checkStockEdges(stock: StockOp, backend: string, part: EdgePart = { step: 1 }): Promise<void> {
  await checkEdges(stock.edges?.() ?? [], part, (problem) => checkProblem(stock, backend, problem));
}

async function checkProblem({ name, bound, floor }: StockOp, backend: string, problem: Drawn): Promise<void> {
  const on = async (where: string, { run }: Drawn) => {
    await tf.setBackend(where);
    const before = tf.memory().numTensors;
    const result = tf.tidy(run);
    const dims = result.shape;
    const values = await take(result);
    if (tf.memory().numTensors !== before) throw new Error(`${name} on ${where}: leaked a tensor`);
    return { values, dims };
  };
  const expected = await on('cpu', problem);
  const actual = await on(backend, problem);
  if (!tf.util.arraysEqual(actual.dims, expected.dims)) {
    throw new Error(`${name} ${problem.label}: expected shape [${expected.dims}]; got [${actual.dims}]`);
  }
  assertClose(`${name} ${problem.label}`, actual.values, expected.values, { bound, floor });
}
