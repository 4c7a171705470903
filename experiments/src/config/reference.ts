import { defaultBaselines } from './baseline-names.ts';

// What every recipe of the reference shares: meta-recsys/generative-recommenders, research code, commit
// db1bf8f, `configs/` and `trainer/train.py`. Spread into a recipe, so that the resolved configuration of a run
// still shows every value.

/** 128 uniform negatives for each position, cosine similarities over 0.05. */
export const referenceObjective = { kind: 'sampled-softmax' as const, numNegatives: 128, temperature: 0.05 };

/** AdamW at a constant rate, no warm-up, no decay, no clipping; epsilon 1e-8. */
export const referenceOptimizer = { learningRate: 1e-3, beta1: 0.9, beta2: 0.98, weightDecay: 0 };

/** Exact rank among all items but those of the history. */
export const exactEvaluation = {
  ks: [10, 50, 200],
  batchSize: 128,
  excludeSeen: true,
  selectBy: 'NDCG@10',
  baselines: [...defaultBaselines] as string[],
};

/**
 * The same with what the reference's tables leave unsaid: the target first among its equals, its
 * time known to the model.
 */
export const referenceEvaluation = {
  ...exactEvaluation,
  ties: 'optimistic' as const,
  queryTime: 'target' as const,
};

/** For catalogues of unknown size. */
export const smallCatalogueEvaluation = { ...exactEvaluation, ks: [10, 50] };

/** Window of the MovieLens recipes: 200 events, and `gr_output_length + 1` further columns. */
export const movieLensWindow = { maxSequenceLength: 200, outputLength: 11 };

/** The same history for encoders that have no further columns. */
export const movieLensHistory = { maxSequenceLength: 200 };

/** The streaming world of `synthetic/*`: the paper's, scaled down so that two cores see all of it in minutes. */
export const syntheticWorld = {
  format: 'synthetic' as const,
  records: 40_000,
  items: 10_000,
  categories: 100,
  length: 128,
  seed: 1,
};

/** Among the items that are open at the record; records repeat items, so none is left out as seen. */
export const syntheticEvaluation = {
  ks: [10, 50],
  batchSize: 128,
  excludeSeen: false,
  positions: 'all' as const,
  selectBy: 'HR@10',
  // The others know nothing of an item that opened after training: EASE and item-kNN would take minutes to say so.
  baselines: ['popularity', 'last-item'] as string[],
};
