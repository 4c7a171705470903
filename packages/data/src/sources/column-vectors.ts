import type { DuckDBDataChunk } from '@duckdb/node-api';
import type bindings from '@duckdb/node-bindings';
import type { VectorKind } from './duckdb-types.ts';

/** What looks into the memory of DuckDB: the package below its interface for Node, which makes values of it. */
export type Bindings = Pick<
  typeof bindings,
  'data_chunk_get_vector' | 'vector_get_data' | 'vector_get_validity' | 'get_data_from_pointer'
>;

/** Bytes of a text that stand in the vector itself; those of a longer one stand where it points to. */
const inlineBytes = 12;

/** A column of a chunk of DuckDB: the memory that it stands in, without a JavaScript value a row. */
export type ColumnVector = TextVector | WordVector | DoubleVector;

export interface TextVector {
  readonly kind: 'text';
  /** Row `r` is `bytes[starts[r], ends[r])`, in UTF-8; a missing one is empty. */
  readonly bytes: Uint8Array;
  readonly starts: Int32Array;
  readonly ends: Int32Array;
}

/** Whole numbers of 64 bits. */
export interface WordVector {
  readonly kind: 'integer' | 'micros';
  /** Row `r` has its lower half at `2 * r`, the upper one after it. */
  readonly words: Int32Array;
  /** A bit a row, set where there is a value; absent where all have one. */
  readonly valid?: Uint8Array;
}

export interface DoubleVector {
  readonly kind: 'double';
  readonly values: Float64Array;
  readonly valid?: Uint8Array;
}

export function hasValue({ valid }: WordVector | DoubleVector, row: number): boolean {
  return valid === undefined || (valid[row >> 3] & (1 << (row & 7))) !== 0;
}

/** The value of a whole number as a double, rounded once. */
export function wordValue(words: Int32Array, row: number): number {
  return words[2 * row + 1] * 0x1_0000_0000 + (words[2 * row] >>> 0);
}

export function wordText(words: Int32Array, row: number): string {
  return String((BigInt(words[2 * row + 1]) << 32n) + BigInt(words[2 * row] >>> 0));
}

/** Room for the texts of one column, used again for each chunk: a chunk is done with before the next one is read. */
export class TextRoom {
  starts = new Int32Array(0);
  ends = new Int32Array(0);
  bytes = new Uint8Array(0);

  rows(count: number): void {
    if (count > this.starts.length) {
      this.starts = new Int32Array(count);
      this.ends = new Int32Array(count);
    } else {
      this.starts.fill(0);
      this.ends.fill(0);
    }
  }

  /** Room for so many bytes, of which those of `data` are the first. */
  withBytes(data: Uint8Array, length: number): Uint8Array {
    if (length > this.bytes.length) this.bytes = new Uint8Array(2 * length);
    this.bytes.set(data);
    return this.bytes;
  }
}

/** Looks into column `c` of a chunk, which has to be kept as long as what is given back. */
export function columnVector(
  bindings: Bindings,
  { chunk }: DuckDBDataChunk,
  c: number,
  kind: VectorKind,
  rows: number,
  room: TextRoom,
): ColumnVector {
  const vector = bindings.data_chunk_get_vector(chunk, c);
  // `null` where no value is missing, whatever the types say.
  const bits = bindings.vector_get_validity(vector, 8 * Math.ceil(rows / 64)) as Uint8Array | null;
  const valid = bits === null ? {} : { valid: bits };
  if (kind === 'text')
    return textVector(bindings, bindings.vector_get_data(vector, 16 * rows), rows, bits ?? undefined, room);
  const { buffer, byteOffset } = bindings.vector_get_data(vector, 8 * rows);
  if (kind === 'double') return { kind, values: new Float64Array(buffer, byteOffset, rows), ...valid };
  return { kind, words: new Int32Array(buffer, byteOffset, 2 * rows), ...valid };
}

/**
 * Texts of DuckDB: 16 bytes each, a length and up to 12 bytes, or the first 4 and a pointer. Long ones mostly stand one
 * behind another, and are copied together.
 */
function textVector(
  bindings: Bindings,
  data: Uint8Array,
  rows: number,
  valid: Uint8Array | undefined,
  room: TextRoom,
): TextVector {
  const words = new Uint32Array(data.buffer, data.byteOffset, 4 * rows);
  room.rows(rows);
  const { starts, ends } = room;
  let long = 0;
  for (let row = 0; row < rows; row++) {
    if (valid !== undefined && (valid[row >> 3] & (1 << (row & 7))) === 0) continue;
    const length = words[4 * row];
    starts[row] = 16 * row + 4;
    ends[row] = starts[row] + length;
    if (length > inlineBytes) long += length;
  }
  if (long === 0) return { kind: 'text', bytes: data, starts, ends };
  const bytes = room.withBytes(data, data.length + long);
  // A run of long texts: its first row, where its bytes begin, and where they stand in the memory of DuckDB.
  let first = -1;
  let from = data.length;
  let pointer = 0;
  let end = from;
  const copyRun = (): void => {
    if (first < 0) return;
    const memory = data.buffer as ArrayBuffer;
    bytes.set(bindings.get_data_from_pointer(memory, data.byteOffset + 16 * first + 8, end - from), from);
  };
  for (let row = 0; row < rows; row++) {
    const length = ends[row] - starts[row];
    if (length <= inlineBytes) continue;
    const at = words[4 * row + 2] + words[4 * row + 3] * 0x1_0000_0000;
    if (first < 0 || at !== pointer + end - from) {
      copyRun();
      first = row;
      from = end;
      pointer = at;
    }
    starts[row] = end;
    end += length;
    ends[row] = end;
  }
  copyRun();
  return { kind: 'text', bytes, starts, ends };
}
