import { createHash } from 'node:crypto';
import { createReadStream, existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { useBackend } from '@seqrec/core';
import { digestItems, type ExampleSet, type Interactions } from '@seqrec/data';
import {
  isOwnItemVectors,
  isOwnTokenizer,
  readSemanticIds,
  readsVectors,
  type SemanticIdsConfig,
  type StoredIds,
  writeSemanticIds,
} from '@seqrec/models';
import * as tf from '@tensorflow/tfjs-core';
import type { Progress } from '../../terminal/progress.ts';
import { findFile } from './find-file.ts';
import { fitIdsTo } from './fit-to-data.ts';

/** Raised when a change of the code that fits ids, or reads vectors for them, gives others of the same settings. */
export const fitVersion = 1;

/** Files that hold what a configuration of ids says: named as `path` or `items` anywhere in it. */
const FILES = new Set(['path', 'items']);

/**
 * Ids of content of the items of a data set, of which no event is read: fitted once, then read from the cache, where
 * they lie under `version`, that of the code that fits, the digest of the items, the settings, the files that these
 * name and the columns that were gathered over all time. Those of vectors or a tokenizer that a plug-in defines are
 * fitted anew: its code may have changed.
 */
export async function fittedIds(
  interactions: Interactions,
  config: SemanticIdsConfig,
  cacheFolder: string,
  progress: Progress,
  version = fitVersion,
): Promise<StoredIds> {
  const fit = async (): Promise<StoredIds> => {
    // Some commands read their data before they start a backend; the codes are the same on all of them.
    if (!tf.getBackend()) await useBackend('auto');
    return fitIdsTo({ interactions, train: noEvents(interactions) }, config, progress);
  };
  if (!isOwnTokenizer(config.tokenizer) || !vectorsAreOwn(config)) return fit();
  // Columns that were gathered over all time are read by name alone.
  const { overAllTime } = interactions.roles;
  const read = [version, config, digestItems(interactions), ...(overAllTime === undefined ? [] : [overAllTime])];
  const hash = createHash('sha256').update(JSON.stringify(read));
  for (const file of filesOf(config)) for await (const bytes of createReadStream(file)) hash.update(bytes);
  const path = join(cacheFolder, `ids-${hash.digest('hex').slice(0, 16)}.safetensors`);
  if (existsSync(path)) return readSemanticIds(path);
  const ids = await fit();
  mkdirSync(cacheFolder, { recursive: true });
  await writeSemanticIds(path, ids);
  return readSemanticIds(path);
}

function vectorsAreOwn({ tokenizer, vectors }: SemanticIdsConfig): boolean {
  return !readsVectors(tokenizer) || vectors.every(isOwnItemVectors);
}

function filesOf(value: unknown): string[] {
  if (value === null || typeof value !== 'object') return [];
  return Object.entries(value).flatMap(([key, each]) =>
    typeof each === 'string' && FILES.has(key) ? [findFile(each)].filter(existsSync) : filesOf(each),
  );
}

function noEvents(interactions: Interactions): ExampleSet {
  const none = new Int32Array(0);
  return { name: 'train', interactions, users: none, starts: none, targets: none };
}
