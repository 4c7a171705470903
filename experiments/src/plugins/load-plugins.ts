import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { type FoundPlugin, findPlugin, isTypeScript } from './find-plugin.ts';
import { PluginError } from './plugin-error.ts';
import { followImports, importsOf, shareImports } from './shared-imports.ts';

/** A plug-in that this process has loaded. */
export interface LoadedPlugin extends FoundPlugin {
  /** sha256 of the file that was imported. */
  readonly digest: string;
  /** What it defined, `model own-decay` and so on. */
  readonly defines: readonly string[];
}

/** By the path of the file. */
const loaded = new Map<string, LoadedPlugin>();

/** The plug-ins of this process, in the order in which they were loaded. */
export function loadedPlugins(): readonly LoadedPlugin[] {
  return [...loaded.values()];
}

/** What a checkpoint says of them, for whoever loads it without: nothing where there are none. */
export function pluginsForCheckpoint(): {
  readonly plugins?: readonly Omit<LoadedPlugin, 'path' | 'digest' | 'isPackage'>[];
} {
  const plugins = loadedPlugins().map(({ path: _, digest: __, isPackage: ___, ...rest }) => rest);
  return plugins.length === 0 ? {} : { plugins };
}

/** The plug-in that an error comes out of, by its stack: that of the file, or of one that it imports. */
export function pluginOf(error: unknown): LoadedPlugin | undefined {
  const stack = error instanceof Error ? (error.stack ?? '') : '';
  return loadedPlugins().find(({ path }) =>
    importsOf(pathToFileURL(path).href).some((url) => stack.includes(url) || stack.includes(fileURLToPath(url))),
  );
}

/** sha256 of a file, in hex. */
export function fileDigest(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}

/**
 * Imports a plug-in, once: from then on configurations may name what it defines.
 *
 * @param name a file, relative to `folder`, or a package.
 * @param where begins the message: the option, or the line of a configuration.
 * @param as how it is called from then on; default: its name.
 * @throws PluginError when it is not there, throws, or defines nothing.
 */
export async function loadPlugin(name: string, folder: string, where: string, as = name): Promise<LoadedPlugin> {
  const found = { ...findPlugin(name, folder, where), name: as };
  const known = loaded.get(found.path);
  if (known !== undefined) return known;
  const { plugin } = await importFound(found, `${where}: ${name}: expected a plug-in that loads`);
  if (plugin === undefined)
    throw new PluginError(
      `${where}: ${name}: expected a plug-in, which defines something when it is imported; got ${found.path}, which does not; call defineModel, defineTask, defineObjective, defineTokenizer, defineItemVectors, defineBaseline, defineMetric, defineSource, defineWindows or defineGoldenCheck in it`,
    );
  return plugin;
}

/**
 * Imports a file for what it exports. Where it defines something as well, it is a plug-in from then on.
 *
 * @param expected begins the message about a file that throws.
 * @throws PluginError
 */
export async function importFile(path: string, expected: string): Promise<Readonly<Record<string, unknown>>> {
  const { exports } = await importFound({ name: path, path, isPackage: false }, expected);
  return exports;
}

async function importFound(
  found: FoundPlugin,
  expected: string,
): Promise<{ readonly exports: Readonly<Record<string, unknown>>; readonly plugin?: LoadedPlugin }> {
  // Before the import: the digest is of what is about to be read.
  const digest = fileDigest(found.path);
  shareImports();
  const before = new Set(await defined());
  let exports: Readonly<Record<string, unknown>>;
  try {
    const { href } = pathToFileURL(found.path);
    followImports(href);
    exports = (await import(/* @vite-ignore */ href)) as Readonly<Record<string, unknown>>;
  } catch (error) {
    throw new PluginError(`${expected}; got ${reasonOf(error, found.path)}${hintOf(error, found.path)}`);
  }
  const defines = (await defined()).filter((each) => !before.has(each));
  if (defines.length === 0) return { exports };
  const plugin = { ...found, digest, defines };
  loaded.set(found.path, plugin);
  return { exports, plugin };
}

/** Everything that somebody can define, `model hstu` and so on. */
async function defined(): Promise<string[]> {
  const models = await import('@seqrec/models');
  const { definedWindows, sourceFormats } = await import('@seqrec/data');
  const named = {
    model: models.modelKinds(),
    task: models.taskKinds(),
    objective: models.objectiveKinds(),
    tokenizer: models.tokenizerKinds(),
    'item vectors': models.itemVectorKinds(),
    baseline: models.knownBaselines(),
    metric: models.metricPatterns(),
    source: sourceFormats(),
    windows: definedWindows().map(({ policy }) => policy),
    golden: models.goldenKinds(),
  };
  return Object.entries(named).flatMap(([what, names]) => names.map((name) => `${what} ${name}`));
}

/** What went wrong in one line, with the place where the stack has it. */
function reasonOf(error: unknown, path: string): string {
  if (!(error instanceof Error)) return `${String(error)}, thrown in ${path}`;
  const stack = error.stack ?? '';
  const at = stack.indexOf(path);
  const line = at < 0 ? undefined : /^:\d+/.exec(stack.slice(at + path.length))?.[0];
  const [first] = error.message.split('\n');
  const kind = error.name === 'Error' ? '' : `${error.name}: `;
  return `${kind}${first} (${path}${line ?? ''})`;
}

function hintOf(error: unknown, path: string): string {
  const { code } = error as NodeJS.ErrnoException;
  if (
    code === 'ERR_UNSUPPORTED_NODE_MODULES_TYPE_STRIPPING' ||
    (isTypeScript(path) && path.includes(`${sep}node_modules${sep}`))
  )
    return '; Node takes no TypeScript from node_modules: the package has to bring compiled files';
  if (code === 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX')
    return '; Node only takes the types away: no enum, namespace or parameter property';
  return '';
}
