import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  type DatasetSource,
  type ExampleSet,
  filterMinRating,
  globalTime,
  type Interactions,
  kCore,
  latestWindow,
  leaveLastOut,
  loadDataset,
  type ReadProgress,
  type Split,
  streamingWorld,
  trainTest,
} from '@seqrec/data';
import type { DataConfig } from '../config/schema.ts';
import { RunError } from '../errors.ts';
import { formatBytes } from '../terminal/format.ts';
import type { Progress } from '../terminal/progress.ts';

/** Data sets that have a name: a file `NAME.zip` or a folder `NAME` in the data folder. */
export const namedDatasets = ['ml-100k', 'ml-1m', 'ml-20m', 'ml-latest-small'] as const;

/** `--data`, else `SEQREC_DATA`, else `./data`. */
export function dataFolder(option: string | undefined): string {
  return option ?? process.env.SEQREC_DATA ?? 'data';
}

/** Where a named data set lies; when it does not, the error holds the command that fetches it. */
export function findNamedDataset(name: string, folder: string): string {
  const candidates = [join(folder, `${name}.zip`), join(folder, name)];
  const found = candidates.find((path) => existsSync(path));
  if (found !== undefined) return found;
  const option = folder === dataFolder(undefined) ? '' : ` --data ${folder}`;
  throw new RunError(
    `data set ${name}: expected ${candidates.join(' or ')}; neither exists; fetch it with \`seqrec data ${name} --download${option}\``,
  );
}

/** Reads, filters and splits what a configuration names. */
export async function loadSplit(config: DataConfig, folder: string, progress: Progress): Promise<Split> {
  if (config.format === 'synthetic') return streamingWorld(config);
  const interactions = await loadInteractions(sourceOf(config, folder), progress, 'lenient' in config && config.lenient);
  let kept = interactions;
  if (config.minRating !== undefined) kept = filterMinRating(kept, config.minRating);
  if (config.kCore !== undefined) kept = kCore(kept, config.kCore);
  return split(kept, config.split);
}

export async function loadInteractions(source: DatasetSource, progress: Progress, lenient = false): Promise<Interactions> {
  progress.start();
  const onProgress = ({ file, bytes, totalBytes }: ReadProgress) =>
    progress.update({ label: `read ${file}`, done: bytes, total: totalBytes ?? bytes, fields: [formatBytes(bytes)] });
  const interactions = await loadDataset(source, { cacheDir: join('.cache', 'seqrec'), lenient, onProgress });
  progress.clear();
  return interactions;
}

/** The set that is evaluated while training: validation where there is one, else (the reference's protocol) test. */
export function watchedSet(parts: Split): ExampleSet {
  return parts.validation ?? parts.test;
}

/** An example set cut to the model's window. */
export function windowed(set: ExampleSet, maxLength: number): ExampleSet {
  return latestWindow(set, { maxLength });
}

function sourceOf(config: Exclude<DataConfig, { format: 'synthetic' }>, folder: string): DatasetSource {
  switch (config.format) {
    case 'movielens':
      return { format: 'movielens', path: findNamedDataset(config.name, folder), name: config.name };
    case 'amazon':
      return { format: 'amazon', path: config.path };
    case 'csv': {
      const { path, delimiter, columns } = config;
      return { format: 'csv', path, columns, ...(delimiter !== undefined && { delimiter }) };
    }
  }
}

function split(interactions: Interactions, protocol: 'leave-last-out' | 'train-test' | 'global-time'): Split {
  switch (protocol) {
    case 'leave-last-out':
      return leaveLastOut(interactions);
    case 'train-test':
      return trainTest(interactions);
    case 'global-time':
      return globalTime(interactions);
  }
}
