import type { Ranker } from '../model.ts';
import type { RankerOptions } from '../rankers/ranker.ts';
import { createModel } from '../registry.ts';

/** A model of rows, small. */
export interface SmallRanker {
  readonly config: { readonly kind: string } & Readonly<Record<string, unknown>>;
  /** Has no term of two fields: it learns no pairs. */
  readonly linear?: boolean;
  /** Of the test that it learns rows by heart; default .02. */
  readonly learningRate?: number;
  /** Its settings of dropout, where they have names of their own; default `dropout`. */
  readonly dropout?: readonly string[];
}

const hiddenSizes = [16, 8];
const lowRank = { cross: 'low-rank', rank: 4 };
const mixture = { cross: 'mixture', rank: 8, experts: 2 };
const attention = { embeddingDim: 8, blocks: 2, heads: 2, queryDim: 4, valueDim: 4 };
const tiny = {
  ...{ embeddingDim: 8, userHistory: { maxEvents: 5 }, numBlocks: 2, numHeads: 2, dqk: 4, dv: 4, inputDropout: 0 },
  ...{
    linearDropout: 0,
    preprocessorHidden: 8,
    towerHidden: 16,
    headHidden: 8,
    positionBuckets: 10,
    ageBuckets: 6,
    minHistoryForContext: 0,
  },
  actions: { kind: 'column', column: 'clicked', bits: 1 },
};
const towers = { queryHiddenSizes: [16], itemHiddenSizes: [16], outputDim: 8 };

const retrieval = { attentionDim: 8, shortEvents: 2, topK: 3 };

/** Every model of rows. */
export const rowModels: Readonly<Record<string, SmallRanker>> = {
  lr: { config: { kind: 'lr' }, linear: true },
  fm: { config: { kind: 'fm', embeddingDim: 8 } },
  mlp: { config: { kind: 'mlp', embeddingDim: 8, hiddenSizes } },
  'dcn-v2': { config: { kind: 'dcn-v2', embeddingDim: 8, hiddenSizes } },
  'dcn-v2 stacked': { config: { kind: 'dcn-v2', embeddingDim: 8, structure: 'stacked', hiddenSizes, ...lowRank } },
  'dcn-v2 cross': { config: { kind: 'dcn-v2', embeddingDim: 8, structure: 'cross', ...mixture } },
  fcn: { config: { kind: 'fcn', embeddingDim: 8, exponentialLayers: 2, linearLayers: 2 } },
  'fcn of heads': {
    config: { kind: 'fcn', embeddingDim: 8, exponentialLayers: 1, linearLayers: 2, heads: 2, layerNorm: false },
  },
  gdcn: { config: { kind: 'gdcn', embeddingDim: 8, hiddenSizes } },
  'gdcn stacked': { config: { kind: 'gdcn', embeddingDim: 8, structure: 'stacked', crossLayers: 2, hiddenSizes } },
  finalmlp: {
    config: { kind: 'finalmlp', embeddingDim: 8, mlp1HiddenSizes: [8], mlp2HiddenSizes: [16, 8], gateHiddenSizes: [4] },
    dropout: ['mlp1Dropout', 'mlp2Dropout'],
  },
  finalnet: {
    config: {
      kind: 'finalnet',
      embeddingDim: 8,
      block1HiddenSizes: [16, 8],
      block2HiddenSizes: [8],
      featureGating: true,
    },
    dropout: ['block1Dropout', 'block2Dropout'],
  },
  'finalnet of one block': {
    config: { kind: 'finalnet', embeddingDim: 8, blockType: '1B', residualType: 'sum', block1HiddenSizes: [16, 8] },
    dropout: ['block1Dropout'],
  },
  autoint: { config: { kind: 'autoint', embeddingDim: 8, attentionDim: 8, heads: 2, useWide: true, hiddenSizes } },
  'vanilla attention': { config: { kind: 'field-attention', ...attention, form: 'vanilla' } },
  'hetero attention': { config: { kind: 'field-attention', ...attention, form: 'hetero', norm: 'pre' } },
  hiformer: { config: { kind: 'field-attention', ...attention, form: 'hiformer', norm: 'pre', rank: 8 } },
  'hstu-ranker': { config: { kind: 'hstu-ranker', ...tiny } },
  'hstu-ranker interleaved': {
    config: { kind: 'hstu-ranker', ...tiny, form: 'interleave', attention: 'softmax', queryTime: 'history' },
  },
  'mean-pooling': { config: { kind: 'mean-pooling', embeddingDim: 8, hiddenSizes } },
  din: { config: { kind: 'din', embeddingDim: 8, hiddenSizes, attentionHiddenSizes: [8, 4] } },
  bst: { config: { kind: 'bst', embeddingDim: 8, hiddenSizes }, learningRate: 0.005 },
  transact: {
    config: { kind: 'transact', embeddingDim: 8, hiddenSizes, feedForwardDim: 8, latest: 2, tower: 'mlp' },
    learningRate: 0.005,
  },
  'cross-attention': { config: { kind: 'cross-attention', embeddingDim: 8, hiddenSizes, attentionDim: 8 } },
  sim: { config: { kind: 'sim', embeddingDim: 8, hiddenSizes, ...retrieval } },
  eta: { config: { kind: 'eta', embeddingDim: 8, hiddenSizes, ...retrieval } },
  mmoe: { config: { kind: 'mmoe', embeddingDim: 8, experts: 3, expertHiddenSizes: [16], towerHiddenSizes: [8] } },
  ple: { config: { kind: 'ple', embeddingDim: 8, layers: 2, expertHiddenSizes: [16], towerHiddenSizes: [8] } },
  dssm: { config: { kind: 'dssm', embeddingDim: 8, ...towers } },
};

