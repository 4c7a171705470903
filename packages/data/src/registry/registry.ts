import { access } from 'node:fs/promises';
import { join } from 'node:path';
import type { TieRule } from '../assemble.ts';
import { DataError, OptionError } from '../errors.ts';
import type { Interactions } from '../interactions.ts';
import { type DatasetSource, type LoadOptions, loadDataset } from '../load.ts';
import type { SqlSource } from '../sources/sql.ts';
import { type DatasetEntry, datasets } from './entries.ts';

/** Names of the known datasets. */
export function datasetNames(): string[] {
  return datasets.map((entry) => entry.name);
}

/** @throws {OptionError} for a name that is not known, with the known ones */
export function datasetEntry(name: string): DatasetEntry {
  const entry = datasets.find((candidate) => candidate.name === name);
  if (entry !== undefined) return entry;
  throw new OptionError('datasetEntry', `expected one of ${datasetNames().join(', ')}; got ${JSON.stringify(name)}`, {
    code: 'unknown-dataset',
    key: 'name',
    hint: 'a file of your own is read with loadDataset (--data.format csv --data.path FILE)',
  });
}

/**
 * Where a known dataset is inside a data folder.
 *
 * @throws {DataError} `missing-file` with the names that were tried and how to get the data
 */
export async function findDataset(name: string, dataDir: string): Promise<Exclude<DatasetSource, SqlSource>> {
  const entry = datasetEntry(name);
  for (const file of entry.files) {
    const path = join(dataDir, file);
    const there = await access(path).then(
      () => true,
      () => false,
    );
    if (there) return { ...entry.source, path, name } as Exclude<DatasetSource, SqlSource>;
  }
  throw new DataError('findDataset', `expected ${entry.files.join(' or ')}; got none of them`, {
    code: 'missing-file',
    file: dataDir,
    hint: entry.url === undefined ? entry.obtain : `download("${name}", dir) fetches ${entry.url}`,
  });
}

export interface LoadByNameOptions extends LoadOptions {
  /** Fail when users, items or events differ from the published counts; default true. */
  readonly checkCounts?: boolean;
  /** Instead of the tie rule of the dataset. */
  readonly ties?: TieRule;
  readonly tieSeed?: number;
}

/**
 * Loads a known dataset from a data folder, and checks its published size.
 *
 * @throws {DataError} `unexpected-counts` when it is not the published dataset
 */
export async function loadNamedDataset(
  name: string,
  dataDir: string,
  options: LoadByNameOptions = {},
): Promise<Interactions> {
  const { checkCounts = true, ties, tieSeed, ...rest } = options;
  const found = await findDataset(name, dataDir);
  const source = { ...found, ...(ties !== undefined && { ties }), ...(tieSeed !== undefined && { tieSeed }) };
  const interactions = await loadDataset(source, rest);
  const { expected } = datasetEntry(name);
  // Rows that were left out, and said to be, are missing from the counts.
  const skipped = interactions.steps[0].counts.skipped ?? 0;
  if (checkCounts && expected !== undefined && skipped === 0) {
    const { numUsers: users, numItems: items, numEvents: events } = interactions;
    if (users !== expected.users || items !== expected.items || events !== expected.events) {
      throw new DataError(
        'loadNamedDataset',
        `expected ${expected.users} users, ${expected.items} items and ${expected.events} events; got ${users}, ` +
          `${items} and ${events}`,
        {
          code: 'unexpected-counts',
          file: source.path,
          hint: 'another release or a cut file? checkCounts: false (--data.format files --data.path FILE) reads it as it is',
        },
      );
    }
  }
  return interactions;
}
