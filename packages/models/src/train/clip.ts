import { clipByNorm } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';
import type { TableShard } from '../layers/table-shard.ts';
import { shardOf } from '../layers/table-shards.ts';
import type { Model } from '../model.ts';
import type { StepGradients } from './gradients.ts';
import type { RowGradient } from './row-gradient.ts';
import { withAllColumns } from './sharded-rows.ts';

type Gradients = Pick<StepGradients, 'dense' | 'rows'>;

/**
 * All gradients scaled alike so that their common norm is at most `maxNorm`, as `clipByGlobalNorm` does. Squares are
 * added up weight by weight in the order of the model; those of a table row by row, then over its rows in the order of
 * their ids, so that the norm has the same bits when the rows lie on several ranks, all of which must call it. Each
 * then sends `4` bytes a row, and `4` for its id where the table is trained by rows; of columns every rank has the
 * gradients of rows already, and of a table that is trained densely each sends its own, `4 (R - 1)` bytes a number.
 */
export async function clipGradients(model: Model, { dense, rows }: Gradients, maxNorm: number): Promise<Gradients> {
  const tables = new Set<tf.Variable>(Array.from(model.tables().values(), ({ variable }) => variable));
  const ordered: tf.NamedTensorMap = {};
  const squares: tf.Scalar[] = [];
  for (const variable of model.variables().values()) {
    const { name } = variable;
    const own = rows.get(name);
    const grad = own?.grad ?? dense[name];
    const shard = shardOf(variable);
    if (grad != null) ordered[name] = grad;
    if (shard?.partition === 'columns') {
      if (grad != null) squares.push(own === undefined ? await squaresOfColumns(shard, grad) : squaresOfRows(grad));
    } else if (shard !== undefined) squares.push(await squaresOfShards(shard, grad, own?.ids));
    else if (grad != null) squares.push(tables.has(variable) ? squaresOfRows(grad) : sumOfSquares(grad));
  }
  const { gradients, norm } = clipByNorm(ordered, squares, maxNorm);
  tf.dispose([norm, squares]);
  const clippedRows = new Map<string, RowGradient>();
  for (const [name, { ids }] of rows) {
    clippedRows.set(name, { ids, grad: gradients[name] as tf.Tensor2D });
    delete gradients[name];
  }
  return { dense: gradients, rows: clippedRows };
}

const sumOfSquares = (grad: tf.Tensor): tf.Scalar => tf.tidy(() => tf.sum(tf.square(grad)));
const byRow = (grad: tf.Tensor): tf.Tensor => tf.tidy(() => tf.sum(tf.square(grad), 1));
const squaresOfRows = (grad: tf.Tensor): tf.Scalar => tf.tidy(() => tf.sum(byRow(grad)));

/** Of all columns, `grad` being of those of this rank. */
async function squaresOfColumns(shard: TableShard, grad: tf.Tensor): Promise<tf.Scalar> {
  const [rows] = grad.shape;
  const all = await withAllColumns(shard, new Float32Array((await grad.data()) as Float32Array), rows);
  return tf.tidy(() => squaresOfRows(tf.tensor2d(all, [rows, shard.width])));
}

/**
 * Of a table that lies on several ranks, the same on all of them.
 *
 * @param ids rows of this rank's shard that the gradient is of, strictly increasing; absent: all of them.
 */
async function squaresOfShards(
  shard: TableShard,
  grad: tf.Tensor | undefined,
  ids: Int32Array | undefined,
): Promise<tf.Scalar> {
  const { ranks } = shard;
  const sums = grad && grad.size > 0 ? byRow(grad) : undefined;
  const own = sums === undefined ? new Float32Array(0) : new Float32Array((await sums.data()) as Float32Array);
  sums?.dispose();
  const squares = await ranks.allGather(own, 'squares of rows');
  const named = Int32Array.from(ids ?? [], (place) => shard.idOf(place, ranks.rank));
  const idsOf = await ranks.allGather(named, 'ids of squares');
  const entries = squares.flatMap((ofRank, r) =>
    Array.from(ofRank, (square, i) => [idsOf[r].length > 0 ? idsOf[r][i] : shard.idOf(i, r), square] as const),
  );
  if (entries.length === 0) return tf.scalar(0);
  entries.sort(([a], [b]) => a - b);
  return tf.tidy(() => tf.sum(tf.tensor1d(Float32Array.from(entries, ([, square]) => square))));
}
