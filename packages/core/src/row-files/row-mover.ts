import { readSync, writeSync } from 'node:fs';
import { initialRowsOf } from '../tables/initial-rows.ts';
import type { RowLayout } from '../tables/row-store.ts';
import { placesOf } from './header.ts';
import { type FileCall, moveBytes } from './move-bytes.ts';

/** An open file of rows and the memory around it, which threads share. */
export interface RowSpace {
  readonly fd: number;
  readonly layout: Required<RowLayout>;
  /** The slots of the cache, a record each. */
  readonly slots: SharedArrayBuffer;
  /** A bit a row that the file has. */
  readonly present: SharedArrayBuffer;
}

/**
 * Rows to move, by slot: slot `slots[i]` is written to the file as row `leaving[i]`, then filled with row `coming[i]`;
 * -1 is none. Rows that leave are different, as are those that come, and no row does both.
 */
export interface Move {
  readonly slots: Int32Array;
  readonly leaving: Int32Array;
  readonly coming: Int32Array;
}

/** What a move, or many, took. */
export interface Moved {
  rowsRead: number;
  rowsMade: number;
  rowsWritten: number;
  reads: number;
  writes: number;
  bytesRead: number;
  bytesWritten: number;
}

export function nothingMoved(): Moved {
  return { rowsRead: 0, rowsMade: 0, rowsWritten: 0, reads: 0, writes: 0, bytesRead: 0, bytesWritten: 0 };
}

/** Rows nearer than this are read in one call, with what lies between: it is in the same page or the next one. */
const GAP_BYTES = 4096;
/** One call moves at most this many bytes. */
const CALL_BYTES = 2 ** 18;
/** Sorting keys are a row times this, plus its place in the move. */
const PLACES = 2 ** 21;

/** Rows of one call. */
interface Run {
  /** Places in the sorted order. */
  readonly begin: number;
  readonly end: number;
  readonly firstRow: number;
  readonly lastRow: number;
}

/** Moves rows between a file and the slots of a cache, in calls sorted by their place in the file. Any thread may. */
export class RowMover {
  readonly #space: RowSpace;
  readonly #stride: number;
  readonly #recordsAt: number;
  readonly #slots: Float32Array;
  readonly #bytes: Uint8Array;
  readonly #present: Int32Array;
  readonly #fill: (id: number, into: Float32Array, at: number) => void;
  readonly #buffer: Uint8Array;

  constructor(space: RowSpace) {
    const { layout, slots, present } = space;
    const { stride, recordsAt } = placesOf(layout);
    this.#space = space;
    this.#stride = stride;
    this.#recordsAt = recordsAt;
    this.#slots = new Float32Array(slots);
    this.#bytes = new Uint8Array(slots);
    this.#present = new Int32Array(present);
    this.#fill = initialRowsOf(layout.initial, layout.width);
    this.#buffer = new Uint8Array(Math.max(CALL_BYTES, 4 * stride));
  }

  /** @throws Error of the file system, or for a file that ends too early. */
  move({ slots, leaving, coming }: Move): Moved {
    const moved = nothingMoved();
    const out = sortedRows(leaving, () => true);
    for (const run of this.#runs(out, 1)) this.#write(run, out, slots, moved);
    for (let i = 0; i < coming.length; i++)
      if (coming[i] >= 0 && !this.has(coming[i])) this.#make(coming[i], slots[i], moved);
    const into = sortedRows(coming, (id) => this.has(id));
    const gap = Math.max(1, Math.floor(GAP_BYTES / (4 * this.#stride)));
    for (const run of this.#runs(into, gap)) this.#read(run, into, slots, moved);
    return moved;
  }

  /** Whether the file has a row. */
  has(id: number): boolean {
    return (Atomics.load(this.#present, id >>> 5) & (1 << (id & 31))) !== 0;
  }

  /** The initial record of a row, into a slot. */
  #make(id: number, slot: number, moved: Moved): void {
    const { width, stateWidth, initialState } = this.#space.layout;
    const at = slot * this.#stride;
    this.#fill(id, this.#slots, at);
    this.#slots.fill(initialState, at + width, at + width + stateWidth);
    moved.rowsMade++;
  }

  #read({ begin, end, firstRow, lastRow }: Run, order: Float64Array, slots: Int32Array, moved: Moved): void {
    const recordBytes = 4 * this.#stride;
    const length = (lastRow - firstRow + 1) * recordBytes;
    this.#call(readSync, length, firstRow);
    for (let k = begin; k < end; k++) {
      const from = (rowOf(order[k]) - firstRow) * recordBytes;
      this.#bytes.set(this.#buffer.subarray(from, from + recordBytes), slots[placeOf(order[k])] * recordBytes);
    }
    moved.rowsRead += end - begin;
    moved.reads++;
    moved.bytesRead += length;
  }

  #write({ begin, end, firstRow }: Run, order: Float64Array, slots: Int32Array, moved: Moved): void {
    const recordBytes = 4 * this.#stride;
    for (let k = begin; k < end; k++) {
      const from = slots[placeOf(order[k])] * recordBytes;
      this.#buffer.set(this.#bytes.subarray(from, from + recordBytes), (k - begin) * recordBytes);
    }
    const length = (end - begin) * recordBytes;
    this.#call(writeSync, length, firstRow);
    for (let k = begin; k < end; k++) {
      const id = rowOf(order[k]);
      Atomics.or(this.#present, id >>> 5, 1 << (id & 31));
    }
    moved.rowsWritten += end - begin;
    moved.writes++;
    moved.bytesWritten += length;
  }

  #call(call: FileCall, length: number, firstRow: number): void {
    moveBytes(call, this.#space.fd, this.#buffer, length, this.#recordsAt + firstRow * 4 * this.#stride);
  }

  /** Sorted rows in as few calls as their gaps and the buffer allow. */
  *#runs(order: Float64Array, gap: number): Generator<Run> {
    const most = Math.floor(this.#buffer.length / (4 * this.#stride));
    for (let begin = 0; begin < order.length; ) {
      const firstRow = rowOf(order[begin]);
      let end = begin + 1;
      let lastRow = firstRow;
      for (; end < order.length; end++) {
        const row = rowOf(order[end]);
        if (row - lastRow > gap || row - firstRow >= most) break;
        lastRow = row;
      }
      yield { begin, end, firstRow, lastRow };
      begin = end;
    }
  }
}

/** Keys of the rows that are wanted, in increasing order of the rows. */
function sortedRows(ids: Int32Array, wanted: (id: number) => boolean): Float64Array {
  const keys = new Float64Array(ids.length);
  let count = 0;
  for (let i = 0; i < ids.length; i++) if (ids[i] >= 0 && wanted(ids[i])) keys[count++] = ids[i] * PLACES + i;
  return keys.subarray(0, count).sort();
}

function rowOf(key: number): number {
  return Math.floor(key / PLACES);
}

function placeOf(key: number): number {
  return key % PLACES;
}
