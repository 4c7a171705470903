import type { Collective } from '@seqrec/core/collectives';
import * as tf from '@tensorflow/tfjs-core';
import { shardOf } from '../layers/table-shards.ts';
import type { Model, TableRows } from '../model.ts';
import { wholeRows } from './whole-tables.ts';

/**
 * Gives the weights of rank 0's model to the others and runs `use` with a model of these weights on every rank, its
 * tables whole. All ranks must call it, with models of one configuration. That of another rank keeps the weights; where
 * it has a shard of a table, the shard stays as it is and the whole table is there for the time of `use`.
 *
 * Sent by rank 0 to each: 4 bytes a weight.
 *
 * @param model on rank 0 one whose tables are whole.
 */
export async function withRootWeights<M extends Model, T>(
  model: M,
  ranks: Collective,
  use: (model: M) => Promise<T>,
): Promise<T> {
  const rows = new Map<string, TableRows>();
  try {
    for (const [name, variable] of model.variables()) {
      const own = ranks.rank === 0 ? ((await variable.data()) as Float32Array) : new Float32Array(0);
      const values = await ranks.broadcast(own, 0, { operation: 'weights of rank 0', waits: true });
      if (ranks.rank === 0) continue;
      const shard = shardOf(variable);
      if (shard !== undefined) rows.set(name, wholeRows(shard, values));
      else tf.tidy(() => variable.assign(tf.tensor(values, variable.shape, 'float32')));
    }
    return await use(rows.size === 0 ? model : ((model.withRows?.(rows) ?? model) as M));
  } finally {
    for (const table of rows.values()) table.rows.dispose();
  }
}
