// What the recipes of semantic ids in a ranker share: Amazon Beauty as clicks among drawn items, DIN over histories.

import type { RunConfigInput } from './run-config.ts';

/** Four levels of 128: 512 codes in all, fewer than the smallest table has rows. */
const ids = { tokenizer: { kind: 'residual-k-means' as const, levels: 4, codes: 128 } };

/** Byte-pair pieces, as many as a table has rows. */
const pieces = (name: string, count: number) => ({
  ...{ ids, name, terms: 'pieces' as const, pieces: count },
  weigh: 'training-events' as const,
});

/** Which items nothing trains on. */
const coldItems = { share: 0.1, seed: 1 };

/** Rows of the tables of the items. */
const ROWS = 12_288;

export const sidRankingSource =
  'Better Generalization with Semantic IDs (Singh et al. 2023, arXiv:2306.08121), whose figures are of private data';

/** @param items what is read of an item. */
export const sidRanking = (items: { readonly itemId: boolean; readonly features?: string[] }): RunConfigInput => ({
  task: { kind: 'ranking' },
  data: {
    format: 'named',
    name: 'amazon-beauty',
    sampledNegatives: { perPositive: 4, seed: 1, among: 'opened' },
    // The newest rows test. A tenth of the items is in no row that trains, whatever its label.
    split: { kind: 'rows-by-time', test: 0.1, validation: 0.05, maxHistory: 20 },
    coldItems,
    semanticIds: [
      { ids, name: 'unigrams', terms: 'groups', n: 1 },
      { ids, name: 'bigrams', terms: 'groups', n: 2 },
      { ids, name: 'prefixes', terms: 'prefixes' },
      pieces('pieces1k', 1024),
      pieces('pieces4k', 4096),
      pieces('pieces12k', ROWS),
      { ids, name: 'content', terms: 'vectors' },
    ],
  },
  model: {
    kind: 'din' as const,
    embeddingDim: 32,
    embeddingStd: 0.05,
    userId: false,
    ...items,
    userHistory: { maxEvents: 20, times: false },
    hiddenSizes: [128, 64],
    dropout: 0.1,
    tables: { kind: 'hashed', rows: ROWS },
  },
  optimizer: { learningRate: 1e-3, beta2: 0.999 },
  training: { epochs: 10, batchSize: 1024, shuffle: true, evaluateEvery: 1, patience: 2 },
  evaluation: {
    batchSize: 8192,
    selectBy: 'AUC',
    baselines: ['item-mean'],
    segments: [{ coldItems }, { trainingRows: 'items', bounds: [1, 6], label: 'positive' }],
  },
  seed: 1,
});
