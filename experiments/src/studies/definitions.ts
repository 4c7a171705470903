import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ConfigError, UsageError } from '../errors.ts';
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

/** @throws UsageError with the nearest of the names that the command knows. */
export async function loadDefinition<T>(
  folder: Folder,
  name: string,
  known: readonly string[] = definitionNames(folder),
): Promise<T> {
  const key = EXPORTS[folder];
  if (!definitionNames(folder).includes(name))
    throw new UsageError(`${folder === 'benchmarks' ? key : 'table'} "${name}" is not known`, suggestion(name, known));
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  const file = `${folder}/${name}.${extension}`;
  const loaded = (await import(new URL(`../../${file}`, import.meta.url).href)) as Record<string, T | undefined>;
  const found = loaded[key];
  if (found === undefined) throw new ConfigError(`${file}: expected an export named "${key}"`);
  return found;
}
