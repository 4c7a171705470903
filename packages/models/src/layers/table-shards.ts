import type { Collective } from '@seqrec/core/collectives';
import * as tf from '@tensorflow/tfjs-core';
import { type Initialization, initialValues, type WeightStream } from './initializers.ts';

/** How the rows of a table lie on `R` ranks, each on one: all on rank 0, in blocks, or row `v` on rank `v mod R`. */
export const ROW_PARTITIONS = ['table', 'row-blocks', 'row-cyclic'] as const;
export type RowPartition = (typeof ROW_PARTITIONS)[number];

export interface TableSharding {
  readonly partition: RowPartition;
  readonly ranks: Collective;
}

/** The rows `[V, D]` of a table of which a rank holds some; they stand in its variable in the order of their ids. */
export class TableShard {
  readonly rows: number;
  readonly width: number;
  readonly partition: RowPartition;
  readonly ranks: Collective;
  readonly #block: number;

  constructor([rows, width]: readonly number[], { partition, ranks }: TableSharding) {
    this.rows = rows;
    this.width = width;
    this.partition = partition;
    this.ranks = ranks;
    this.#block = Math.ceil(rows / ranks.size);
  }

  ownerOf(id: number): number {
    if (this.partition === 'table') return 0;
    return this.partition === 'row-cyclic' ? id % this.ranks.size : Math.floor(id / this.#block);
  }

  /** Where a row stands among those of its owner. */
  placeOf(id: number): number {
    if (this.partition === 'table') return id;
    return this.partition === 'row-cyclic' ? Math.floor(id / this.ranks.size) : id % this.#block;
  }

  /** The row that stands at a place among those of a rank. */
  idOf(place: number, rank = this.ranks.rank): number {
    if (this.partition === 'table') return place;
    return this.partition === 'row-cyclic' ? place * this.ranks.size + rank : rank * this.#block + place;
  }

  /** Rows of a rank with ids below `end`. */
  countBelow(end: number, rank = this.ranks.rank): number {
    if (this.partition === 'table') return rank === 0 ? end : 0;
    if (this.partition === 'row-cyclic') return Math.max(0, Math.ceil((end - rank) / this.ranks.size));
    return Math.min(Math.max(end - rank * this.#block, 0), this.#block);
  }

  /** Rows that this rank holds. */
  get owned(): number {
    return this.countBelow(this.rows);
  }

  /**
   * Of rows `begin .. end - 1` of something that has `width` numbers a row, those of a rank.
   *
   * @param values row-major, `[end - begin, width]`.
   */
  cut<T extends Float32Array | Int32Array>(values: T, begin: number, width: number, rank = this.ranks.rank): T {
    const end = begin + values.length / width;
    const own = new (values.constructor as new (length: number) => T)(
      (this.countBelow(end, rank) - this.countBelow(begin, rank)) * width,
    );
    for (let id = begin, at = 0; id < end; id++) {
      if (this.ownerOf(id) !== rank) continue;
      own.set(values.subarray((id - begin) * width, (id - begin + 1) * width), at);
      at += width;
    }
    return own;
  }
}

let current: TableSharding | undefined;
const shards = new WeakMap<tf.Variable, TableShard>();

/** Runs `make`, which makes a model, so that its tables that are trained by rows hold those of this rank alone. */
export function withShardedTables<T>(sharding: TableSharding | undefined, make: () => T): T {
  const before = current;
  current = sharding;
  try {
    return make();
  } finally {
    current = before;
  }
}

/** What a variable holds a part of; nothing for a whole weight. */
export function shardOf(variable: tf.Variable): TableShard | undefined {
  return shards.get(variable);
}

/** What a layer says of a weight that may be a table. */
interface NewTable {
  readonly shape: readonly number[];
  readonly initialization: Initialization;
  readonly byRows?: boolean;
}

/** The shard that a new weight is to be; nothing where it is to be whole. */
export function shardFor({ byRows, shape }: Pick<NewTable, 'byRows' | 'shape'>): TableShard | undefined {
  return current !== undefined && byRows === true ? new TableShard(shape, current) : undefined;
}

export function rememberShard(variable: tf.Variable, shard: TableShard): void {
  shards.set(variable, shard);
}

/** Numbers of a block of initial values. */
const BLOCK_NUMBERS = 2 ** 20;

/** The initial values of the rows of a shard: those that the whole table would have there. */
export function initialShard({ initialization, shape }: NewTable, stream: WeightStream, shard: TableShard): tf.Tensor {
  const { rows, width, owned } = shard;
  const values = new Float32Array(owned * width);
  // Blocks begin at multiples of four numbers, as the random streams ask for.
  const step = 4 * Math.max(1, Math.floor(BLOCK_NUMBERS / (4 * width)));
  for (let begin = 0; begin < rows; begin += step) {
    const end = Math.min(rows, begin + step);
    const block = initialValues(initialization, shape, stream, { begin: begin * width, end: end * width });
    values.set(shard.cut(block, begin, width), shard.countBelow(begin) * width);
  }
  return tf.tensor2d(values, [owned, width]);
}
