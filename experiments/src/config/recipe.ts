import type { RunConfig, RunConfigInput } from './run-config.ts';
import type { WrittenSpace } from './search-space.ts';

/** An executable claim: one row of a table, and the configuration that should reproduce it. */
export interface Recipe<C = RunConfig> {
  /** What the run shows. */
  readonly claim: string;
  /** Where the figure and the hyper-parameters are published. */
  readonly source: string;
  /** The figure to expect, with its protocol. */
  readonly expected: string;
  /** What it costs, on a named machine. */
  readonly cost: string;
  /** The command that runs it. */
  readonly command: string;
  /** Files, relative to the recipe, and packages that define what the configuration names. */
  readonly plugins?: readonly string[];
  /** What `seqrec search` draws from. */
  readonly space?: WrittenSpace;
  readonly config: C;
}

/** A recipe as it is written: settings with a default may be absent, and nothing is checked but types. */
export type WrittenRecipe = Recipe<RunConfigInput>;

/** Declares a recipe. It is checked when it is loaded by name, with its plug-ins. */
export function defineRecipe(recipe: WrittenRecipe): WrittenRecipe {
  return recipe;
}
