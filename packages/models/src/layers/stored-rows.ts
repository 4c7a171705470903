import { type RowStore, rowSet } from '@seqrec/core';
import type { SequenceBatch } from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';
import type { Model, TableRows } from '../model.ts';
import { withTableRows } from './table-rows.ts';

/** Rows of a store on the backend. @throws ShapeError, TableError of the store. */
export async function storedRows(store: RowStore, ids: Int32Array): Promise<tf.Tensor2D> {
  return tf.tensor2d(await store.gather(ids), [ids.length, store.layout.width]);
}

/** The rows of each stored table that a batch reads, strictly increasing. */
export function storedIds(model: Model, batch: SequenceBatch): Map<RowStore, Int32Array> {
  const all = new Map<RowStore, Int32Array>();
  for (const { store, idsOf } of model.tables().values()) {
    if (store !== undefined) all.set(store, rowSet(store.layout.rows, [...idsOf(batch)]).ids);
  }
  return all;
}

/**
 * Runs a forward pass outside training with what the batch reads of stored tables in their place. Without stored tables
 * it is `forward()`.
 *
 * @throws TableError of a store.
 */
export async function withStoredTables<T>(model: Model, batch: SequenceBatch, forward: () => T): Promise<T> {
  const leaves = new Map<tf.Variable, TableRows>();
  try {
    for (const { store, idsOf, variable } of model.tables().values()) {
      if (store === undefined) continue;
      const set = rowSet(store.layout.rows, [...idsOf(batch)]);
      leaves.set(variable, { ...set, rows: await storedRows(store, set.ids) });
    }
    return leaves.size === 0 ? forward() : withTableRows(leaves, forward);
  } finally {
    tf.dispose(Array.from(leaves.values(), ({ rows }) => rows));
  }
}
