import { rowSet, treeSum } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';
import type { TableShard } from '../layers/table-shard.ts';
import type { RowGradient } from './row-gradient.ts';

/** What a rank asked the owners for in a step, and what was asked of it: gradients go the same ways back. */
export interface ShardedRows {
  /** `[U, D]`, in the order of the ids. */
  readonly rows: Float32Array;
  /** Positions among the ids of what each rank has. */
  readonly positions: readonly Int32Array[];
  /** Rows of this rank's shard that each rank has asked for, strictly increasing. */
  readonly askedBy: readonly Int32Array[];
}

/**
 * Rows of a sharded table: ids go to their owners, rows come back. A rank sends `4 n` bytes for `n` ids of others, and
 * `4 D` for each row that others ask it for; of columns `4 n (R - 1)` for its `n` ids, and 4 for each number of its own
 * in the rows that others ask for.
 *
 * @param ids strictly increasing.
 */
export async function fetchRows(shard: TableShard, table: tf.Variable, ids: Int32Array): Promise<ShardedRows> {
  const { ranks, width } = shard;
  const { positions, places } = shard.locate(ids);
  const askedBy = await ranks.allToAll(places, 'ids of rows');
  const sent = await rowsOf(table, askedBy);
  const received = await ranks.allToAll(sent, 'rows', { reuse: true });
  const rows = new Float32Array(ids.length * width);
  for (const [owner, own] of positions.entries()) {
    const { from, to } = shard.columnsOf(owner);
    scatter(received[owner], to - from, own, { values: rows, width, from });
  }
  return { rows, positions, askedBy };
}

/**
 * Gradients of rows at their owner: those of all ranks, added up by the tree over ranks. Where a rank has no gradient
 * of a row it adds 0, as a part does that does not read it; a rank without parts adds nothing.
 *
 * Of columns the owners then tell each other their sums, `4 (R - 1)` bytes for each number of a rank in the rows of all
 * ranks: the row-wise rules take the mean over a row.
 *
 * @param grad `[U, D]` of this rank's rows; nothing from a rank whose parts are all left out.
 * @returns rows of the shard with their gradients, of all columns; nothing when no rank has any.
 */
export async function sumRowGradients(
  shard: TableShard,
  { positions, askedBy }: ShardedRows,
  grad: tf.Tensor | undefined,
): Promise<RowGradient | undefined> {
  const { ranks, width } = shard;
  const own = grad && ((await grad.data()) as Float32Array);
  const sent = positions.map((places, owner) => {
    const { from, to } = shard.columnsOf(owner);
    return own === undefined ? new Float32Array(0) : gathered({ values: own, width, from }, places, to - from);
  });
  const received = await ranks.allToAll(sent, 'gradients of rows', { reuse: true });
  const present = await ranks.allGather(Uint8Array.of(own === undefined ? 0 : 1), 'ranks with gradients');
  if (present.every(([has]) => has === 0)) return undefined;
  const [owned, columns] = shard.shape;
  const { ids, indicesOf } = rowSet(Math.max(1, owned), askedBy);
  const pieces = received.map((piece, rank) => {
    if (present[rank][0] === 0) return new Float32Array(0);
    const all = new Float32Array(ids.length * columns);
    scatter(piece, columns, indicesOf(askedBy[rank]), { values: all, width: columns, from: 0 });
    return all;
  });
  const sum = await withAllColumns(shard, treeSum(pieces), ids.length);
  return { ids, grad: tf.tensor2d(sum, [ids.length, width]) };
}

/**
 * The gradient of a whole table at the owners of its rows or columns: those of all ranks, added up by the tree over
 * ranks. A rank sends 4 bytes for each number of others.
 *
 * @param grad `[V, D]`; nothing from a rank whose parts are all left out.
 * @returns of what this rank holds; nothing when no rank has any.
 */
