import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ConfigError, UsageError } from '../../errors.ts';
import { suggestion } from '../../suggest.ts';
import type { PaperTable } from './table.ts';

const folder = fileURLToPath(new URL('../../../tables', import.meta.url));

/** Names of all tables, such as `hstu/ml-1m`: the files under `experiments/tables`. */
export function tableNames(): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.(ts|js)$/.test(file) && !file.endsWith('.d.ts'))
    .map((file) => file.replaceAll('\\', '/').replace(/\.\w+$/, ''))
    .sort();
}

/** @throws UsageError with the nearest name. */
export async function loadTable(name: string): Promise<PaperTable> {
  const names = tableNames();
  if (!names.includes(name)) throw new UsageError(`table "${name}" is not known`, suggestion(name, names));
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  const loaded = (await import(new URL(`../../../tables/${name}.${extension}`, import.meta.url).href)) as {
    table?: PaperTable;
  };
  if (!loaded.table) throw new ConfigError(`tables/${name}.${extension}: expected an export named "table"`);
  return loaded.table;
}