/** Models of sequences under other settings: other ways through their code. */
export const sequenceVariants: Readonly<Record<string, SmallRanker>> = {
  'mean-pooling under dcn-v2': {
    config: { kind: 'mean-pooling', embeddingDim: 8, hiddenSizes, tower: 'dcn-v2', crossLayers: 1 },
  },
  'din, softmax': {
    config: {
      ...{ kind: 'din', embeddingDim: 8, hiddenSizes, attentionHiddenSizes: [8] },
      ...{ attentionActivation: 'prelu', attentionSoftmax: true },
    },
  },
  'din, dice': {
    config: {
      ...{ kind: 'din', embeddingDim: 8, hiddenSizes, attentionHiddenSizes: [8] },
      ...{ attentionActivation: 'dice', hiddenActivation: 'dice' },
    },
  },
  'bst, target': {
    config: { kind: 'bst', embeddingDim: 8, hiddenSizes, positions: false, pooling: 'target', numBlocks: 2 },
  },
  'transact of pinterest': {
    config: {
      ...{ kind: 'transact', embeddingDim: 8, hiddenSizes, feedForwardDim: 8, latest: 2, tower: 'mlp' },
      ...{ padding: 'pinterest', order: 'oldest-first' },
    },
  },
  'sim, category': {
    config: { kind: 'sim', embeddingDim: 8, hiddenSizes, ...retrieval, search: 'category', category: 'genres' },
  },
  'sim, as fuxictr': { config: { kind: 'sim', embeddingDim: 8, hiddenSizes, ...retrieval, mask: 'fuxictr' } },
};

/** With these settings besides its own. */
export function makeRanker({ config }: SmallRanker, settings: object, options: RankerOptions): Ranker {
  return createModel({ ...config, ...settings }, options) as Ranker;
}

/** Defaults of the keys that all models of rows have: those of the reference. */
export const rowDefaults = { userId: true, itemId: true, embeddingStd: 1e-4, embeddingL2: 0, netL2: 0 };

/** The same of those that read a history. */
export const sequenceDefaults = {
  ...rowDefaults,
  userHistory: { maxEvents: 50, sameTime: 'hidden', times: true },
  tower: 'mlp',
  hiddenSizes: [400, 400, 400],
  dropout: 0,
  historyScale: 1,
};
