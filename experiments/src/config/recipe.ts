import { validate } from './overrides.ts';
import { type RunConfig, type RunConfigInput, runConfigSchema } from './run-config.ts';

/** An executable claim: one row of a table, and the configuration that should reproduce it. */
export interface Recipe {
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
  readonly config: RunConfig;
}

/**
 * Declares a recipe; an unknown key or a wrong type in its configuration is a `ConfigError` when the file is loaded.
 */
export function defineRecipe(recipe: Omit<Recipe, 'config'> & { readonly config: RunConfigInput }): Recipe {
  return { ...recipe, config: validate(runConfigSchema(recipe.config), recipe.config) };
}
