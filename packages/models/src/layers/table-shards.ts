import * as tf from '@tensorflow/tfjs-core';
import { ColumnShard } from './column-shard.ts';
import { type Initialization, initialValues, type WeightStream } from './initializers.ts';
import { RowShard } from './row-shard.ts';
import type { TableShard, TableSharding } from './table-shard.ts';

let current: TableSharding | undefined;
const shards = new WeakMap<tf.Variable, TableShard>();

/** Runs `make`, which makes a model, so that its tables that can be trained by rows hold this rank's share alone. */
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
  if (current === undefined || byRows !== true) return undefined;
  const { partition, ranks } = current;
  return partition === 'columns' ? new ColumnShard(shape, ranks) : new RowShard(shape, partition, ranks);
}

export function rememberShard(variable: tf.Variable, shard: TableShard): void {
  shards.set(variable, shard);
}

/** Numbers of a block of initial values. */
const BLOCK_NUMBERS = 2 ** 20;

/** The initial values of a shard: those that the whole table would have there. */
export function initialShard({ initialization, shape }: NewTable, stream: WeightStream, shard: TableShard): tf.Tensor {
  const { rows, width } = shard;
  const [owned, columns] = shard.shape;
  const values = new Float32Array(owned * columns);
  // Blocks begin at multiples of four numbers, as the random streams ask for.
  const step = 4 * Math.max(1, Math.floor(BLOCK_NUMBERS / (4 * width)));
  for (let begin = 0; begin < rows; begin += step) {
    const end = Math.min(rows, begin + step);
    const block = initialValues(initialization, shape, stream, { begin: begin * width, end: end * width });
    values.set(shard.cut(block, begin), shard.countBelow(begin) * columns);
  }
  return tf.tensor2d(values, [owned, columns]);
}
