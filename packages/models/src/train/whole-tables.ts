import * as tf from '@tensorflow/tfjs-core';
import type { TableShard } from '../layers/table-shard.ts';
import { shardOf } from '../layers/table-shards.ts';
import type { Model, TableRows } from '../model.ts';
import { gatherTable } from './sharded-rows.ts';

/** Whether some tables of a model lie on several ranks. */
export function isSharded(model: Model): boolean {
  return [...model.tables().values()].some(({ variable }) => shardOf(variable) !== undefined);
}

/** All rows of a table that lies in shards, in its place; the rows are the caller's to free. */
export function wholeRows({ rows, width }: TableShard, values: Float32Array): TableRows {
  const ids = Int32Array.from({ length: rows }, (_, id) => id);
  return { rows: tf.tensor2d(values, [rows, width]), ids, indicesOf: (of) => of };
}

/**
 * Runs `use` with a model whose tables are whole, for the time that it takes: on every rank or, by default, on rank 0
 * alone; then the other ranks give their rows, and get nothing. All ranks must call it. A model whose tables are whole
 * is used as it is, on every rank.
 */
export async function withWholeTables<M extends Model, T>(
  model: M,
  use: (whole: M) => Promise<T>,
  on: 'all' | 'root' = 'root',
): Promise<T | undefined> {
  if (!isSharded(model)) return use(model);
  const rows = new Map<string, TableRows>();
  try {
    for (const [name, { variable }] of model.tables()) {
      const shard = shardOf(variable)!;
      const values = await gatherTable(shard, variable, on);
      if (on === 'all' || shard.ranks.rank === 0) rows.set(name, wholeRows(shard, values));
    }
    if (rows.size === 0) return undefined;
    return await use((model.withRows?.(rows) ?? model) as M);
  } finally {
    for (const table of rows.values()) table.rows.dispose();
  }
}
