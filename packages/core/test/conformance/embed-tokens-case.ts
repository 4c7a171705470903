import type * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { embedTokens } from '../../src/index.ts';
import * as ref from '../../src/reference/index.ts';
import { firsts, floats, ints, rowCounts, seeds, widths } from './arbitraries.ts';
import type { KernelCase } from './compare.ts';
import { around, CHUNK, edgesOf, firstEdges, rowEdges, TOKEN_ROWS, widthEdges } from './edges.ts';
import { dropRates, flatStream, stream } from './elementwise-cases.ts';

interface TokensProblem {
  readonly count: number;
  readonly width: number;
  readonly items: number;
  /** Rows of the table of places; 0: none. */
  readonly places: number;
  readonly scale: number;
  readonly rate: number;
  /** Number of the stream's first word. */
  readonly first: number;
  readonly seed: number;
}

const problems: fc.Arbitrary<TokensProblem> = fc.record({
  // Now and then more rows than a task takes.
  count: fc.oneof(
    { weight: 4, arbitrary: rowCounts },
    { weight: 1, arbitrary: fc.constantFrom(31, 32, 33, 500, 2000) },
  ),
  width: widths,
  items: fc.integer({ min: 1, max: 60 }),
  places: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 30 })),
  scale: fc.constantFrom(1, 0.5, Math.sqrt(50)),
  rate: dropRates,
  first: firsts,
  seed: seeds,
});

export const embedTokensCase: KernelCase<TokensProblem> = {
  name: 'embedTokens',
  kernels: ['EmbedTokens', 'EmbedTokensGrad'],
  // A table of one row adds up thousands of gradients that cancel.
  bounds: { output: 3e-7, gradients: 3e-6 },
  floor: ({ rate, scale }) => Math.max(1, scale) / (1 - rate),
  problem: problems,
  edges: () =>
    edgesOf<TokensProblem>(
      {
        count: [...around(TOKEN_ROWS), ...rowEdges],
        width: widthEdges,
        items: [1, 2, 65],
        places: [0, 1, 30],
        scale: [1, 0.5],
        rate: [0, 0.2],
        first: firstEdges,
      },
      around(CHUNK).flatMap((count) =>
        [0, 3, 2 ** 34 - CHUNK].map((first) => ({
          ...{ count, width: 1, items: 999, places: 500, scale: 0.5, rate: 0.2, first },
        })),
      ),
    ),
  arrays: ({ count, width, items, places, seed }) => ({
    table: { shape: [items, width], values: floats(seed, 0, items * width) },
    ids: { shape: [count], values: ints(seed, 1, count, 0, items - 1) },
    places: { shape: [places, width], values: floats(seed, 2, places * width) },
    positions: { shape: [count], values: ints(seed, 3, count, 0, Math.max(0, places - 1)) },
  }),
  run: (problem, { table, ids, places, positions }) =>
    embedTokens({
      table: table as tf.Tensor2D,
      ids: ids as tf.Tensor1D,
      scale: problem.scale,
      places: problem.places > 0 ? { table: places as tf.Tensor2D, ids: positions as tf.Tensor1D } : undefined,
      dropout: problem.rate === 0 ? undefined : { rate: problem.rate, stream: stream(problem) },
    }),
  reference: (problem, { table, ids, places, positions }, dy) => {
    const { count, width, places: rows, scale, rate } = problem;
    const input = {
      ...{ table: table.values, ids: ids.values, places: places.values, positions: positions.values },
      ...{ scale, width, rate, keep: ref.dropoutKeep(flatStream(problem), rate, count * width) },
    };
    const { dTable, dPlaces } = ref.embedTokensGrad(input, dy);
    const gradients: Record<string, ArrayLike<number>> = { table: dTable };
    if (rows > 0) gradients.places = dPlaces;
    return { output: ref.embedTokens(input), gradients };
  },
};
