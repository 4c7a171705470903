import type { WrittenSpace } from './search-space.ts';

// Spaces of the recipes: what papers tune of these models, over the ranges that they report. A budget of all trials
// is shared out among them, so a space holds what matters and no more.

const rate = { 'optimizer.learningRate': 'loguniform 3e-4 1e-2' };

/** Width, depth and dropout of SASRec: the feed-forward part is as wide as the model. */
export const sasrecSpace: WrittenSpace = {
  ...rate,
  width: [32, 64, 128].map((dim) => ({ 'model.embeddingDim': dim, 'model.ffnDim': dim })),
  'model.numBlocks': [1, 2, 3],
  'model.inputDropout, model.ffnDropout': 'uniform 0.1 0.6',
};

/** Of HSTU: one head, as wide as the model. */
export const hstuSpace: WrittenSpace = {
  ...rate,
  width: [32, 64, 128].map((dim) => ({ 'model.embeddingDim': dim, 'model.dqk': dim, 'model.dv': dim })),
  'model.numBlocks': [1, 2, 3],
  'model.inputDropout, model.linearDropout': 'uniform 0.1 0.6',
};

/** Of FuXi-alpha: as HSTU, with one block less at most, whose own feed-forward part costs as much again. */
export const fuxiAlphaSpace: WrittenSpace = { ...hstuSpace, 'model.numBlocks': [1, 2] };

/** Of BERT4Rec, a pre-norm Transformer or LiGR: the feed-forward part is four times as wide as the model. */
export const ligrSpace: WrittenSpace = {
  ...rate,
  'model.embeddingDim': [32, 64, 128],
  'model.numBlocks': [1, 2, 3],
  'model.inputDropout, model.blockDropout': 'uniform 0.1 0.6',
};

/** Of GRU4Rec: the state is as wide as the items, or twice. */
export const gru4recSpace: WrittenSpace = {
  ...rate,
  width: [32, 64, 128].flatMap((dim) =>
    [dim, 2 * dim].map((hidden) => ({ 'model.embeddingDim': dim, 'model.hiddenDim': hidden })),
  ),
  'model.numBlocks': [1, 2],
  'model.inputDropout, model.blockDropout': 'uniform 0.1 0.6',
};
