import { crc32 } from 'node:zlib';
import { createInteractions } from '../create-interactions.ts';
import { canonicalJson, littleEndianBytes } from '../digest.ts';
import { type IdMap, openIdMap } from '../ids.ts';
import type { Interactions, ProcessingStep } from '../interactions.ts';
import { lazyProperty } from '../lazy-property.ts';
import type { Column } from '../table/column.ts';
import type { Roles } from '../table/roles.ts';
import type { Table } from '../table/table.ts';
import type { TextColumn } from '../text-column.ts';
import type { CacheSource } from './source.ts';

/**
 * The cache file: `SEQRECD1`, header length (u32), CRC-32 of the header (u32), JSON header, columns.
 *
 * All numbers are little-endian; every column starts at a multiple of 64 bytes, so that a typed array can look straight
 * into the file's bytes. The header names the columns with their offsets and checksums.
 */
const magic = 'SEQRECD1';
const prefixBytes = 16;
const alignment = 64;

/** Raised when a change of the readers or of this layout makes old files wrong. */
export const cacheVersion = 9;

type ValuesType = 'i32' | 'u32' | 'f32' | 'f64' | 'u8';
type Values = Int32Array | Uint32Array | Float32Array | Float64Array | Uint8Array;

const constructors = {
  i32: Int32Array,
  u32: Uint32Array,
  f32: Float32Array,
  f64: Float64Array,
  u8: Uint8Array,
} as const;

interface ColumnEntry {
  readonly type: ValuesType;
  readonly length: number;
  readonly offset: number;
  readonly crc: number;
}

interface VocabularyEntry {
  readonly kind: 'integer' | 'text';
  readonly size: number;
  readonly first: number;
}

interface TableColumnEntry {
  readonly name: string;
  readonly kind: Column['kind'];
  readonly width?: number;
  /** Number of its vocabulary in `vocabularies`. */
  readonly ids?: number;
}

interface TableEntry {
  readonly rows: number;
  readonly columns: readonly TableColumnEntry[];
}

const tableNames = ['events', 'users', 'items'] as const;
type TableName = (typeof tableNames)[number];

interface Header {
  readonly version: number;
  /** What the dataset was made from; see `cacheKey`. */
  readonly key: string;
  readonly bytes: number;
  readonly name: string;
  readonly digest: string;
  readonly hasTimestamps: boolean;
  readonly roles: Roles;
  readonly steps: readonly ProcessingStep[];
  /** Users, items, then those of other columns. */
  readonly vocabularies: readonly VocabularyEntry[];
  readonly tables: { readonly [T in TableName]: TableEntry };
  readonly columns: { readonly [name: string]: ColumnEntry };
}

function typeOf(column: Values): ValuesType {
  for (const [type, view] of Object.entries(constructors)) {
    if (column instanceof view) return type as ValuesType;
  }
  throw new TypeError('not a column');
}

function textValues(prefix: string, { bytes, offsets }: TextColumn): [string, Values][] {
  return [
    [`${prefix}.bytes`, bytes],
    [`${prefix}.offsets`, offsets],
  ];
}

function valuesOf(prefix: string, column: Column): [string, Values][] {
  if (column.kind === 'text') return textValues(prefix, column.values);
  const values: [string, Values] = [`${prefix}.values`, column.values];
  return column.kind === 'ids' ? [values, [`${prefix}.offsets`, column.offsets]] : [values];
}

/** The header's entries of tables and vocabularies, and all arrays by name. */
function contentOf(i: Interactions) {
  const vocabularies: IdMap[] = [i.users, i.items];
  const numberOf = (ids: IdMap): number => {
    const known = vocabularies.indexOf(ids);
    return known >= 0 ? known : vocabularies.push(ids) - 1;
  };
  const arrays: [string, Values][] = [['userOffsets', i.userOffsets]];
  const entryOf = (table: TableName, { rows, columns }: Table): TableEntry => ({
    rows,
    columns: Array.from(columns, ([name, column], at) => {
      arrays.push(...valuesOf(`${table}.${at}`, column));
      return {
        name,
        kind: column.kind,
        ...(column.kind === 'number' ? { width: column.width } : {}),
        ...(column.kind === 'id' || column.kind === 'ids' ? { ids: numberOf(column.ids) } : {}),
      };
    }),
  });
  const tables = {
    events: entryOf('events', i.events),
    users: entryOf('users', i.userTable),
    items: entryOf('items', i.itemTable),
  };
  vocabularies.forEach(({ storage }, v) => {
    if (storage.kind === 'integer') arrays.push([`ids.${v}`, storage.values]);
    else arrays.push(...textValues(`ids.${v}`, storage.values));
  });
  return {
    tables,
    vocabularies: vocabularies.map(({ storage: { kind }, size, first }) => ({ kind, size, first })),
    arrays,
  };
}

const aligned = (at: number): number => Math.ceil(at / alignment) * alignment;

