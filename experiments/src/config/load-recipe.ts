import { readdirSync } from 'node:fs';
import { dirname, join, parse } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import type { Override } from '../arguments.ts';
import { ConfigError, UsageError } from '../errors.ts';
import { loadNamedPlugins } from '../plugins/named-plugins.ts';
import { suggestion } from '../suggest.ts';
import { dataConfigSchema } from './data-schema.ts';
import { withOverrides } from './overrides.ts';
import { type Origin, placesOf } from './places.ts';
import { withPresets } from './presets.ts';
import type { Recipe, WrittenRecipe } from './recipe.ts';
import { type RunConfig, retrievalConfig, runConfigSchema, sequenceConfig } from './run-config.ts';
import type { RecipeConfig } from './schema.ts';
import type { WrittenSpace } from './search-space.ts';
import { withDefaults } from './sections.ts';
import { tags } from './settings.ts';
import { validate } from './validate.ts';
import { readYamlFile } from './yaml-file.ts';

const folder = fileURLToPath(new URL('../../recipes', import.meta.url));

/** Names of all recipes, such as `ml-1m/hstu`: the files under `experiments/recipes`. */
export function recipeNames(): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.(ts|js)$/.test(file) && !file.endsWith('.d.ts'))
    .map((file) => file.replaceAll('\\', '/').replace(/\.\w+$/, ''))
    .sort();
}

/** Loads and checks a recipe by name; an unknown name is a `UsageError` with the nearest one. */
export async function loadRecipe(name: string): Promise<Recipe> {
  const recipe = await writtenRecipe(name);
  return { ...recipe, config: validate(runConfigSchema(recipe.config), recipe.config, `recipe ${name}: `) };
}

/** A recipe as it is written, with its plug-ins loaded. */
async function writtenRecipe(name: string): Promise<WrittenRecipe> {
  const names = recipeNames();
  if (!names.includes(name)) throw new UsageError(`recipe "${name}" is not known`, suggestion(name, names));
  // The extension of this very file: `.ts` from sources, `.js` when built.
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  const { recipe } = (await import(new URL(`../../recipes/${name}.${extension}`, import.meta.url).href)) as {
    recipe?: WrittenRecipe;
  };
  if (!recipe) throw new ConfigError(`recipes/${name}.${extension}: expected an export named "recipe"`);
  await loadNamedPlugins(recipe.plugins, dirname(join(folder, name)), () => `recipe ${name}`);
  return recipe;
}

/** What `seqrec search` draws from for a recipe, where it says so; a YAML file says nothing. */
export async function recipeSpace(name: string): Promise<WrittenSpace | undefined> {
  return isYaml(name) ? undefined : (await writtenRecipe(name)).space;
}

/** Whether a recipe is a YAML file that stands for one. */
export const isYaml = (recipe: string): boolean => /\.ya?ml$/.test(recipe);

/** What a recipe is called in the names of runs and in tables: a YAML file by its name alone. */
export function recipeTitle(recipe: string): string {
  return isYaml(recipe) ? parse(recipe).name : recipe;
}

/** A configuration ready to run, and the name its run folder takes. */
export interface ResolvedConfig<C extends RunConfig = RecipeConfig> {
  readonly name: string;
  readonly config: C;
}

/** What a configuration is made from. */
export interface ConfigRequest {
  /** Name of a recipe, or a YAML file that stands for one. */
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
  return { name, config: retrievalConfig(config, request.file ?? `the recipe ${name}`) };
}

/**
 * {@link resolveRun} of the tasks over encoded histories, retrieval and generation.
 *
 * @throws ConfigError for a recipe or file of another task.
 */
export async function resolveSequences(request: ConfigRequest): Promise<ResolvedConfig> {
  const { name, config } = await resolveRun(request);
  return { name, config: sequenceConfig(config, request.file ?? `the recipe ${name}`) };
}

/**
 * The configuration of a recipe or of a YAML file, with overrides applied last: what is written is merged, and parsed
 * once as a whole.
 *
 * A YAML file holds a whole configuration, or `extends: RECIPE` and the keys that differ; `plugins` lists files,
 * relative to it, and packages that define what it names.
 *
 * @throws ConfigError that lists every problem with the place to change: an override, a line of the file, the recipe.
 */
