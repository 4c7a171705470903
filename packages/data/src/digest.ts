import { createHash, type Hash } from 'node:crypto';
import { endianness } from 'node:os';
import type { IdStorage } from './ids.ts';
import type { Interactions } from './interactions.ts';
import type { Table } from './table/table.ts';
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

function addTable(hash: Hash, name: string, { rows, columns }: Table): void {
  hash.update(`${name} ${rows}\n`);
  for (const [title, column] of [...columns].sort(([a], [b]) => (a < b ? -1 : 1))) {
    hash.update(canonicalJson({ title, kind: column.kind, ...(column.kind === 'number' && { width: column.width }) }));
    if (column.kind === 'text') {
      addText(hash, 'text', column.values);
      continue;
    }
    addColumn(hash, 'values', column.values);
    if (column.kind === 'ids') addColumn(hash, 'offsets', column.offsets);
    if (column.kind === 'ids' || column.kind === 'id') addIds(hash, 'ids', column.ids.storage);
  }
}

/**
 * sha256 of the content of a data set: tables, ids, roles, and `name`, `params`, `counts` of its steps.
 *
 * The name of the data set, the place and the format that it was read from do not enter: a zip and its unpacked folder
 * agree, and so do two formats with the same rows.
 */
export function digestInteractions(i: Omit<Interactions, 'digest'>): string {
  const hash = createHash('sha256');
  hash.update('seqrec data set 2\n');
  addIds(hash, 'users', i.users.storage);
  addIds(hash, 'items', i.items.storage);
  addColumn(hash, 'userOffsets', i.userOffsets);
  addTable(hash, 'events', i.events);
  addTable(hash, 'users', i.userTable);
  addTable(hash, 'items', i.itemTable);
  const steps = i.steps.map(({ name, params, counts }) => ({ name, params: name === 'read' ? {} : params, counts }));
  hash.update(canonicalJson({ roles: i.roles, hasTimestamps: i.hasTimestamps, steps }));
  return hash.digest('hex');
}

/** sha256 of the items of a data set and of what their table says, whatever the events. */
export function digestItems({ items, itemTable }: Pick<Interactions, 'items' | 'itemTable'>): string {
  const hash = createHash('sha256').update('seqrec items 1\n');
  addIds(hash, 'items', items.storage);
  addTable(hash, 'items', itemTable);
  return hash.digest('hex');
}
