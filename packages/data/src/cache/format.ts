import { crc32 } from 'node:zlib';
import { openCatalogue } from '../catalogue.ts';
import { canonicalJson, littleEndianBytes } from '../digest.ts';
import { type IdStorage, openIdMap } from '../ids.ts';
import type { Interactions, ProcessingStep } from '../interactions.ts';
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
export const cacheVersion = 2;

type ColumnType = 'i32' | 'u32' | 'f32' | 'f64' | 'u8';
type Column = Int32Array | Uint32Array | Float32Array | Float64Array | Uint8Array;

const constructors = {
  i32: Int32Array,
  u32: Uint32Array,
  f32: Float32Array,
  f64: Float64Array,
  u8: Uint8Array,
} as const;

interface ColumnEntry {
  readonly type: ColumnType;
  readonly length: number;
  readonly offset: number;
  readonly crc: number;
}

interface Header {
  readonly version: number;
  /** What the dataset was made from; see `cacheKey`. */
  readonly key: string;
  readonly bytes: number;
  readonly name: string;
  readonly digest: string;
  readonly hasTimestamps: boolean;
  readonly steps: readonly ProcessingStep[];
  readonly ids: { readonly [P in 'users' | 'items']: { readonly kind: 'integer' | 'text'; readonly size: number } };
  readonly catalogue?: { readonly size: number; readonly categoryNames: readonly string[] };
  readonly columns: { readonly [name: string]: ColumnEntry };
}

function typeOf(column: Column): ColumnType {
  for (const [type, view] of Object.entries(constructors)) {
    if (column instanceof view) return type as ColumnType;
  }
  throw new TypeError('not a column');
}

function idColumns(prefix: string, storage: IdStorage): [string, Column][] {
  if (storage.kind === 'integer') return [[prefix, storage.values]];
  return [
    [`${prefix}.bytes`, storage.values.bytes],
    [`${prefix}.offsets`, storage.values.offsets],
  ];
}

function columnsOf(i: Interactions): [string, Column][] {
  const columns: [string, Column][] = [
    ...idColumns('users', i.users.storage),
    ...idColumns('items', i.items.storage),
    ['userOffsets', i.userOffsets],
    ['itemIds', i.itemIds],
    ['timestamps', i.timestamps],
  ];
  if (i.ratings !== undefined) columns.push(['ratings', i.ratings]);
  if (i.catalogue !== undefined) {
    columns.push(['categoryOffsets', i.catalogue.categoryOffsets], ['categoryIds', i.catalogue.categoryIds]);
    const { titles } = i.catalogue;
    if (titles !== undefined) columns.push(['titles.bytes', titles.bytes], ['titles.offsets', titles.offsets]);
  }
  return columns;
}

const aligned = (at: number): number => Math.ceil(at / alignment) * alignment;

/** The parts of a cache file, to be written one after another. */
export function encodeCache(i: Interactions, key: string): Uint8Array[] {
  const columns = columnsOf(i).map(([name, column]) => {
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
    hasTimestamps: i.hasTimestamps ?? true,
    steps: i.steps,
    ids: {
      users: { kind: i.users.storage.kind, size: i.users.size },
      items: { kind: i.items.storage.kind, size: i.items.size },
    },
    ...(i.catalogue === undefined
      ? {}
      : { catalogue: { size: i.catalogue.size, categoryNames: i.catalogue.categoryNames } }),
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
 * `eager` bytes (default 32 MiB) item ids, timestamps and ratings are read when they are first looked at, so that
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
  const { columns, ids, catalogue } = header;
  const view = <C extends Column>(name: string): C => {
    const { type, offset, length, crc } = columns[name];
    const bytes = source.read(start + offset, start + offset + length * constructors[type].BYTES_PER_ELEMENT);
    if (crc32(bytes) !== crc) throw new DamagedColumn(`column ${name} does not match its checksum`);
    return new constructors[type](bytes.buffer, 0, length) as C;
  };
  const text = (name: string, length: number) => ({
    length,
    bytes: view<Uint8Array>(`${name}.bytes`),
    offsets: view<Uint32Array>(`${name}.offsets`),
  });
  const storage = (name: 'users' | 'items'): IdStorage =>
    ids[name].kind === 'integer'
      ? { kind: 'integer', values: view<Float64Array>(name) }
      : { kind: 'text', values: text(name, ids[name].size) };
  const users = openIdMap(storage('users'), 0);
  const items = openIdMap(storage('items'), 1);
  const rest = {
    name: header.name,
    digest: header.digest,
    numUsers: users.size,
    numItems: items.size,
    numEvents: columns.itemIds.length,
    users,
    items,
    userOffsets: view<Int32Array>('userOffsets'),
    ...(catalogue === undefined
      ? {}
      : {
          catalogue: openCatalogue({
            size: catalogue.size,
            categoryNames: catalogue.categoryNames,
            categoryOffsets: view('categoryOffsets'),
            categoryIds: view('categoryIds'),
            ...('titles.bytes' in columns ? { titles: text('titles', catalogue.size) } : {}),
          }),
        }),
    hasTimestamps: header.hasTimestamps,
    steps: header.steps,
  };
  const events = eventColumns.filter((name) => name in columns);
  if (!lazy) return Object.assign(rest, Object.fromEntries(events.map((name) => [name, view(name)]))) as Interactions;
  for (const name of events) {
    lazyProperty(rest, name, () => {
      try {
        return view(name);
      } catch (error) {
        throw error instanceof DamagedColumn ? source.damaged(error.message) : error;
      }
    });
  }
  return rest as typeof rest & Pick<Interactions, 'itemIds' | 'timestamps'>;
}

const eventColumns = ['itemIds', 'timestamps', 'ratings'] as const;

/** A property that is made when it is first read, and is an ordinary one from then on. */
function lazyProperty(object: object, name: string, make: () => unknown): void {
  Object.defineProperty(object, name, {
    enumerable: true,
    configurable: true,
    get() {
      const value = make();
      Object.defineProperty(object, name, { enumerable: true, value });
      return value;
    },
  });
}
