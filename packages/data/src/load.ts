import { basename, resolve } from 'node:path';
import { cachePlace, readCache, writeCache } from './cache/cache.ts';
import type { Interactions } from './interactions.ts';
import { type AmazonSource, readAmazon } from './sources/amazon.ts';
import { checkSource } from './sources/check-source.ts';
import { readCsv } from './sources/csv.ts';
import type { CsvSource } from './sources/csv-source.ts';
import type { FileSet } from './sources/file-set.ts';
import { openFiles } from './sources/files.ts';
import { type FuxiCtrSource, readFuxiCtr } from './sources/fuxictr.ts';
import { type MindSource, readMind } from './sources/mind.ts';
import { type MovieLensSource, readMovieLens } from './sources/movielens.ts';
import { type ReadContext, type ReadProgress, readContext } from './sources/progress.ts';
import { readSql, type SqlSource } from './sources/sql.ts';
import { readUserLines, type UserLinesSource } from './sources/user-lines.ts';
import { readYelp, type YelpSource } from './sources/yelp.ts';

export type DatasetSource =
  | MovieLensSource
  | AmazonSource
  | MindSource
  | YelpSource
  | UserLinesSource
  | FuxiCtrSource
  | CsvSource
  | SqlSource;

export interface LoadOptions {
  /** Folder for the binary copy that makes the next load fast; without it nothing is written. */
  readonly cacheDir?: string;
  /** Skip and count corrupt rows (reported in `steps`) instead of stopping at the first; default false. */
  readonly lenient?: boolean;
  readonly onProgress?: (progress: ReadProgress) => void;
  /** Told when a cache file is damaged or cannot be written; default: a Node warning `SEQREC_CACHE`. */
  readonly onWarning?: (message: string) => void;
}

/** Name of a dataset read from `path`: the file name without its extensions. */
export function datasetName(path: string): string {
  return basename(resolve(path))
    .replace(/\.gz$/i, '')
    .replace(/\.(zip|csv|tsv|dat|txt|data|inter|parquet|jsonl|ndjson)$/i, '');
}

/**
 * Reads a dataset into a columnar store, from its files or from the cache.
 *
 * @throws {DataError} naming file and line (and zip entry) of what is wrong; {OptionError} for
 *   options that make no sense
 */
export async function loadDataset(source: DatasetSource, options: LoadOptions = {}): Promise<Interactions> {
  const warn = options.onWarning ?? ((message: string) => process.emitWarning(message, { code: 'SEQREC_CACHE' }));
  checkSource(source);
  // What a query reads can change without a trace, so it is not cached.
  if (source.format === 'sql') return readSql(source, source.name ?? 'query', readContext(options));
  const reader = chooseReader(source);
  const name = source.name ?? datasetName(source.path);
  const files = await openFiles(source.path);
  try {
    const { cacheDir, lenient = false } = options;
    const { path: _path, ...described } = source;
    // Who reads it changes nothing of what is read.
    const { reader: _reader, ...rest } = described as typeof described & Pick<CsvSource, 'reader'>;
    const place =
      cacheDir === undefined
        ? undefined
        : await withFiles(sidePaths(source), (beside) =>
            cachePlace(cacheDir, files, name, { ...rest, name, lenient }, beside),
          );
    if (place !== undefined) {
      const cached = readCache(place);
      if (cached.state === 'ok') return cached.interactions;
      if (cached.state === 'damaged') warn(`cache ${place.file} is damaged (${cached.problem}); it is made anew`);
    }
    const interactions = await reader(files, name, readContext(options));
    if (place !== undefined) {
      // A cache that cannot be written costs time, not the dataset.
      await writeCache(place, interactions).catch((error: Error) => {
        warn(`cache ${place.file} cannot be written: ${error.message}`);
      });
    }
    return interactions;
  } finally {
    files.close();
  }
}

/** Files of items and users that lie elsewhere than the events. */
function sidePaths(source: Exclude<DatasetSource, SqlSource>): string[] {
  if (source.format !== 'csv') return [];
  return [source.items?.path, source.users?.path].filter((path) => path !== undefined);
}

async function withFiles<T>(paths: readonly string[], use: (files: readonly FileSet[]) => Promise<T>): Promise<T> {
  const opened: FileSet[] = [];
  try {
    for (const path of paths) opened.push(await openFiles(path));
    return await use(opened);
  } finally {
    for (const files of opened) files.close();
  }
}

type Reader = (files: FileSet, name: string, context: ReadContext) => Promise<Interactions>;

function chooseReader(source: Exclude<DatasetSource, SqlSource>): Reader {
  switch (source.format) {
    case 'movielens':
      return (files, name, context) => readMovieLens(files, source, name, context);
    case 'amazon':
      return (files, name, context) => readAmazon(files, source, name, context);
    case 'mind':
      return (files, name, context) => readMind(files, source, name, context);
    case 'user-lines':
      return (files, name, context) => readUserLines(files, source, name, context);
    case 'yelp':
      return (files, name, context) => readYelp(files, source, name, context);
    case 'fuxictr':
      return (files, name, context) => readFuxiCtr(files, source, name, context);
    case 'csv':
      return (files, name, context) => readCsv(files, source, name, context);
  }
}
