// What is wrong with a command that is written in the docs or shown as an example, found without running it.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { knownKeys } from '../experiments/src/config/issues.ts';
import { recipeNames, resolveRun } from '../experiments/src/config/load-recipe.ts';
import { rankingRunConfigSchema } from '../experiments/src/config/ranking-schema.ts';
import { recipeConfigSchema } from '../experiments/src/config/schema.ts';
import { idsSchema } from '../experiments/src/ids/fit-ids.ts';
import { parseCommandLine } from '../experiments/src/main.ts';
import { benchmarkCells } from '../experiments/src/studies/benchmark/cells.ts';
import { benchmarkNames, loadBenchmark } from '../experiments/src/studies/benchmark/load-benchmark.ts';
import { spaceOf } from '../experiments/src/studies/benchmark/tune-cell.ts';
import { replayNames, tableNames } from '../experiments/src/studies/reproduce/load-table.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

/** The arguments of what is typed after `seqrec`, without a remark or what takes its output. */
export function argsOf(typed: string): string[] {
  const own = typed.replace(/(^| )#.*$/, '').replace(/ [>|].*$/, '');
  const args = Array.from(own.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g), (match) => match[1] ?? match[2] ?? match[3]);
  // `--help` would print.
  return args.filter((arg) => arg !== '--help');
}

const recipes = new Set(recipeNames());
// What `seqrec reproduce` knows.
const tables = new Set([...tableNames(), ...replayNames()]);

/** Whether a saved result is named that is not there; `FILE` and the like stand for any. */
function isMissing(file: string): boolean {
  return !/FILE/.test(file) && !existsSync(join(root, file));
}

/** What is wrong with a command, or nothing. */
export async function faultOf(args: readonly string[]): Promise<string | undefined> {
  try {
    const { cli, overrides } = parseCommandLine(args);
    for (const { key } of overrides) {
      const path = key.split('.');
      const last = path.pop() ?? '';
      // Columns have names of their own.
      if (path.join('.') === 'data.columns') continue;
      const schemas = [recipeConfigSchema(), rankingRunConfigSchema(), idsSchema()];
      if (!schemas.some((schema) => knownKeys(schema, undefined, path).includes(last))) return `no key ${key}`;
    }
    // Recipes and tables have a slash; what stands for any of them (RECIPE, latest, a file) has none.
    const recipe = /^[a-z0-9-]+\/[a-z0-9-]+$/;
    const command = cli.matchedCommand?.name;
    const name: unknown = command === 'reproduce' ? undefined : (cli.options.recipe ?? cli.args[0]);
    if (typeof name === 'string' && recipe.test(name) && !name.startsWith('runs/') && !recipes.has(name))
      return `no recipe ${name}`;
    const table = command === 'reproduce' ? cli.args[0] : undefined;
    if (table !== undefined && recipe.test(table) && !tables.has(table)) return `no table ${table}`;
    const { include, plugin, config, ...options } = cli.options as Record<string, unknown>;
    const missing = typeof include === 'string' ? include.split(',').filter(isMissing) : [];
    if (missing.length > 0) return `no file ${missing.join(', ')}`;
    // What a plug-in or a file adds is not there.
    if (plugin !== undefined || config !== undefined) return undefined;
    if ((command === 'train' || command === 'search') && typeof name === 'string' && recipes.has(name))
      await resolveRun({ recipe: name, overrides });
    if (command === 'benchmark' && benchmarkNames().includes(cli.args[0])) {
      const list = (value: unknown) => (typeof value === 'string' ? value.split(';') : undefined);
      const { datasets, protocols, models, losses } = options;
      // A YAML file is somebody's own model or data.
      const known = (names: unknown) =>
        typeof names === 'string' ? list(names.replace(/[,;]?[^,;]*\.ya?ml/g, '') || undefined) : undefined;
      const own = { models: known(models), data: known(datasets) };
      const of = { ...own, protocols: list(protocols), losses: list(losses) };
      const benchmark = await loadBenchmark(cli.args[0]);
      for (const cell of await benchmarkCells(benchmark, { ...of, overrides }))
        if (options.tune !== undefined) await spaceOf(cell, benchmark.models[cell.model].space);
    }
    return undefined;
  } catch (error) {
    return String(error);
  }
}
