import * as tf from '@tensorflow/tfjs-core';
import { rememberHostValues } from '../backends/composed/host.ts';
import { ShapeError } from '../errors.ts';
import { assertDType, assertShapes, describe } from '../shapes.ts';
import { checkOffsets } from './offsets.ts';

/** Queries, and who is ranked for each of them. */
export interface CandidateOptions {
  /** float32 `[B, D]`. */
  readonly queries: tf.Tensor;
  /** float32 `[I, D]`: one row per item. */
  readonly items: tf.Tensor;
  /**
   * Items that are no candidates of a query, jagged: `ids[offsets[b] .. offsets[b + 1] - 1]`, in
   * any order, repeats allowed.
   */
  readonly excluded?: { readonly offsets: Int32Array; readonly ids: Int32Array };
  /** Lowest id that is a candidate; 1 where row 0 is padding. Default 0. */
  readonly firstItem?: number;
  /** Highest id that is a candidate of each query `[B]`, for catalogues that open over time; default: the last row. */
  readonly last?: Int32Array;
}

/**
 * Checks the options and uploads the integers, which come from the host and are checked there. Call it inside a tidy.
 */
export function candidateInputs(op: string, options: CandidateOptions): Record<string, tf.Tensor> {
  const { queries, items, firstItem = 0, last } = options;
  assertShapes(op, [
    ['queries', queries, 'B D'],
    ['items', items, 'I D'],
  ]);
  assertDType(queries, 'float32', { op, name: 'queries' });
  assertDType(items, 'float32', { op, name: 'items' });
  const numQueries = queries.shape[0];
  const numItems = items.shape[0];
  if (numItems === 0 || items.shape[1] === 0)
    throw new ShapeError(`${op}: expected items with at least one row and one column; got ${describe(items)}`);
  if (!Number.isInteger(firstItem) || firstItem < 0 || firstItem >= numItems)
    throw new ShapeError(`${op}: expected firstItem in 0..${numItems - 1}; got ${firstItem}`);
  const { offsets, ids } = options.excluded ?? { offsets: new Int32Array(numQueries + 1), ids: new Int32Array(0) };
  checkOffsets(op, offsets, ids.length);
  checkLength(op, 'excluded.offsets', offsets, numQueries + 1);
  checkIds(op, 'excluded.ids', ids, [0, numItems - 1]);
  if (last !== undefined) {
    checkLength(op, 'last', last, numQueries);
    checkIds(op, 'last', last, [0, numItems - 1]);
  }
  return {
    queries,
    items,
    excludedOffsets: uploaded(offsets),
    excludedIds: uploaded(ids),
    last: uploaded(last ?? new Int32Array(0)),
  };
}

export function uploaded(values: Int32Array): tf.Tensor1D {
  return rememberHostValues(tf.tensor1d(values, 'int32'), values) as tf.Tensor1D;
}

export function checkLength(op: string, name: string, values: Int32Array, length: number): void {
  if (values.length === length) return;
  throw new ShapeError(`${op}: expected ${name} int32[${length}], one entry a query; got int32[${values.length}]`);
}

export function checkIds(op: string, name: string, ids: Int32Array, [low, high]: readonly [number, number]): void {
  for (let i = 0; i < ids.length; i++) {
    if (ids[i] >= low && ids[i] <= high) continue;
    throw new ShapeError(`${op}: expected ${name} from ${low} to ${high}; got ${ids[i]} at position ${i}`);
  }
}
