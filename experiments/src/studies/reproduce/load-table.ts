import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ConfigError, UsageError } from '../../errors.ts';
import { suggestion } from '../../suggest.ts';
import type { DeltaReplay } from '../deltas/replay.ts';
import type { PaperTable } from './table.ts';

/** Names of all tables, such as `hstu/ml-1m`: the files under `experiments/tables`. */
export function tableNames(): string[] {
  return namesIn('tables');
}

/** Names of all replays, such as `delta/ml-1m`: the files under `experiments/replays`. */
export function replayNames(): string[] {
  return namesIn('replays');
}

/** @throws UsageError with the nearest name. */
export function loadTable(name: string): Promise<PaperTable> {
  return load('tables', 'table', name);
}

/** @throws UsageError with the nearest name. */
export function loadReplay(name: string): Promise<DeltaReplay> {
  return load('replays', 'replay', name);
}

function namesIn(folder: string): string[] {
  return readdirSync(fileURLToPath(new URL(`../../../${folder}`, import.meta.url)), {
    recursive: true,
    encoding: 'utf8',
  })
    .filter((file) => /\.(ts|js)$/.test(file) && !file.endsWith('.d.ts'))
    .map((file) => file.replaceAll('\\', '/').replace(/\.\w+$/, ''))
    .sort();
}

async function load<T>(folder: 'tables' | 'replays', key: string, name: string): Promise<T> {
  if (!namesIn(folder).includes(name))
    throw new UsageError(`table "${name}" is not known`, suggestion(name, [...tableNames(), ...replayNames()]));
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  const file = `${folder}/${name}.${extension}`;
  const loaded = (await import(new URL(`../../../${file}`, import.meta.url).href)) as Record<string, T | undefined>;
  const found = loaded[key];
  if (found === undefined) throw new ConfigError(`${file}: expected an export named "${key}"`);
  return found;
}
