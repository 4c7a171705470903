import type * as tf from '@tensorflow/tfjs-core';
import { ShapeError } from '../errors.ts';
import { describe } from '../shapes.ts';
import type { TableColumns } from './table-columns.ts';

/** @throws ShapeError when a variable cannot hold columns `from .. from + d - 1` of a table `[I, D]`. */
export function checkColumns(op: string, table: tf.Variable, { from, width }: TableColumns): tf.Variable<tf.Rank.R2> {
  const columns = table.shape[1] as number;
  if (table.rank !== 2 || !(from >= 0 && from + columns <= width))
    throw new ShapeError(
      `${op}: expected a variable [I, d] for columns from ${from} on of a table of ${width} columns, ${from} + d <= ${width}; got ${describe(table)}`,
    );
  return table as tf.Variable<tf.Rank.R2>;
}
