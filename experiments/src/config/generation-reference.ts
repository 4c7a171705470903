// What recipes of generation over semantic ids share.

/** Full softmax over the codes of a level, cosines over 0.05. */
export const codeObjective = { kind: 'full-softmax' as const, temperature: 0.05 };

/** The cut-offs of Rajput et al. 2023 and the tables after it, a list of 20 besides. */
export const codeEvaluation = {
  ks: [5, 10, 20],
  batchSize: 128,
  excludeSeen: true,
  selectBy: 'NDCG@10',
};

/** A causal Transformer over codes: 20 events, as the paper reads. */
export const codeDecoder = {
  kind: 'transformer' as const,
  embeddingDim: 128,
  maxSequenceLength: 20,
  outputLength: 1,
  numBlocks: 3,
  numHeads: 4,
  inputDropout: 0.2,
  blockDropout: 0.2,
};
