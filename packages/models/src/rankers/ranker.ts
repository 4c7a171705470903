import type { ModelOptions, Ranker } from '../model.ts';

/** What a model of rows needs besides its configuration. */
export type RankerOptions = ModelOptions & { readonly numUsers: number };

/** A builder of a model of rows, which has to know how many users there are, as a definition has it. */
export function ofRows<C>(
  create: (config: C, options: RankerOptions) => Ranker,
): (config: C, options: ModelOptions) => Ranker {
  return (config, { numUsers = 0, ...options }) => create(config, { ...options, numUsers });
}
