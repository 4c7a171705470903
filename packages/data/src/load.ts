import { basename, resolve } from 'node:path';
import type { Interactions } from './interactions.ts';
import { openFiles } from './sources/files.ts';
import { type MovieLensSource, readMovieLens } from './sources/movielens.ts';
import { type ReadProgress, readContext } from './sources/progress.ts';

export type DatasetSource = MovieLensSource;

export interface LoadOptions {
  readonly cacheDir?: string;
  readonly lenient?: boolean;
  readonly onProgress?: (progress: ReadProgress) => void;
}

/** Name of a dataset read from `path`: the file name without its extensions. */
export function datasetName(path: string): string {
  return basename(resolve(path))
    .replace(/\.gz$/i, '')
    .replace(/\.(zip|csv|tsv|dat|txt|data)$/i, '');
}

export async function loadDataset(source: DatasetSource, options: LoadOptions = {}): Promise<Interactions> {
  const name = source.name ?? datasetName(source.path);
  const context = readContext(options);
  const files = await openFiles(source.path);
  try {
    return await readMovieLens(files, source, name, context);
  } finally {
    files.close();
  }
}
