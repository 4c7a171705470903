import fc from 'fast-check';
import { sampledSoftmaxLoss } from '../../src/index.ts';
import * as ref from '../../src/reference/index.ts';
import { floats, ints, rowCounts, seeds, widths } from './arbitraries.ts';
import type { KernelCase } from './compare.ts';
import { around, edgesOf, PANEL_COLUMNS } from './edges.ts';

export interface SoftmaxProblem {
  readonly tokens: number;
  readonly width: number;
  readonly numItems: number;
  readonly numNegatives: number;
  readonly corrected: boolean;
  readonly temperature: number;
  readonly seed: number;
}

const problems: fc.Arbitrary<SoftmaxProblem> = fc.record({
  tokens: rowCounts,
  // Beyond the widths of all ops: those that kernels cut into strips of columns in every way.
  width: fc.oneof({ arbitrary: widths, weight: 2 }, fc.constantFrom(56, 64, 72, 96, 120, 200)),
  // Small tables make accidental hits and repeated negatives common.
  numItems: fc.oneof(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 20, max: 200 })),
  numNegatives: fc.oneof(fc.constantFrom(1, 8, 16), fc.integer({ min: 1, max: 40 })),
  corrected: fc.boolean(),
  temperature: fc.constantFrom(0.05, 0.5, 1),
  seed: seeds,
});

/** Rows of about unit length, as the models feed. */
function unit(seed: number, name: number, count: number, width: number): Float32Array {
  return floats(seed, name, count * width, width ** -0.5);
}

export const sampledSoftmaxCase: KernelCase<SoftmaxProblem> = {
  name: 'sampledSoftmaxLoss',
  kernels: ['SampledSoftmax', 'SampledSoftmaxGrad'],
  // Logits reach 1 / temperature = 20 and more, so an absolute rounding there is 2e-6 of the loss.
  bounds: { output: 2e-6, gradients: 1e-5 },
  floor: ({ temperature, width }, tensor) => (tensor === 'output' ? 1 : width ** -0.5 / temperature),
  problem: problems,
  edges: () =>
    edgesOf<SoftmaxProblem>(
      {
        // A task has 64 tokens.
        tokens: [1, 2, ...around(64), 129],
        // Strips of 64, 56, 32, 24 and 8 columns, alone and after others.
        width: [1, 7, 8, 9, 24, 25, 32, 50, 56, 57, 64, 65, 88, 96, 120, 128, 192, 200, 224, 257],
        numItems: [1, 2, 6, 500],
        numNegatives: [1, ...around(PANEL_COLUMNS - 1), ...around(2 * PANEL_COLUMNS), 40],
        ...{ corrected: [false, true], temperature: [0.05, 1] },
      },
      // Item gradients in tables of one strip of columns and of more; too large for tables.
      [490, 500, 1410, 1430].map((numItems) => ({
        ...{ tokens: 20, width: 264, numItems, numNegatives: 8, corrected: false, temperature: 0.5 },
      })),
    ),
  arrays: ({ tokens, width, numItems, numNegatives, seed }) => ({
    queries: { shape: [tokens, width], values: unit(seed, 0, tokens, width) },
    items: { shape: [numItems, width], values: unit(seed, 1, numItems, width) },
    positives: { shape: [tokens], values: ints(seed, 2, tokens, 0, numItems - 1) },
    negatives: { shape: [tokens, numNegatives], values: ints(seed, 3, tokens * numNegatives, 0, numItems - 1) },
    logQ: { shape: [numItems], values: floats(seed, 4, numItems) },
  }),
  run: ({ temperature, corrected }, { queries, items, positives, negatives, logQ }) =>
    sampledSoftmaxLoss({
      queries,
      items,
      positives,
      negatives,
      temperature,
      logQ: corrected ? logQ : undefined,
    }),
  reference: ({ width, numNegatives, temperature, corrected }, arrays, dy) => {
    const input = {
      queries: arrays.queries.values,
      items: arrays.items.values,
      positives: arrays.positives.values,
      negatives: arrays.negatives.values,
      logQ: corrected ? arrays.logQ.values : [],
      width,
      numNegatives,
      temperature,
    };
    const { dQueries, dItems } = ref.sampledSoftmaxGrad(input, dy);
    return { output: ref.sampledSoftmax(input).loss, gradients: { queries: dQueries, items: dItems } };
  },
};
