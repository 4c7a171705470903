import { loadNamedPlugins } from '../plugins/named-plugins.ts';
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
  /** Files, relative to the recipe, and packages that define what the configuration names. */
  readonly plugins?: readonly string[];
  readonly config: RunConfig;
}

/**
 * Declares a recipe; an unknown key or a wrong type in its configuration is a `ConfigError` when the file is loaded.
 * One with plug-ins is checked by {@link withPlugins}.
 */
export function defineRecipe(recipe: Omit<Recipe, 'config'> & { readonly config: RunConfigInput }): Recipe {
  if (recipe.plugins !== undefined) return recipe as Recipe;
  return { ...recipe, config: validate(runConfigSchema(recipe.config), recipe.config) };
}

/**
 * A recipe with its plug-ins loaded and its configuration checked.
 *
 * @param folder of the recipe. @param where begins a message about a plug-in.
 * @throws PluginError, ConfigError
 */
export async function withPlugins(recipe: Recipe, folder: string, where: string): Promise<Recipe> {
  if (recipe.plugins === undefined) return recipe;
  await loadNamedPlugins(recipe.plugins, folder, () => where);
  return { ...recipe, config: validate(runConfigSchema(recipe.config), recipe.config) };
}
