import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import {
  type DropoutOptions,
  dropout,
  type GatedNormLinearOptions,
  gatedNorm,
  gatedNormLinear,
  normSiluSplit,
  siluSplit,
} from '../../src/index.ts';
import * as ref from '../../src/reference/index.ts';
import { firsts, floats, rowCounts, runs, seeds, total, widths } from './arbitraries.ts';
import { type KernelCase, take, upload } from './compare.ts';
import {
  edgesOf,
  firstEdges,
  LANES,
  MANY_ROWS,
  PANEL_COLUMNS,
  rowEdges,
  TILE_COLUMNS,
  TILE_ROWS,
  widestBlock,
  widestWeight,
  widthEdges,
} from './edges.ts';
import { dropRates, flatStream, layerNormCase, siluCase, spread, stream } from './elementwise-cases.ts';

interface SplitProblem {
  readonly count: number;
  readonly sizes: readonly number[];
  /** Leaves the first block out of the result, so that its gradient is the zeros that tfjs makes. */
  readonly unused: boolean;
  readonly seed: number;
}

const splits: fc.Arbitrary<SplitProblem> = fc.record({
  count: rowCounts,
  sizes: fc.oneof(
    { weight: 4, arbitrary: fc.array(widths, { minLength: 1, maxLength: 5 }) },
    // More outputs than a kernel may have room for.
    { weight: 1, arbitrary: fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 20, maxLength: 40 }) },
  ),
  unused: fc.boolean(),
  seed: seeds,
});

/** Blocks of one width, of several, and more of them than the kernels have room for (24 in the argument block). */
const splitEdges: readonly (readonly number[])[] = [
  ...widthEdges.map((width) => [width]),
  [TILE_COLUMNS, TILE_COLUMNS + 1, LANES, 1],
  [50, 50, 25, 25],
  ...[23, 24, 25].map((blocks) => new Array<number>(blocks).fill(LANES + 1)),
];

/** The blocks that the result is made of, last block first: each output has a place of its own. */
function shown({ sizes, unused }: SplitProblem): number[] {
  const last = unused && sizes.length > 1 ? 1 : 0;
  return sizes
    .map((_, i) => i)
    .filter((i) => i >= last)
    .reverse();
}

export const siluSplitCase: KernelCase<SplitProblem> = {
  name: 'siluSplit',
  kernels: ['SiluSplit', 'SiluSplitGrad'],
  bounds: siluCase.bounds,
  floor: () => 1,
  problem: splits,
  edges: () =>
    edgesOf<SplitProblem>({ count: rowEdges, sizes: splitEdges, unused: [false, true] }, [
      { count: 0, sizes: [LANES, 1], unused: false },
      { count: MANY_ROWS, sizes: [TILE_COLUMNS, 1], unused: false },
    ]),
  arrays: ({ count, sizes, seed }) => {
    const width = total(sizes);
    return { z: { shape: [count, width], values: floats(seed, 0, count * width, 4) } };
  },
  run: (problem, { z }) =>
    tf.tidy(() => {
      const blocks = siluSplit(z as tf.Tensor2D, problem.sizes);
      return tf.concat(
        shown(problem).map((i) => blocks[i]),
        1,
      );
    }),
  reference: (problem, { z }, dy) => {
    const { count, sizes } = problem;
    const order = shown(problem);
    const blocks = ref.siluSplit(z.values, sizes);
    const dys = sizes.map((size) => new Float64Array(count * size));
    const output: number[] = [];
    for (let t = 0; t < count; t++) {
      for (const i of order) {
        for (let c = t * sizes[i]; c < (t + 1) * sizes[i]; c++) {
          dys[i][c] = dy[output.length];
          output.push(blocks[i][c]);
        }
      }
    }
    return { output, gradients: { z: ref.siluSplitGrad(z.values, dys, sizes) } };
  },
};

interface ProjectionProblem extends SplitProblem {
  readonly width: number;
}

