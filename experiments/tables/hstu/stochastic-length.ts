import { measureSparsity } from '../../src/studies/reproduce/sparsity.ts';
import { defineTable } from '../../src/studies/reproduce/table.ts';

const lengths = [1024, 2048, 4096, 8192];
const windows = [50, 100, 200];

/** Table 3 of the paper: sparsity of 30 days of history, as shares, at N = 1024, 2048, 4096, 8192. */
const published: readonly (readonly [number, readonly number[]])[] = [
  [1.6, [0.715, 0.761, 0.805, 0.844]],
  [1.7, [0.561, 0.636, 0.698, 0.756]],
  [1.8, [0.402, 0.453, 0.541, 0.664]],
  [1.9, [0.172, 0.21, 0.363, 0.641]],
  [2, [0.031, 0.066, 0.291, 0.641]],
];

export const table = defineTable({
  title: 'Stochastic length: how much of the histories is left out',
  source: 'Zhai et al. 2024, table 3 and section 3.2 (arXiv:2402.17152)',
  notes: [
    'Sparsity: 1 - mean length / N, of the lengths that the sampler really draws. Columns `sparsity N`: histories that fill N. The users of the paper do not all (its row of alpha 2, where nothing is cut, is their share of empty places), so its figures lie above ours by about that where N is large.',
    'Columns `data N`: the training histories of ML-1M, leave-last-out, cut to their latest N first, since few reach the N of the paper.',
    '`error`: the largest difference of a mean length from `(1 - p) N^(alpha / 2) + p n`, `p = N^alpha / n^2`, over the columns, as a share.',
    'Nothing is trained here; training takes it as `--windows.policy stochastic-length --windows.alpha 1.6`.',
  ],
  metrics: [...lengths.map((N) => `sparsity ${N}`), ...windows.map((N) => `data ${N}`), 'error'],
  rows: published.map(([alpha, figures]) => ({
    name: `alpha ${alpha.toFixed(1)}`,
    recipe: 'ml-1m/hstu',
    changes: [{ key: 'data.split', text: 'leave-last-out' }],
    paper: Object.fromEntries(lengths.map((N, i) => [`sparsity ${N}`, figures[i]])),
    measure: ({ data, config }) => measureSparsity(data.split.train, { alpha, lengths, windows, seed: config.seed }),
  })),
  claims: [],
});
