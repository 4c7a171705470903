import type { Collective } from '@seqrec/core/collectives';
import { copyColumns } from './copy-columns.ts';
import { arrayLike, type ColumnRange, type Locations, type TableShard } from './table-shard.ts';

/**
 * Of every row of a table `[V, D]` columns `floor(r D / R)` up to, without, `floor((r + 1) D / R)` on rank `r`; of more
 * ranks than columns some have none.
 */
export class ColumnShard implements TableShard {
  readonly rows: number;
  readonly width: number;
  readonly partition = 'columns';
  readonly ranks: Collective;
  /** One number a row is on every rank: all of them step all rows. */
  readonly ofRows = undefined;

  constructor([rows, width]: readonly number[], ranks: Collective) {
    this.rows = rows;
    this.width = width;
    this.ranks = ranks;
  }

  get shape(): readonly [number, number] {
    const { from, to } = this.columnsOf(this.ranks.rank);
    return [this.rows, to - from];
  }

  countBelow(end: number): number {
    return end;
  }

  columnsOf(rank: number): ColumnRange {
    const { width, ranks } = this;
    const bound = (r: number): number => Math.floor((r * width) / ranks.size);
    return { from: bound(rank), to: bound(rank + 1) };
  }

  idOf(place: number): number {
    return place;
  }

  /** Every rank has a part of every row. */
  locate(ids: Int32Array): Locations {
    const positions = Int32Array.from(ids, (_, position) => position);
    const each = <T>(value: T): T[] => Array.from({ length: this.ranks.size }, () => value);
    return { positions: each(positions), places: each(ids) };
  }

  cut<T extends Float32Array | Int32Array>(values: T, _begin: number, rank = this.ranks.rank): T {
    const { width } = this;
    const { from, to } = this.columnsOf(rank);
    const count = values.length / width;
    const own = arrayLike(values, count * (to - from));
    copyColumns({ values, width, from }, { values: own, width: to - from, from: 0 }, count, to - from);
    return own;
  }

  join<T extends Float32Array | Int32Array>(pieces: readonly T[], begin: number, end: number): T {
    const { width } = this;
    const whole = arrayLike(pieces[0], (end - begin) * width);
    for (const [rank, piece] of pieces.entries()) {
      const { from, to } = this.columnsOf(rank);
      copyColumns({ values: piece, width: to - from, from: 0 }, { values: whole, width, from }, end - begin, to - from);
    }
    return whole;
  }
}