export const normSiluSplitCase: KernelCase<ProjectionProblem> = {
  name: 'normSiluSplit',
  kernels: ['NormSiluSplit', 'NormSiluSplitGrad'],
  bounds: { output: 2e-6, gradients: 4e-6 },
  floor: (_, tensor) => (tensor === 'w' ? 10 : 1),
  problem: fc.record({
    count: fc.oneof(
      { weight: 6, arbitrary: rowCounts.filter((count) => count > 0) },
      // More rows than a block, more than one part of the weight's gradient.
      { weight: 1, arbitrary: fc.integer({ min: 90, max: 400 }) },
    ),
    width: widths,
    sizes: fc.oneof(
      { weight: 4, arbitrary: fc.array(widths, { minLength: 1, maxLength: 5 }) },
      { weight: 1, arbitrary: fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 20, maxLength: 40 }) },
    ),
    unused: fc.boolean(),
    seed: seeds,
  }),
  edges: () =>
    edgesOf<ProjectionProblem>({ count: rowEdges, width: widthEdges, sizes: splitEdges, unused: [false, true] }, [
      { count: MANY_ROWS, width: LANES + 1, sizes: [PANEL_COLUMNS + 1], unused: false },
      ...atLimits(65).map(([outputs, count]) => ({ count, width: 65, sizes: [outputs], unused: false })),
    ]),
  arrays: ({ count, width, sizes, seed }) => ({
    x: { shape: [count, width], values: spread(seed, count, width) },
    w: { shape: [width, total(sizes)], values: floats(seed, 1, width * total(sizes), 1 / Math.sqrt(width)) },
  }),
  run: (problem, { x, w }) =>
    tf.tidy(() => {
      const { blocks, skip } = normSiluSplit(x as tf.Tensor2D, w as tf.Tensor2D, problem.sizes, { epsilon: 1e-4 });
      return tf.concat([...shown(problem).map((i) => blocks[i]), skip], 1);
    }),
  reference: (problem, { x, w }, dy) => {
    const { count, width, sizes } = problem;
    const input = { x: x.values, w: w.values, width, sizes, epsilon: 1e-4 };
    const order = shown(problem);
    const blocks = ref.normSiluSplit(input);
    const dys = sizes.map((size) => new Float64Array(count * size));
    const dSkip = new Float64Array(count * width);
    const output: number[] = [];
    for (let t = 0; t < count; t++) {
      for (const i of order) {
        for (let c = t * sizes[i]; c < (t + 1) * sizes[i]; c++) {
          dys[i][c] = dy[output.length];
          output.push(blocks[i][c]);
        }
      }
      for (let c = t * width; c < (t + 1) * width; c++) {
        dSkip[c] = dy[output.length];
        output.push(x.values[c]);
      }
    }
    const { dx, dw } = ref.normSiluSplitGrad(input, dys);
    return { output, gradients: { x: dx.map((value, i) => value + dSkip[i]), w: dw } };
  },
};

/**
 * Columns beside `width` on both sides of the largest weight that is summed by ranges and of the widest
 * block of rows, and rows.
 */
export function atLimits(width: number): (readonly [columns: number, rows: number])[] {
  return [widestWeight(width), widestBlock(width)].flatMap((most) => [
    [most, TILE_ROWS + 1] as const,
    [most + 1, TILE_ROWS + 1] as const,
  ]);
}

interface GatedProblem {
  readonly count: number;
  readonly width: number;
  readonly rate: number;
  /** Number of the stream's first word. */
  readonly first: number;
  readonly seed: number;
}

/** Now and then more elements than a kernel does in one piece. */
const gatedCounts = fc.oneof(
  { weight: 7, arbitrary: rowCounts },
  { weight: 1, arbitrary: fc.integer({ min: 400, max: 700 }) },
);

function gated(problem: GatedProblem, u: tf.Tensor, x: tf.Tensor, epsilon: number): tf.Tensor {
  return gatedNorm(u, x, { epsilon, dropout: dropped(problem) });
}

function dropped(problem: GatedProblem): DropoutOptions | undefined {
  return problem.rate === 0 ? undefined : { rate: problem.rate, stream: stream(problem) };
}

export const gatedNormCase = gatedCase('gatedNorm', 1e-4, spread);
/** Rows far smaller than epsilon, as in HSTU at initialisation. */
export const gatedNormTinyCase: KernelCase<GatedProblem> = {
  ...gatedCase('gatedNorm, tiny variance', 1e-6, (seed, count, width) => floats(seed, 0, count * width, 1e-4)),
  // The differences from the mean of two numbers of 1e-4 have lost a bit or two.
  bounds: { ...layerNormCase.bounds, gradients: 4e-6 },
};

function gatedCase(
  name: string,
  epsilon: number,
  values: (seed: number, count: number, width: number) => Float32Array,
): KernelCase<GatedProblem> {
  return {
    name,
    kernels: ['GatedNorm', 'GatedNormGrad'],
    bounds: layerNormCase.bounds,
    // The terms are those of the norm, times the scale of what dropout keeps.
    floor: ({ rate }) => 1 / (1 - rate),
    problem: fc.record({ count: gatedCounts, width: widths, rate: dropRates, first: firsts, seed: seeds }),
    edges: () =>
      edgesOf<GatedProblem>({ count: rowEdges, width: widthEdges, rate: [0, 0.2, 0.9], first: firstEdges }, [
        { count: 0, width: LANES, rate: 0.2, first: 1 },
        { count: MANY_ROWS, width: TILE_COLUMNS + 1, rate: 0.5, first: 0 },
        { count: MANY_ROWS, width: TILE_COLUMNS + 1, rate: 0.5, first: 2 ** 34 - 1001 },
      ]),
    arrays: ({ count, width, seed }) => ({
      u: { shape: [count, width], values: floats(seed, 1, count * width) },
      x: { shape: [count, width], values: values(seed, count, width) },
    }),
    run: (problem, { u, x }) => gated(problem, u, x, epsilon),
    reference: (problem, { u, x }, dy) => {
      const { count, width, rate } = problem;
      const keep = ref.dropoutKeep(flatStream(problem), rate, count * width);
      const input = { u: u.values, x: x.values, width, epsilon, rate, keep };
      const { du, dx } = ref.gatedNormGrad(input, dy);
      return { output: ref.gatedNorm(input), gradients: { u: du, x: dx } };
    },
  };
}

