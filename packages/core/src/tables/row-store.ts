import { ShapeError, UnsupportedError } from '../errors.ts';
import type { InitialRows } from './initial-rows.ts';

/** What a table of rows holds. */
export interface RowLayout {
  /** Ids are `0 .. rows - 1`. */
  readonly rows: number;
  /** Numbers of a vector, `D`. */
  readonly width: number;
  /** Numbers that an optimiser keeps beside each vector: `stateOf` of the optimiser says how many. Default 0. */
  readonly stateWidth?: number;
  /** What those are before the first step, default 0. */
  readonly initialState?: number;
  /** The vectors of rows that were never written. */
  readonly initial: InitialRows;
}

/** What a store has done so far. A row counts once in each call, however often the call names it. */
export interface RowStoreStats {
  /** Rows that calls of `gather` and `records` asked for. */
  readonly lookups: number;
  /** Those of them that were in memory before they were asked for or prefetched. */
  readonly hits: number;
  /** Rows that were read from the file, made anew as they were never written, and written to the file. */
  readonly rowsRead: number;
  readonly rowsMade: number;
  readonly rowsWritten: number;
  /** Calls of the system that moved them, and their bytes. */
  readonly reads: number;
  readonly writes: number;
  readonly bytesRead: number;
  readonly bytesWritten: number;
}

/**
 * Rows of a big table, each a record: its vector `[D]`, then what an optimiser keeps of it. Where the rows lie is the
 * store's affair; what they hold never depends on it. Calls take effect in the order in which they are made, whether
 * or not the caller waits for one before the next.
 */
export interface RowStore {
  readonly layout: Required<RowLayout>;
  /** Vectors of any ids, `[n, D]`. @throws ShapeError for an id outside; TableError when the file fails. */
  gather(ids: Int32Array): Promise<Float32Array>;
  /** Records of any ids, `[n, D + stateWidth]`. @throws as {@link gather}. */
  records(ids: Int32Array): Promise<Float32Array>;
  /**
   * Replaces records.
   *
   * @param ids strictly increasing.
   * @param records `[n, D + stateWidth]`, copied when the call takes effect: leave them alone until then.
   * @throws ShapeError for ids or records that do not fit; TableError when the file fails.
   */
  write(ids: Int32Array, records: Float32Array): Promise<void>;
  /** Says which rows the next call will ask for, so that they are fetched meanwhile. Changes no result. */
  prefetch(ids: Int32Array): void;
  /** What has been written is where it lasts, when it resolves. @throws TableError. */
  flush(): Promise<void>;
  /** Flushes and gives everything back; the store cannot be used any more. @throws TableError. */
  close(): Promise<void>;
  stats(): RowStoreStats;
}

/** Largest number of rows: ids are int32. */
const MOST_ROWS = 2 ** 31 - 1;

/** Fills in the defaults. @throws UnsupportedError for sizes that no table has. */
export function resolveLayout(
  op: string,
  { rows, width, stateWidth = 0, initialState = 0, initial }: RowLayout,
): Required<RowLayout> {
  const whole = [rows, width, stateWidth].every(Number.isInteger);
  if (!whole || rows < 1 || rows > MOST_ROWS || width < 1 || stateWidth < 0) {
    throw new UnsupportedError(
      `${op}: expected 1 to ${MOST_ROWS} rows, a width of 1 or more and a stateWidth of 0 or more, whole numbers; got rows=${rows}, width=${width}, stateWidth=${stateWidth}; ids are int32`,
    );
  }
  return { rows, width, stateWidth, initialState, initial };
}

/** @throws ShapeError naming an id outside the table. */
export function checkIds(op: string, { rows }: RowLayout, ids: Int32Array): void {
  for (let i = 0; i < ids.length; i++) {
    if (ids[i] >= 0 && ids[i] < rows) continue;
    throw new ShapeError(`${op}: expected ids from 0 to ${rows - 1}; got ${ids[i]} at position ${i}`);
  }
}

/** @throws ShapeError when records do not fit their ids, or ids do not increase. */
export function checkRecords(
  op: string,
  { rows, width, stateWidth }: Required<RowLayout>,
  ids: Int32Array,
  records: Float32Array,
): void {
  if (records.length !== ids.length * (width + stateWidth)) {
    throw new ShapeError(
      `${op}: expected records [${ids.length}, ${width + stateWidth}]; got ${records.length} numbers; a record is a vector of ${width} and ${stateWidth} numbers of state`,
    );
  }
  for (let u = 0, last = -1; u < ids.length; last = ids[u++]) {
    if (ids[u] > last && ids[u] < rows) continue;
    throw new ShapeError(
      `${op}: expected strictly increasing ids from 0 to ${rows - 1}; got ${ids[u]} after ${last} at position ${u}; rowSet makes them`,
    );
  }
}
