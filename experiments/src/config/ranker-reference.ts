// What the recipes of HSTU as a ranker share, and of the models beside it. Spread into a recipe, so that the resolved
// configuration of a run still shows every value.

import type { WrittenRecipe } from './recipe.ts';
import type { RunConfigInput } from './run-config.ts';

/** MLPerf's DLRM-v3 data, small: items are seen about 40 times, and histories hold a few hundred events at the end. */
export const dlrmSmall = {
  format: 'synthetic-ranking' as const,
  ...{ users: 2000, items: 20_000, seed: 1, steps: 30, eventsPerStep: 20, candidates: 16, testCandidates: 64 },
  // Of all phases, as a calibrator needs them.
  ...{ validationSteps: 0, validationShare: 0.05 },
};

/** Of models with a table of items: a twelfth of the rows that test are of items that open then. */
export const dlrmIdDropout = 0.1;

/** HSTU of a size for a CPU: 2 layers of 2 heads, 32 wide, on tokens of 64. */
export const smallRanker = {
  kind: 'hstu-ranker' as const,
  ...{ embeddingDim: 64, tableDim: 32, numBlocks: 2, numHeads: 2, dqk: 32, dv: 32 },
  ...{ preprocessorHidden: 64, towerHidden: 64, headHidden: 64, inputDropout: 0.1, linearDropout: 0.1 },
};

export const rankerTask = { kind: 'ranking' as const };
export const rankerEvaluation = { batchSize: 4096, selectBy: 'NE', segments: [] };
export const rankerOptimizer = { learningRate: 1e-3, beta1: 0.9, beta2: 0.98, weightDecay: 0 };

/** Of models of rows beside the ranker, on its data. */
export const besideDlrmSmall = {
  task: rankerTask,
  data: dlrmSmall,
  optimizer: rankerOptimizer,
  training: { epochs: 10, batchSize: 1024, shuffle: true, evaluateEvery: 1, patience: 2 },
  evaluation: rankerEvaluation,
};

/**
 * ML-1M as DLRM-v3 has it: the last ten films of a user are the candidates of a request, everything before is its
 * history; liked is a rating of 3.5 or more. A user has one request, so the id of one that tests was never trained.
 */
export const lastFilms = {
  format: 'named' as const,
  name: 'ml-1m' as const,
  label: { column: 'rating', positiveAbove: 3.5, negativeBelow: 3.5 },
  split: { kind: 'last-rows' as const, rows: 10, by: 'user' as const, test: 0.25, validation: 0.1, seed: 1 },
};

/** The film; who asks, but for the id. */
export const filmFields = {
  userId: false,
  features: ['gender', { column: 'age', encode: 'steps' as const, width: 1 }, 'occupation'],
};

export const filmEvaluation = { batchSize: 4096, selectBy: 'AUC', segments: ['gender', 'age'] };

/** Tables that begin near 0, and DCN-V2 after them. */
export const filmTower = {
  ...{ embeddingDim: 16, crossLayers: 3, hiddenSizes: [128, 64], dropout: 0.2 },
  ...{ embeddingStd: 1e-4, embeddingL2: 0.003 },
};

const filmTraining = { epochs: 60, batchSize: 512, shuffle: true, evaluateEvery: 1, patience: 5 };

/** A model of rows beside the ranker: the same requests, row by row. */
export const filmRows = (model: { readonly kind: string } & Readonly<Record<string, unknown>>): RunConfigInput =>
  ({
    task: rankerTask,
    data: lastFilms,
    model: { ...filmFields, ...filmTower, ...model },
    optimizer: rankerOptimizer,
    training: filmTraining,
    evaluation: filmEvaluation,
    seed: 1,
  }) as RunConfigInput;

/**
 * A module over the films that HSTU reads, with their ratings, before the tower of DCN-V2. Without times: those of the
 * candidates would tell how the user went on.
 */
export const filmModule = (
  model: { readonly kind: string } & Readonly<Record<string, unknown>>,
  about: Pick<WrittenRecipe, 'claim' | 'source' | 'cost'>,
): WrittenRecipe => ({
  ...about,
  expected: 'no figure published; `seqrec reproduce ranker/ml-1m` sets it beside HSTU and DCN-V2',
  command: `npx -y pnpm@12 seqrec train ranker/ml-1m-${model.kind} --data data`,
  config: filmRows({
    tower: 'dcn-v2',
    userHistory: { maxEvents: 200, columns: [{ column: 'rating', encode: 'steps', width: 1 }], times: false },
    ...model,
  }),
});
