import * as tf from '@tensorflow/tfjs-core';
import { shardOf } from '../layers/table-shards.ts';
import type { Model } from '../model.ts';
import { gatherTable } from './sharded-rows.ts';

/** Whether some tables of a model lie on several ranks. */
export function isSharded(model: Model): boolean {
  return [...model.tables().values()].some(({ variable }) => shardOf(variable) !== undefined);
}

/**
 * Runs `use` on rank 0 with a model whose tables are whole, for the time that it takes; the other ranks give their
 * rows, and get nothing. All ranks must call it. A model whose tables are whole is used as it is, on every rank.
 */
export async function withWholeTables<M extends Model, T>(
  model: M,
  use: (whole: M) => Promise<T>,
): Promise<T | undefined> {
  if (!isSharded(model)) return use(model);
  const rows = new Map<
    string,
    { readonly rows: tf.Tensor2D; readonly ids: Int32Array; indicesOf(ids: Int32Array): Int32Array }
  >();
  try {
    for (const [name, { variable }] of model.tables()) {
      const shard = shardOf(variable)!;
      const values = await gatherTable(shard, variable, 'root');
      if (shard.ranks.rank !== 0) continue;
      const ids = Int32Array.from({ length: shard.rows }, (_, id) => id);
      rows.set(name, { rows: tf.tensor2d(values, [shard.rows, shard.width]), ids, indicesOf: (of) => of });
    }
    if (rows.size === 0) return undefined;
    return await use((model.withRows?.(rows) ?? model) as M);
  } finally {
    for (const table of rows.values()) table.rows.dispose();
  }
}
