import type * as tf from '@tensorflow/tfjs-core';
import type { TableRows } from '../model.ts';

/** What stands for a table while a step runs that trains it by rows. */
let current: ReadonlyMap<tf.Variable, TableRows> | undefined;

/**
 * Runs `forward` with rows in the place of tables: look-ups of `embedEncoded` read them. For models whose tables are
 * read by their look-ups alone; an encoder, whose item vectors are scored as well, has `withRows`.
 */
export function withTableRows<T>(rows: ReadonlyMap<tf.Variable, TableRows>, forward: () => T): T {
  const before = current;
  current = rows;
  try {
    return forward();
  } finally {
    current = before;
  }
}

/** The rows that stand for a table now, if any do. */
export function tableRows(table: tf.Tensor): TableRows | undefined {
  return current?.get(table as tf.Variable);
}