interface OutputProblem extends GatedProblem {
  readonly outputs: number;
}

export const gatedNormLinearCase: KernelCase<OutputProblem> = {
  name: 'gatedNormLinear',
  kernels: ['GatedNormLinear', 'GatedNormLinearGrad'],
  bounds: { output: 2e-6, gradients: 4e-6 },
  // Gradients of w and b are sums over up to 700 rows of terms near one: the sums on the way reach 26, and each
  // addition rounds to 6e-8 of them.
  floor: ({ rate }, tensor) => (tensor === 'w' || tensor === 'b' ? 10 : 1) / (1 - rate),
  problem: fc.record({
    count: gatedCounts.filter((count) => count > 0),
    width: widths,
    outputs: widths,
    rate: dropRates,
    first: firsts,
    seed: seeds,
  }),
  edges: () =>
    edgesOf<OutputProblem>(
      { count: rowEdges, width: widthEdges, outputs: widthEdges, rate: [0, 0.2], first: firstEdges },
      [
        { count: MANY_ROWS, width: LANES + 1, outputs: PANEL_COLUMNS + 1, rate: 0.2, first: 2 ** 34 - 1001 },
        // The gradient of the bias is a column more.
        ...atLimits(65).map(([outputs, count]) => ({ count, width: 64, outputs, rate: 0.2, first: 3 })),
      ],
    ),
  arrays: ({ count, width, outputs, seed }) => ({
    u: { shape: [count, width], values: floats(seed, 1, count * width) },
    x: { shape: [count, width], values: spread(seed, count, width) },
    w: { shape: [outputs, width], values: floats(seed, 2, outputs * width, 1 / Math.sqrt(width)) },
    b: { shape: [outputs], values: floats(seed, 3, outputs) },
    residual: { shape: [count, outputs], values: floats(seed, 4, count * outputs) },
  }),
  run: (problem, tensors) =>
    gatedNormLinear({
      ...(tensors as unknown as Pick<GatedNormLinearOptions, 'u' | 'x' | 'w' | 'b' | 'residual'>),
      epsilon: 1e-4,
      dropout: dropped(problem),
    }),
  reference: (problem, { u, x, w, b, residual }, dy) => {
    const { count, width, rate } = problem;
    const keep = ref.dropoutKeep(flatStream(problem), rate, count * width);
    const values = { u: u.values, x: x.values, w: w.values, b: b.values, residual: residual.values };
    const input = { ...values, width, epsilon: 1e-4, rate, keep };
    const { du, dx, dw, db } = ref.gatedNormLinearGrad(input, dy);
    return { output: ref.gatedNormLinear(input), gradients: { u: du, x: dx, w: dw, b: db, residual: dy } };
  },
};

// Many rows, so that a kernel that works in pieces starts one in the middle of a block of random words.
const masks: fc.Arbitrary<GatedProblem> = fc.record({
  count: fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 700, max: 1500 })),
  width: fc.oneof(fc.constantFrom(25, 50), fc.integer({ min: 2, max: 40 })),
  rate: fc.constantFrom(0.1, 0.2, 0.5, 0.9),
  first: firsts,
  seed: seeds,
});

/** `gatedNorm` drops the elements that `dropout` drops, forward and backward, bit for bit. */
export async function checkGatedMask(): Promise<void> {
  await fc.assert(
    fc.asyncProperty(masks, async (problem) => {
      const { count, width, rate, seed } = problem;
      const tensors = tf.tidy(() => {
        const u = tf.ones([count, width]);
        const x = upload({ shape: [count, width], values: spread(seed, count, width) });
        return [
          gated({ ...problem, rate: 0 }, u, x, 1e-4),
          dropout(tf.ones([count, width]), { rate, stream: stream(problem) }),
          gated(problem, u, x, 1e-4),
          tf.grad((gate: tf.Tensor) => gated(problem, gate, x, 1e-4))(u),
        ];
      });
      const [whole, expected, y, du] = await Promise.all(tensors.map(take));
      for (let i = 0; i < y.length; i++) {
        // An element that is zero without dropout says nothing.
        if (whole[i] === 0) continue;
        if ((y[i] !== 0) !== (expected[i] !== 0) || (du[i] !== 0) !== (expected[i] !== 0)) {
          throw new Error(`gatedNorm: the mask differs from that of dropout at ${i}`);
        }
      }
    }),
    runs(15),
  );
}
