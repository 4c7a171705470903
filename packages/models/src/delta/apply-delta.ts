import { checkChain, holderOf, placeAfter } from './check-chain.ts';
import { type Delta, isInt8, type TableDelta } from './delta.ts';
import { fromInt8Rows } from './int8-rows.ts';
import type { Snapshot, Weight } from './snapshot.ts';

/**
 * The weights that a consumer has after a delta. What it held stays as it is: nothing is half applied.
 *
 * @throws DeltaError unless it is the next delta for these weights: another model, another base, an order or a gap.
 */
export function applyDelta(held: Snapshot, delta: Delta): Snapshot {
  checkChain('applyDelta', holderOf(held), delta);
  const weights = new Map<string, Weight>();
  for (const [name, weight] of held.weights) {
    const table = delta.tables.get(name);
    weights.set(name, table === undefined ? (delta.dense.get(name) as Weight) : withRows(weight, table));
  }
  return { ...held, state: delta.state, weights, place: placeAfter(delta) };
}

function withRows(weight: Weight, table: TableDelta): Weight {
  if (table.ids.length === 0) return weight;
  const [, width] = table.shape;
  const data = weight.data.slice();
  const rows = floatRows(table);
  for (const [i, id] of table.ids.entries()) data.set(rows.subarray(i * width, (i + 1) * width), id * width);
  return { shape: weight.shape, data };
}

/** The rows of a table as they are held afterwards, `[n, width]`. */
export function floatRows({ rows, shape }: TableDelta): Float32Array {
  return isInt8(rows) ? fromInt8Rows(rows, shape[1]) : rows;
}
