import { crc32 } from 'node:zlib';
import { openCatalogue } from '../catalogue.ts';
import { canonicalJson, littleEndianBytes } from '../digest.ts';
import { type IdStorage, openIdMap } from '../ids.ts';
import { createInteractions, type Interactions, type ProcessingStep } from '../interactions.ts';

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
export const cacheVersion = 1;

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

/** Opens the columns as views of `buffer`, after checking every checksum; nothing is parsed but the header. */
export function decodeCache(buffer: ArrayBuffer, key: string): DecodedCache {
  const bytes = Buffer.from(buffer);
  const damaged = (problem: string): DecodedCache => ({ state: 'damaged', problem });
  if (bytes.length < prefixBytes || bytes.toString('latin1', 0, 8) !== magic) return damaged('not a cache file');
  const headerBytes = bytes.readUInt32LE(8);
  const start = prefixBytes + headerBytes;
  if (bytes.length < start) return damaged('the header is cut off');
  const json = bytes.subarray(prefixBytes, start);
  if (crc32(json) !== bytes.readUInt32LE(12)) return damaged('the header does not match its checksum');
  const header = JSON.parse(json.toString('utf8')) as Header;
  if (header.version !== cacheVersion || header.key !== key) return { state: 'stale' };
  if (bytes.length !== start + header.bytes) {
    return damaged(`expected ${start + header.bytes} bytes; got ${bytes.length}`);
  }
  for (const [name, entry] of Object.entries(header.columns)) {
    const from = start + entry.offset;
    const to = from + entry.length * constructors[entry.type].BYTES_PER_ELEMENT;
    if (crc32(bytes.subarray(from, to)) !== entry.crc) return damaged(`column ${name} does not match its checksum`);
  }
  return { state: 'ok', interactions: open(buffer, start, header) };
}

function open(buffer: ArrayBuffer, start: number, header: Header): Interactions {
  const { columns, ids, catalogue } = header;
  const view = <C extends Column>(name: string): C => {
    const { type, offset, length } = columns[name];
    return new constructors[type](buffer, start + offset, length) as C;
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
  return createInteractions({
    name: header.name,
    users: openIdMap(storage('users'), 0),
    items: openIdMap(storage('items'), 1),
    userOffsets: view('userOffsets'),
    itemIds: view('itemIds'),
    timestamps: view('timestamps'),
    ...('ratings' in columns ? { ratings: view<Float32Array>('ratings') } : {}),
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
    digest: header.digest,
  });
}
