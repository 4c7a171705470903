import type { ModelOptions } from '../model.ts';

/** What a model of rows needs besides its configuration. */
export type RankerOptions = ModelOptions & { readonly numUsers: number };