export async function resolveRun(request: ConfigRequest): Promise<ResolvedConfig<RunConfig>> {
  const { overrides } = request;
  const { name, written, ...origin } = await readWritten(request);
  const schema = runConfigSchema(written);
  const places = placesOf({ overrides, ...origin });
  const config = validate(schema, overridden(schema, written, overrides, origin), places);
  return { name, config: withPresets(config, places) };
}

/**
 * Before an override is found unknown, what is wrong beneath it is told: with the kind of a model, say, keys change.
 */
function overridden(
  schema: ReturnType<typeof runConfigSchema>,
  written: unknown,
  overrides: readonly Override[],
  origin: Omit<Origin, 'overrides'>,
): unknown {
  try {
    return withOverrides(schema, written, overrides);
  } catch (error) {
    validate(schema, written, placesOf({ overrides: [], ...origin }));
    throw error;
  }
}

/**
 * The section `data` of a YAML file as it is written, its plug-ins loaded; `split` may be left out.
 *
 * @throws ConfigError for a file without one, and for what is wrong with it by its line.
 */
export async function readDataSection(file: string): Promise<Readonly<Record<string, unknown>>> {
  const { written, ...origin } = await readYaml(file);
  const { data } = written as { readonly data?: unknown };
  if (!isMapping(data)) throw new ConfigError(`${file}: data: expected a section that says what is read`);
  const whole = { data: { split: 'leave-last-out', ...data } };
  validate(z.object({ data: dataConfigSchema() }), whole, placesOf({ overrides: [], ...origin }));
  return data;
}

/** What a configuration starts from, and the name it gives to runs. */
interface Written extends Omit<Origin, 'overrides'> {
  readonly name: string;
  readonly written: unknown;
}

async function readWritten({ recipe, file }: Omit<ConfigRequest, 'overrides'>): Promise<Written> {
  if (file !== undefined) {
    if (recipe !== undefined)
      throw new UsageError(
        `expected a recipe or --config, not both; got "${recipe}" and ${file}`,
        'write "extends: RECIPE" in the file',
      );
    // YAML that is JSON may end otherwise.
    return { name: parse(file).name, ...(await readYaml(file)) };
  }
  if (recipe === undefined)
    throw new UsageError('expected a recipe name or --config FILE', '`seqrec recipes` lists the recipes');
  if (isYaml(recipe)) return readWritten({ file: recipe });
  return { name: recipe, recipe, written: (await writtenRecipe(recipe)).config };
}

async function readYaml(file: string): Promise<Omit<Written, 'name'>> {
  const yaml = readYamlFile(file);
  const { extends: parent, plugins, ...own } = yaml.value;
  await loadNamedPlugins(plugins, dirname(file), () => yaml.locate(['plugins'], false));
  if (parent !== undefined && typeof parent !== 'string')
    throw new ConfigError(`${yaml.locate(['extends'], false)}: extends: expected the name of a recipe`);
  if (parent === undefined) return { yaml, written: own };
  const base = (await writtenRecipe(parent)).config;
  return { yaml, written: merge(base, own, withDefaults(runConfigSchema(base), base, Object.keys(own))) };
}

/**
 * Objects are merged key by key; a section whose tag changes (`kind`, `format`, `policy`) replaces
 * the parent's as a whole.
 *
 * @param filled the parent with its defaults: of these the tags alone are taken, the others are those of a kind.
 */
function merge(base: unknown, own: unknown, filled: unknown): unknown {
  if (!isMapping(own) || !isMapping(filled)) return own;
  for (const tag of tags) if (tag in own && own[tag] !== filled[tag]) return own;
  const ofKind = Object.fromEntries(tags.flatMap((tag) => (tag in filled ? [[tag, filled[tag]]] : [])));
  const written: Record<string, unknown> = { ...ofKind, ...(isMapping(base) && base) };
  const merged = Object.entries(own).map(([key, value]) => [key, merge(written[key], value, filled[key])]);
  return { ...written, ...Object.fromEntries(merged) };
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
