import type { Ranker } from '../model.ts';
import type { RankerOptions } from '../rankers/ranker.ts';
import { createModel } from '../registry.ts';

/** A model of rows, small. */
export interface SmallRanker {
  readonly config: { readonly kind: string } & Readonly<Record<string, unknown>>;
  /** Has no term of two fields: it learns no pairs. */
  readonly linear?: boolean;
}

const hiddenSizes = [16, 8];
const lowRank = { cross: 'low-rank', rank: 4 };
const mixture = { cross: 'mixture', rank: 8, experts: 2 };
const towers = { queryHiddenSizes: [16], itemHiddenSizes: [16], outputDim: 8 };

/** Every model of rows. */
export const rowModels: Readonly<Record<string, SmallRanker>> = {
  lr: { config: { kind: 'lr' }, linear: true },
  fm: { config: { kind: 'fm', embeddingDim: 8 } },
  mlp: { config: { kind: 'mlp', embeddingDim: 8, hiddenSizes } },
  'dcn-v2': { config: { kind: 'dcn-v2', embeddingDim: 8, hiddenSizes } },
  'dcn-v2 stacked': { config: { kind: 'dcn-v2', embeddingDim: 8, structure: 'stacked', hiddenSizes, ...lowRank } },
  'dcn-v2 cross': { config: { kind: 'dcn-v2', embeddingDim: 8, structure: 'cross', ...mixture } },
  mmoe: { config: { kind: 'mmoe', embeddingDim: 8, experts: 3, expertHiddenSizes: [16], towerHiddenSizes: [8] } },
  ple: { config: { kind: 'ple', embeddingDim: 8, layers: 2, expertHiddenSizes: [16], towerHiddenSizes: [8] } },
  dssm: { config: { kind: 'dssm', embeddingDim: 8, ...towers } },
};

/** With these settings besides its own. */
export function makeRanker({ config }: SmallRanker, settings: object, options: RankerOptions): Ranker {
  return createModel({ ...config, ...settings }, options) as Ranker;
}

/** Defaults of the keys that all models of rows have: those of the reference. */
export const rowDefaults = { userId: true, itemId: true, embeddingStd: 1e-4, embeddingL2: 0, netL2: 0 };
