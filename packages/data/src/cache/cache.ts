import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { canonicalJson } from '../digest.ts';
import type { Interactions } from '../interactions.ts';
import type { FileSet } from '../sources/file-set.ts';
import { writeAtomically } from './atomic-write.ts';
import { type DecodedCache, decodeCache, encodeCache } from './format.ts';
import { fileSource } from './source.ts';

export interface CachePlace {
  /** Where the cache file of this source and these options is. */
  readonly file: string;
  /** Also holds size and modification time of all that is read: when they change, the same file is written anew. */
  readonly key: string;
}

/**
 * Place and key of a dataset in a cache folder; `options` is everything that changes what is read, `beside` are files
 * that are read besides `files`.
 */
export async function cachePlace(
  cacheDir: string,
  files: FileSet,
  name: string,
  options: Readonly<Record<string, unknown>>,
  beside: readonly FileSet[] = [],
): Promise<CachePlace> {
  const source = resolve(files.path);
  const state = (await Promise.all([files, ...beside].map(stateOf))).flat();
  const identity = sha256({ source, options });
  return {
    file: join(cacheDir, `${name.replace(/[^\w.-]+/g, '_')}-${identity.slice(0, 16)}.seqrec`),
    key: sha256({ identity, state }),
  };
}

/** Name, size and modification time of each file. */
function stateOf({ kind, path, names }: FileSet): Promise<[string, number, number][]> {
  const source = resolve(path);
  // The cache may be kept in the folder it is a copy of.
  const own = names.filter((file) => !/\.(seqrec|tmp)$/.test(file));
  return Promise.all(
    (kind === 'folder' ? own.map((file) => join(source, file)) : [source]).map(async (file) => {
      const { size, mtimeMs } = await stat(file);
      return [file, size, mtimeMs];
    }),
  );
}

function sha256(value: unknown): string {
  return createHash('sha256').update(canonicalJson(value)).digest('hex');
}

/** The cached store, or why there is none. */
export function readCache(place: CachePlace): DecodedCache | { readonly state: 'absent' } {
  try {
    return decodeCache(fileSource(place.file), place.key);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { state: 'absent' };
    return { state: 'damaged', problem: (error as Error).message };
  }
}

export async function writeCache(place: CachePlace, interactions: Interactions): Promise<void> {
  await writeAtomically(place.file, encodeCache(interactions, place.key));
}
