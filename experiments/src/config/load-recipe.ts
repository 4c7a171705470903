import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseModelConfig } from '@seqrec/models';
import type { Override } from '../arguments.ts';
import { ConfigError, UsageError } from '../errors.ts';
import { loadNamedPlugins } from '../plugins/named-plugins.ts';
import { suggestion } from '../suggest.ts';
import { applyOverrides, validate } from './overrides.ts';
import { type Recipe, withPlugins } from './recipe.ts';
import { type RunConfig, retrievalConfig, runConfigSchema } from './run-config.ts';
import type { RecipeConfig } from './schema.ts';
import { readYamlFile, validateYaml } from './yaml-file.ts';

const folder = fileURLToPath(new URL('../../recipes', import.meta.url));

/** Names of all recipes, such as `ml-1m/hstu`: the files under `experiments/recipes`. */
export function recipeNames(): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.(ts|js)$/.test(file) && !file.endsWith('.d.ts'))
    .map((file) => file.replaceAll('\\', '/').replace(/\.\w+$/, ''))
    .sort();
}

/** Loads a recipe by name; an unknown name is a `UsageError` with the nearest one. */
export async function loadRecipe(name: string): Promise<Recipe> {
  const names = recipeNames();
  if (!names.includes(name)) throw new UsageError(`recipe "${name}" is not known`, suggestion(name, names));
  // The extension of this very file: `.ts` from sources, `.js` when built.
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  const loaded = (await import(new URL(`../../recipes/${name}.${extension}`, import.meta.url).href)) as {
    recipe?: Recipe;
  };
  if (!loaded.recipe) throw new ConfigError(`recipes/${name}.${extension}: expected an export named "recipe"`);
  return withPlugins(loaded.recipe, dirname(join(folder, name)), `recipe ${name}`);
}

/** A configuration ready to run, and the name its run folder takes. */
export interface ResolvedConfig<C extends RunConfig = RecipeConfig> {
  readonly name: string;
  readonly config: C;
}

/** What a configuration is made from. */
export interface ConfigRequest {
  readonly recipe?: string;
  readonly file?: string;
  readonly overrides: readonly Override[];
}

/**
 * {@link resolveRun} of the task retrieval.
 *
 * @throws ConfigError for a recipe or file of another task.
 */
export async function resolveConfig(request: ConfigRequest): Promise<ResolvedConfig> {
  const { name, config } = await resolveRun(request);
  const what = request.file === undefined ? `the recipe ${name}` : request.file;
  return { name, config: retrievalConfig(config, what) };
}

/**
 * The configuration of a recipe or of a YAML file, with overrides applied last.
 *
 * A YAML file holds a whole configuration, or `extends: RECIPE` and the keys that differ; `plugins` lists files,
 * relative to it, and packages that define what it names.
 */
export async function resolveRun(request: ConfigRequest): Promise<ResolvedConfig<RunConfig>> {
  if (request.file !== undefined) {
    if (request.recipe !== undefined)
      throw new UsageError(
        `expected a recipe or --config, not both; got "${request.recipe}" and ${request.file}`,
        'write "extends: RECIPE" in the file',
      );
    const base = await loadYaml(request.file);
    const stem = request.file.replace(/^.*[\\/]/, '').replace(/\.ya?ml$/, '');
    return { name: stem, config: complete(applyOverrides(runConfigSchema(base), base, request.overrides)) };
  }
  if (request.recipe === undefined)
    throw new UsageError('expected a recipe name or --config FILE', '`seqrec recipes` lists the recipes');
  const recipe = await loadRecipe(request.recipe);
  return {
    name: request.recipe,
    config: complete(applyOverrides(runConfigSchema(recipe.config), recipe.config, request.overrides)),
  };
}

/** With what the model's own preset sets: only after the overrides, which may choose another preset. */
function complete(config: RunConfig): RunConfig {
  // Parsed again for the order of the keys: a resumed run writes the same bytes.
  return validate(runConfigSchema(config), { ...config, model: parseModelConfig(config.model) });
}

async function loadYaml(file: string): Promise<RunConfig> {
  const yaml = readYamlFile(file);
  const { extends: parent, plugins, ...own } = yaml.value;
  await loadNamedPlugins(plugins, dirname(file), () => yaml.locate(['plugins'], false));
  if (parent !== undefined && typeof parent !== 'string')
    throw new ConfigError(`${yaml.locate(['extends'], false)}: extends: expected the name of a recipe`);
  const base = parent === undefined ? {} : (await loadRecipe(parent)).config;
  const merged = merge(base, own);
  return validateYaml(runConfigSchema(merged), merged, yaml);
}

/**
 * Objects are merged key by key; a section whose tag changes (`kind`, `format`, `policy`) replaces
 * the parent's as a whole.
 */
function merge(base: unknown, own: unknown): unknown {
  if (!isMapping(base) || !isMapping(own)) return own;
  for (const tag of ['kind', 'format', 'policy']) if (tag in own && own[tag] !== base[tag]) return own;
  return { ...base, ...Object.fromEntries(Object.entries(own).map(([key, value]) => [key, merge(base[key], value)])) };
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