/** The parts of a cache file, to be written one after another. */
export function encodeCache(i: Interactions, key: string): Uint8Array[] {
  const { tables, vocabularies, arrays } = contentOf(i);
  const columns = arrays.map(([name, column]) => {
    const bytes = littleEndianBytes(column, column.BYTES_PER_ELEMENT);
    return { name, column, bytes, crc: crc32(bytes) };
  });
  // Offsets count from the end of the header, so that the header does not depend on its own length.
  let end = 0;
  const entries: Record<string, ColumnEntry> = {};
  for (const { name, column, bytes, crc } of columns) {
    entries[name] = { type: typeOf(column), length: column.length, offset: end, crc };
    end = aligned(end + bytes.length);
  }
  const header: Header = {
    version: cacheVersion,
    key,
    bytes: end,
    name: i.name,
    digest: i.digest,
    hasTimestamps: i.hasTimestamps,
    roles: i.roles,
    steps: i.steps,
    vocabularies,
    tables,
    columns: entries,
  };
  const json = Buffer.from(canonicalJson(header));
  const padded = Buffer.alloc(aligned(prefixBytes + json.length) - prefixBytes, ' ');
  json.copy(padded);
  const prefix = Buffer.alloc(prefixBytes);
  prefix.write(magic, 'latin1');
  prefix.writeUInt32LE(padded.length, 8);
  prefix.writeUInt32LE(crc32(padded), 12);
  const parts: Uint8Array[] = [prefix, padded];
  for (const { bytes } of columns) {
    parts.push(bytes, new Uint8Array(aligned(bytes.length) - bytes.length));
  }
  return parts;
}

/** Result of looking at a cache file: the store, another key (out of date), or what is wrong with it. */
export type DecodedCache =
  | { readonly state: 'ok'; readonly interactions: Interactions }
  | { readonly state: 'stale' }
  | { readonly state: 'damaged'; readonly problem: string };

/** Event columns of a file of more than this are read, and checked, when they are first looked at. */
const eagerBytes = 1 << 25;

class DamagedColumn extends Error {}

/**
 * Opens a cache file: the columns are views of its bytes, and nothing is parsed but the header.
 *
 * Size and header are checked, and every column against its checksum before it is handed out. In a file of more than
 * `eager` bytes (default 32 MiB) the columns of events are read when they are first looked at, so that
 * opening takes the same few milliseconds whatever the number of events.
 */
export function decodeCache(source: CacheSource, key: string, eager = eagerBytes): DecodedCache {
  const damaged = (problem: string): DecodedCache => ({ state: 'damaged', problem });
  const prefix = Buffer.from(source.read(0, Math.min(prefixBytes, source.size)));
  if (prefix.length < prefixBytes || prefix.toString('latin1', 0, 8) !== magic) return damaged('not a cache file');
  const start = prefixBytes + prefix.readUInt32LE(8);
  if (source.size < start) return damaged('the header is cut off');
  const json = Buffer.from(source.read(prefixBytes, start));
  if (crc32(json) !== prefix.readUInt32LE(12)) return damaged('the header does not match its checksum');
  const header = JSON.parse(json.toString('utf8')) as Header;
  if (header.version !== cacheVersion || header.key !== key) return { state: 'stale' };
  if (source.size !== start + header.bytes) {
    return damaged(`expected ${start + header.bytes} bytes; got ${source.size}`);
  }
  try {
    return { state: 'ok', interactions: open(source, start, header, source.size > eager) };
  } catch (error) {
    if (error instanceof DamagedColumn) return damaged(error.message);
    throw error;
  }
}

function open(source: CacheSource, start: number, header: Header, lazy: boolean): Interactions {
  const { columns: arrays, vocabularies, tables } = header;
  const view = <V extends Values>(name: string, title = name): V => {
    const { type, offset, length, crc } = arrays[name];
    const bytes = source.read(start + offset, start + offset + length * constructors[type].BYTES_PER_ELEMENT);
    if (crc32(bytes) !== crc) throw new DamagedColumn(`column ${title} does not match its checksum`);
    return new constructors[type](bytes.buffer, 0, length) as unknown as V;
  };
  const text = (name: string): TextColumn => {
    const offsets = view<Uint32Array>(`${name}.offsets`);
    return { length: offsets.length - 1, bytes: view<Uint8Array>(`${name}.bytes`), offsets };
  };
  const ids = vocabularies.map(({ kind, first }, v) =>
    openIdMap(
      kind === 'integer' ? { kind, values: view<Float64Array>(`ids.${v}`) } : { kind, values: text(`ids.${v}`) },
      first,
    ),
  );
  const late = <T>(make: () => T): T => {
    try {
      return make();
    } catch (error) {
      throw error instanceof DamagedColumn ? source.damaged(error.message) : error;
    }
  };
  const columnsOf = (table: TableName): Map<string, Column> => {
    const later = lazy && table === 'events';
    const put = (column: object, key: string, make: () => unknown): void => {
      if (later) lazyProperty(column, key, () => late(make));
      else Object.assign(column, { [key]: make() });
    };
    return new Map(
      tables[table].columns.map(({ name, kind, width, ids: vocabulary }, at) => {
        const prefix = `${table}.${at}`;
        const column = {
          kind,
          ...(width !== undefined && { width }),
          ...(vocabulary !== undefined && { ids: ids[vocabulary] }),
        };
        put(column, 'values', () => (kind === 'text' ? text(prefix) : view(`${prefix}.values`, `${name} of ${table}`)));
        if (kind === 'ids') put(column, 'offsets', () => view(`${prefix}.offsets`));
        return [name, column as Column];
      }),
    );
  };
  return createInteractions({
    name: header.name,
    digest: header.digest,
    users: ids[0],
    items: ids[1],
    userOffsets: view<Int32Array>('userOffsets'),
    columns: columnsOf('events'),
    userTable: { rows: tables.users.rows, columns: columnsOf('users') },
    itemTable: { rows: tables.items.rows, columns: columnsOf('items') },
    roles: header.roles,
    hasTimestamps: header.hasTimestamps,
    steps: header.steps,
  });
}
