import { createHash, type Hash } from 'node:crypto';
import { endianness } from 'node:os';
import type { IdStorage } from './ids.ts';
import type { Interactions } from './interactions.ts';
import type { TextColumn } from './text-column.ts';

/** JSON with sorted keys: equal content gives equal text. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, v: unknown) =>
    v !== null && typeof v === 'object' && !Array.isArray(v)
      ? Object.fromEntries(Object.entries(v).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
      : v,
  );
}

/** Bytes of a typed array, little-endian whatever the machine. */
export function littleEndianBytes(array: ArrayBufferView, width: number): Uint8Array {
  const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
  if (width === 1 || endianness() === 'LE') return bytes;
  const copy = Buffer.from(bytes);
  if (width === 4) copy.swap32();
  else copy.swap64();
  return copy;
}

function addColumn(hash: Hash, name: string, array: ArrayBufferView & { readonly BYTES_PER_ELEMENT: number }): void {
  hash.update(`${name} ${array.byteLength}\n`);
  hash.update(littleEndianBytes(array, array.BYTES_PER_ELEMENT));
}

function addText(hash: Hash, name: string, column: TextColumn): void {
  addColumn(hash, `${name} offsets`, column.offsets);
  addColumn(hash, `${name} bytes`, column.bytes);
}

function addIds(hash: Hash, name: string, storage: IdStorage): void {
  if (storage.kind === 'integer') addColumn(hash, `${name} integers`, storage.values);
  else addText(hash, name, storage.values);
}

/**
 * sha256 of the content of a store: columns, ids, catalogue, and `name`, `params`, `counts` of its steps.
 *
 * The dataset's name and the place it was read from do not enter, so a zip and its unpacked folder agree.
 */
export function digestInteractions(i: Omit<Interactions, 'digest'>): string {
  const hash = createHash('sha256');
  hash.update('seqrec interactions 1\n');
  addIds(hash, 'users', i.users.storage);
  addIds(hash, 'items', i.items.storage);
  addColumn(hash, 'userOffsets', i.userOffsets);
  addColumn(hash, 'itemIds', i.itemIds);
  addColumn(hash, 'timestamps', i.timestamps);
  if (i.ratings !== undefined) addColumn(hash, 'ratings', i.ratings);
  if (i.catalogue !== undefined) {
    if (i.catalogue.titles !== undefined) addText(hash, 'titles', i.catalogue.titles);
    hash.update(canonicalJson(i.catalogue.categoryNames));
    addColumn(hash, 'categoryOffsets', i.catalogue.categoryOffsets);
    addColumn(hash, 'categoryIds', i.catalogue.categoryIds);
  }
  const steps = i.steps.map(({ name, params, counts }) => ({ name, params, counts }));
  hash.update(canonicalJson({ hasTimestamps: i.hasTimestamps ?? true, steps }));
  return hash.digest('hex');
}