export async function sumTableGradient(
  shard: TableShard,
  grad: tf.Tensor | undefined,
): Promise<tf.Tensor2D | undefined> {
  const { ranks } = shard;
  const own = grad && ((await grad.data()) as Float32Array);
  const sent = Array.from({ length: ranks.size }, (_, r) =>
    own === undefined ? new Float32Array(0) : shard.cut(own, 0, r),
  );
  const received = await ranks.allToAll(sent, 'gradient of a table', { reuse: true });
  const present = await ranks.allGather(Uint8Array.of(own === undefined ? 0 : 1), 'ranks with gradients');
  if (present.every(([has]) => has === 0)) return undefined;
  return tf.tensor2d(treeSum(received).slice(), [...shard.shape]);
}

/**
 * Of some rows all columns, on every rank, where each rank has some of them: what is given, of whole rows.
 *
 * @param own `[count, columns of this rank]` of the same rows on every rank.
 */
export async function withAllColumns(shard: TableShard, own: Float32Array, count: number): Promise<Float32Array> {
  if (shard.partition !== 'columns') return own;
  return shard.join(await shard.ranks.allGather(own, 'columns of rows'), 0, count);
}

/** Rows of a shard for each rank that asks. */
async function rowsOf(table: tf.Variable, asked: readonly Int32Array[]): Promise<Float32Array[]> {
  const total = asked.reduce((sum, { length }) => sum + length, 0);
  const width = table.shape[1] as number;
  if (total * width === 0) return asked.map(() => new Float32Array(0));
  const places = new Int32Array(total);
  let at = 0;
  for (const list of asked) {
    places.set(list, at);
    at += list.length;
  }
  const rows = tf.tidy(() => tf.gather(table, tf.tensor1d(places, 'int32')));
  const values = (await rows.data()) as Float32Array;
  at = 0;
  const out = asked.map(({ length }) => {
    const piece = values.slice(at * width, (at + length) * width);
    at += length;
    return piece;
  });
  rows.dispose();
  return out;
}

interface Columns {
  readonly values: Float32Array;
  readonly width: number;
  readonly from: number;
}

/** Row `r` of `from`, of `columns` numbers, to row `rows[r]` of `to`. */
function scatter(from: Float32Array, columns: number, rows: Int32Array, to: Columns): void {
  for (let r = 0; r < rows.length; r++) {
    to.values.set(from.subarray(r * columns, (r + 1) * columns), rows[r] * to.width + to.from);
  }
}

/** Some columns of rows `rows[r]`. */
function gathered({ values, width, from }: Columns, rows: Int32Array, columns: number): Float32Array {
  const out = new Float32Array(rows.length * columns);
  for (let r = 0; r < rows.length; r++) {
    const begin = rows[r] * width + from;
    out.set(values.subarray(begin, begin + columns), r * columns);
  }
  return out;
}

/**
 * Rows `begin .. end - 1` of something that lies in shards, on every rank or, empty on the others, on rank 0; `own` is
 * what this rank has in that range. All ranks must ask for the same.
 */
export async function gatherRange<T extends Float32Array | Int32Array>(
  shard: TableShard,
  own: T,
  { begin, end, to = 'all' }: RowRange,
): Promise<T> {
  const { ranks } = shard;
  const nothing = own.subarray(0, 0) as T;
  const sent = Array.from({ length: ranks.size }, (_, r) => (to === 'all' || r === 0 ? own : nothing));
  const pieces = await ranks.allToAll(sent, 'rows of a range');
  return to === 'root' && ranks.rank !== 0 ? nothing : shard.join(pieces, begin, end);
}

export interface RowRange {
  readonly begin: number;
  readonly end: number;
  /** Default: `all`. */
  readonly to?: 'all' | 'root';
}

/** All of a table that lies in shards, on every rank or on rank 0 alone. */
export async function gatherTable(
  shard: TableShard,
  table: tf.Variable,
  to: RowRange['to'] = 'all',
): Promise<Float32Array> {
  const own = new Float32Array((await table.data()) as Float32Array);
  return gatherRange(shard, own, { begin: 0, end: shard.rows, to });
}
