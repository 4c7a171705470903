import { createScorer, type TokenEncoder, type UserScorer } from '@seqrec/models';

export interface CacheOptions {
  /** Of keys and values, for each worker; default 1e9. */
  readonly cacheBytes?: number;
}

/** The scorer that answers for a model, from kept keys and values. */
export function openScorer(model: TokenEncoder, { cacheBytes }: CacheOptions = {}): UserScorer {
  return createScorer(model, cacheBytes === undefined ? {} : { maxBytes: cacheBytes });
}
