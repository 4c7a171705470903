import { createHash } from 'node:crypto';
import { bytesOf } from '../io/safetensors.ts';
import type { StoredArray } from '../io/safetensors-file.ts';

/**
 * SHA-256 in hex of what fitted features know of items and users: of each tensor, in the order of the names, the UTF-8
 * text `["name",length]` with a line feed, and its bytes. Nothing for a model without features.
 */
export function featuresDigest(tensors: ReadonlyMap<string, StoredArray>): string | undefined {
  if (tensors.size === 0) return undefined;
  const hash = createHash('sha256');
  for (const name of [...tensors.keys()].sort()) {
    const data = tensors.get(name)!;
    hash.update(`${JSON.stringify([name, data.length])}\n`).update(bytesOf(data));
  }
  return hash.digest('hex');
}
