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

/** Every model of rows. */
export const rowModels: Readonly<Record<string, SmallRanker>> = {
  lr: { config: { kind: 'lr' }, linear: true },
  fm: { config: { kind: 'fm', embeddingDim: 8 } },
  mlp: { config: { kind: 'mlp', embeddingDim: 8, hiddenSizes } },
};

/** With these settings besides its own. */
export function makeRanker({ config }: SmallRanker, settings: object, options: RankerOptions): Ranker {
  return createModel({ ...config, ...settings }, options) as Ranker;
}

/** Defaults of the keys that all models of rows have: those of the reference. */
export const rowDefaults = { userId: true, itemId: true, embeddingStd: 1e-4, embeddingL2: 0, netL2: 0 };
