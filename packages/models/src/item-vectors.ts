import { ShapeError, UnsupportedError } from '@seqrec/core';
import { shardOf } from './layers/table-shards.ts';
import type { TokenEncoder } from './model.ts';
import { assignValues } from './parameters.ts';

/** Vectors of some items, `V` of them; what `readItemVectors` of `@seqrec/data` returns is one. */
export interface GivenItemVectors {
  readonly width: number;
  /** Item ids, `1..numItems`, each at most once; shape `[V]`. */
  readonly items: Int32Array;
  /** Row-major, shape `[V, width]`. */
  readonly values: Float32Array;
}

/**
 * Puts vectors that were learned elsewhere into the item table of a new model; items without one
 * keep their initial values.
 *
 * One factor for all, `1 / (sqrt(width) * mean length)`, gives them the size of initial values: encoders use the
 * table times `sqrt(width)`, so that vectors have length 1 on average there. Directions and relative lengths stay.
 *
 * @throws ShapeError when the width is not that of the table, there are not as many values as ids ask for, an id is
 *   outside `1..numItems`, or a value is not finite.
 */
export async function setItemVectors(model: TokenEncoder, { width, items, values }: GivenItemVectors): Promise<void> {
  const table = model.itemTable();
  if (shardOf(table) !== undefined)
    throw new UnsupportedError(
      'setItemVectors: expected a whole item table; got one that lies on several ranks; train with whole tables',
    );
  const [, own] = table.shape;
  if (own !== width)
    throw new ShapeError(`setItemVectors: expected vectors as wide as the item table, ${own}; got ${width}`);
  const wrong = items.findIndex((item) => item < 1 || item > model.numItems);
  if (wrong >= 0)
    throw new ShapeError(`setItemVectors: expected ids in 1..${model.numItems}; got ${items[wrong]} at ${wrong}`);
  if (values.length !== items.length * width)
    throw new ShapeError(
      `setItemVectors: expected values [${items.length}, ${width}], a vector for each id; got ${values.length} values`,
    );
  const bad = values.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0)
    throw new ShapeError(
      `setItemVectors: expected finite values; got ${values[bad]} in the vector of item ${items[Math.floor(bad / width)]}`,
    );
  const scale = 1 / (Math.sqrt(width) * meanLength(values, width));
  const rows = new Float32Array((await table.data()) as Float32Array);
  for (const [v, item] of items.entries()) {
    for (let d = 0; d < width; d++) rows[item * width + d] = Number.isFinite(scale) ? scale * values[v * width + d] : 0;
  }
  assignValues(table, rows);
}

function meanLength(values: Float32Array, width: number): number {
  const count = values.length / width;
  let sum = 0;
  for (let v = 0; v < count; v++) sum += Math.hypot(...values.subarray(v * width, (v + 1) * width));
  return sum / count;
}
