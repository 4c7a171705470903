// What the recipes of HSTU as a ranker share, and of the models beside it. Spread into a recipe, so that the resolved
// configuration of a run still shows every value.

/** MLPerf's DLRM-v3 data, small: items are seen about 40 times, and histories hold a few hundred events at the end. */
export const dlrmSmall = {
  format: 'synthetic-ranking' as const,
  ...{ users: 2000, items: 20_000, seed: 1, steps: 30, eventsPerStep: 20, candidates: 16, testCandidates: 64 },
};

/** HSTU of a size for a CPU: 2 layers of 2 heads, 32 wide, on tokens of 64. */
export const smallRanker = {
  kind: 'hstu-ranker' as const,
  ...{ embeddingDim: 64, tableDim: 32, numBlocks: 2, numHeads: 2, dqk: 32, dv: 32 },
  ...{ preprocessorHidden: 64, towerHidden: 64, headHidden: 64, inputDropout: 0.1, linearDropout: 0.1 },
};

export const rankerTask = { kind: 'ranking' as const };
export const rankerEvaluation = { batchSize: 4096, selectBy: 'NE', segments: [] };
export const rankerOptimizer = { learningRate: 1e-3, beta1: 0.9, beta2: 0.98, weightDecay: 0 };
