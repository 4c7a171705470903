import type { Collective } from '@seqrec/core/collectives';

/**
 * How a table lies on `R` ranks: each row on one, all on rank 0, in blocks, or row `v` on rank `v mod R`; or some
 * columns of every row on each.
 */
export const TABLE_PARTITIONS = ['table', 'row-blocks', 'row-cyclic', 'columns'] as const;
export type TablePartition = (typeof TABLE_PARTITIONS)[number];

export interface TableSharding {
  readonly partition: TablePartition;
  readonly ranks: Collective;
}

/** Columns `from` up to, without, `to`. */
export interface ColumnRange {
  readonly from: number;
  readonly to: number;
}

/** Where some ids lie: of each rank the positions among the ids that it has, and the places of the rows there. */
export interface Locations {
  readonly positions: readonly Int32Array[];
  readonly places: readonly Int32Array[];
}

/** What a rank holds of a table `[V, D]`: some columns of some rows, in the order of their ids. */
export interface TableShard {
  readonly rows: number;
  readonly width: number;
  readonly partition: TablePartition;
  readonly ranks: Collective;
  /** Of what this rank holds. */
  readonly shape: readonly [rows: number, columns: number];
  /** How what has one number a row lies on the ranks; nothing where each has all of it. */
  readonly ofRows: TableShard | undefined;

  /** Rows with ids below `end` of which a rank, by default this one, holds numbers. */
  countBelow(end: number, rank?: number): number;
  /** The columns of its rows that a rank holds. */
  columnsOf(rank: number): ColumnRange;
  /** The row that stands at a place among those of a rank. */
  idOf(place: number, rank: number): number;
  /** @param ids strictly increasing. */
  locate(ids: Int32Array): Locations;
  /**
   * Of rows `begin .. end - 1` the numbers that a rank, by default this one, holds.
   *
   * @param values row-major, `[end - begin, D]`.
   */
  cut<T extends Float32Array | Int32Array>(values: T, begin: number, rank?: number): T;
  /** Rows `begin .. end - 1`, `[end - begin, D]`, of what each rank holds of them. */
  join<T extends Float32Array | Int32Array>(pieces: readonly T[], begin: number, end: number): T;
}

/** An array of the type of another. */
export function arrayLike<T extends Float32Array | Int32Array>(like: T, length: number): T {
  return new (like.constructor as new (length: number) => T)(length);
}
