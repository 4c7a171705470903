import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname, extname, isAbsolute, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { z } from 'zod';
import { isYaml } from '../config/load-recipe.ts';
import { validate } from '../config/validate.ts';
import { ConfigError, UsageError } from '../errors.ts';
import { isFileName } from '../plugins/find-plugin.ts';
import { importFile } from '../plugins/load-plugins.ts';
import { loadNamedPlugins } from '../plugins/named-plugins.ts';
import { suggestion } from '../suggest.ts';

/** Folders under `experiments` whose files are experiments as data, and what each file exports. */
const EXPORTS = { tables: 'table', replays: 'replay', benchmarks: 'benchmark' } as const;

type Folder = keyof typeof EXPORTS;

/** Names such as `hstu/ml-1m`: the files of a folder. */
export function definitionNames(folder: Folder): string[] {
  return readdirSync(fileURLToPath(new URL(`../../${folder}`, import.meta.url)), { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.(ts|js)$/.test(file) && !file.endsWith('.d.ts'))
    .map((file) => file.replaceAll('\\', '/').replace(/\.\w+$/, ''))
    .sort();
}

/** What a definition is called in folders, tables and saved results: a file of one's own by its name alone. */
export function definitionTitle(name: string): string {
  return isFileName(name) ? basename(name, extname(name)) : name;
}

/** What a definition may have. */
interface Definition {
  readonly plugins?: readonly string[];
}

/** How a definition in a file of one's own is read. */
export interface OwnDefinition<T> {
  readonly shape: z.ZodType<T>;
  /** Checks what the shape does not say. */
  readonly define: (definition: T) => T;
  /** The definition with the recipes that `beside` finds: YAML files lie beside the file that names them. */
  readonly withRecipes: (definition: T, beside: (recipe: string) => string) => T;
}

/**
 * A definition by its name; with `own`, also that of a file, `./mine.ts`: the export that the files of the folder have.
 * Its plug-ins are loaded.
 *
 * @param known the names that the command knows.
 * @throws UsageError with the nearest of the names, PluginError for a file that throws, ConfigError for one that
 *   exports something else.
 */
export async function loadDefinition<T extends object>(
  folder: Folder,
  name: string,
  { known = definitionNames(folder), own }: { readonly known?: readonly string[]; readonly own?: OwnDefinition<T> },
): Promise<T> {
  const found = own !== undefined && isFileName(name) ? await loadOwn(folder, name, own) : undefined;
  const { path, definition } = found ?? (await loadKnown<T>(folder, name, known));
  const { plugins } = definition as Definition;
  await loadNamedPlugins(plugins, dirname(path), () => name);
  return definition;
}

interface Loaded<T> {
  readonly path: string;
  readonly definition: T;
}

async function loadKnown<T>(folder: Folder, name: string, known: readonly string[]): Promise<Loaded<T>> {
  if (!definitionNames(folder).includes(name))
    throw new UsageError(`${kindOf(folder)} "${name}" is not known`, suggestion(name, known));
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  const file = new URL(`../../${folder}/${name}.${extension}`, import.meta.url);
  const loaded = (await import(file.href)) as Record<string, T | undefined>;
  const definition = loaded[EXPORTS[folder]];
  if (definition === undefined)
    throw new ConfigError(`${folder}/${name}.${extension}: expected an export named "${EXPORTS[folder]}"`);
  return { path: fileURLToPath(file), definition };
}

async function loadOwn<T>(folder: Folder, name: string, own: OwnDefinition<T>): Promise<Loaded<T>> {
  const key = EXPORTS[folder];
  const path = resolve(name);
  if (!existsSync(path) || !statSync(path).isFile())
    throw new UsageError(`expected the name of a ${kindOf(folder)} or a file; got ${name}; there is no file ${path}`);
  const exports = await importFile(path, `${name}: expected a file that loads`);
  if (!Object.hasOwn(exports, key))
    throw new ConfigError(
      `${name}: expected an export named "${key}"; got ${Object.keys(exports).join(', ') || 'no export'}`,
    );
  const written = exports[key] as T;
  // What it is made of stays as it is: parsing would copy it.
  validate(own.shape, written, `${name}: ${key}: `);
  return { path, definition: own.withRecipes(own.define(written), (recipe) => recipeBeside(path, recipe)) };
}

const kindOf = (folder: Folder): string => (folder === 'benchmarks' ? 'benchmark' : 'table');

/** A YAML file is looked for beside the file that names it; other recipes are known by their names. */
function recipeBeside(definition: string, recipe: string): string {
  if (!isYaml(recipe) || isAbsolute(recipe)) return recipe;
  return resolve(dirname(definition), recipe);
}
