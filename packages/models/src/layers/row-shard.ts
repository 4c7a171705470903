import type { Collective } from '@seqrec/core/collectives';
import { arrayLike, type ColumnRange, type Locations, type TablePartition, type TableShard } from './table-shard.ts';

/** The partitions that keep rows whole. */
export type RowPartition = Exclude<TablePartition, 'columns'>;

/** Whole rows of a table, each of them on one rank. */
export class RowShard implements TableShard {
  readonly rows: number;
  readonly width: number;
  readonly partition: RowPartition;
  readonly ranks: Collective;
  readonly #block: number;

  constructor([rows, width]: readonly number[], partition: RowPartition, ranks: Collective) {
    this.rows = rows;
    this.width = width;
    this.partition = partition;
    this.ranks = ranks;
    this.#block = Math.ceil(rows / ranks.size);
  }

  get shape(): readonly [number, number] {
    return [this.countBelow(this.rows), this.width];
  }

  get ofRows(): RowShard {
    return new RowShard([this.rows, 1], this.partition, this.ranks);
  }

  countBelow(end: number, rank = this.ranks.rank): number {
    if (this.partition === 'table') return rank === 0 ? end : 0;
    if (this.partition === 'row-cyclic') return Math.max(0, Math.ceil((end - rank) / this.ranks.size));
    return Math.min(Math.max(end - rank * this.#block, 0), this.#block);
  }

  columnsOf(_rank: number): ColumnRange {
    return { from: 0, to: this.width };
  }

  idOf(place: number, rank: number): number {
    if (this.partition === 'table') return place;
    return this.partition === 'row-cyclic' ? place * this.ranks.size + rank : rank * this.#block + place;
  }

  locate(ids: Int32Array): Locations {
    const positions = Array.from({ length: this.ranks.size }, () => [] as number[]);
    for (const [position, id] of ids.entries()) positions[this.#ownerOf(id)].push(position);
    return {
      positions: positions.map((own) => Int32Array.from(own)),
      places: positions.map((own) => Int32Array.from(own, (position) => this.#placeOf(ids[position]))),
    };
  }

  cut<T extends Float32Array | Int32Array>(values: T, begin: number, rank = this.ranks.rank): T {
    const { width } = this;
    const end = begin + values.length / width;
    const own = arrayLike(values, (this.countBelow(end, rank) - this.countBelow(begin, rank)) * width);
    for (let id = begin, at = 0; id < end; id++) {
      if (this.#ownerOf(id) !== rank) continue;
      own.set(values.subarray((id - begin) * width, (id - begin + 1) * width), at);
      at += width;
    }
    return own;
  }

  join<T extends Float32Array | Int32Array>(pieces: readonly T[], begin: number, end: number): T {
    const { width } = this;
    const whole = arrayLike(pieces[0], (end - begin) * width);
    const at = pieces.map(() => 0);
    for (let id = begin; id < end; id++) {
      const owner = this.#ownerOf(id);
      const from = at[owner]++ * width;
      whole.set(pieces[owner].subarray(from, from + width), (id - begin) * width);
    }
    return whole;
  }

  #ownerOf(id: number): number {
    if (this.partition === 'table') return 0;
    return this.partition === 'row-cyclic' ? id % this.ranks.size : Math.floor(id / this.#block);
  }

  /** Where a row stands among those of its owner. */
  #placeOf(id: number): number {
    if (this.partition === 'table') return id;
    return this.partition === 'row-cyclic' ? Math.floor(id / this.ranks.size) : id % this.#block;
  }
}
