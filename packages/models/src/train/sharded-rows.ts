import { rowSet, treeSum } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';
import type { TableShard } from '../layers/table-shards.ts';
import type { RowGradient } from './row-gradient.ts';

/** What a rank asked the owners for in a step, and what was asked of it: gradients go the same ways back. */
export interface ShardedRows {
  /** `[U, D]`, in the order of the ids. */
  readonly rows: Float32Array;
  /** Places among the ids that each rank owns. */
  readonly placesByOwner: readonly Int32Array[];
  /** Rows of this rank's shard that each rank has asked for, strictly increasing. */
  readonly askedBy: readonly Int32Array[];
}

/**
 * Rows of a sharded table: ids go to their owners, rows come back. A rank sends `4 n` bytes for `n` ids of others, and
 * `4 D` for each row that others ask it for.
 *
 * @param ids strictly increasing.
 */
export async function fetchRows(shard: TableShard, table: tf.Variable, ids: Int32Array): Promise<ShardedRows> {
  const { ranks, width } = shard;
  const placesByOwner = Array.from({ length: ranks.size }, () => [] as number[]);
  for (const [place, id] of ids.entries()) placesByOwner[shard.ownerOf(id)].push(place);
  const asked = placesByOwner.map((places) => Int32Array.from(places, (place) => shard.placeOf(ids[place])));
  const askedBy = await ranks.allToAll(asked, 'ids of rows');
  const sent = await rowsOf(table, askedBy, width);
  const received = await ranks.allToAll(sent, 'rows', { reuse: true });
  const rows = new Float32Array(ids.length * width);
  for (const [owner, places] of placesByOwner.entries()) scatter(received[owner], places, rows, width);
  return { rows, placesByOwner: placesByOwner.map((places) => Int32Array.from(places)), askedBy };
}

/**
 * Gradients of rows at their owner: those of all ranks, added up by the tree over ranks. Where a rank has no gradient
 * of a row it adds 0, as a part does that does not read it; a rank without parts adds nothing.
 *
 * @param grad `[U, D]` of this rank's rows; nothing from a rank whose parts are all left out.
 * @returns rows of the shard with their gradients; nothing when no rank has any.
 */
export async function sumRowGradients(
  shard: TableShard,
  { placesByOwner, askedBy }: ShardedRows,
  grad: tf.Tensor | undefined,
): Promise<RowGradient | undefined> {
  const { ranks, width } = shard;
  const own = grad && ((await grad.data()) as Float32Array);
  const sent = placesByOwner.map((places) => {
    const piece = new Float32Array(own === undefined ? 0 : places.length * width);
    if (own !== undefined) for (const [at, place] of places.entries()) copyRow(own, place, piece, at, width);
    return piece;
  });
  const received = await ranks.allToAll(sent, 'gradients of rows', { reuse: true });
  const present = await ranks.allGather(Uint8Array.of(own === undefined ? 0 : 1), 'ranks with gradients');
  if (present.every(([has]) => has === 0)) return undefined;
  const { ids, indicesOf } = rowSet(Math.max(1, shard.owned), askedBy);
  const pieces = received.map((piece, rank) => {
    if (present[rank][0] === 0) return new Float32Array(0);
    const all = new Float32Array(ids.length * width);
    scatter(piece, indicesOf(askedBy[rank]), all, width);
    return all;
  });
  return { ids, grad: tf.tensor2d(treeSum(pieces), [ids.length, width]) };
}

/**
 * The gradient of a whole table at the owners of its rows: those of all ranks, added up by the tree over ranks. A rank
 * sends `4 D` bytes for each row of others.
 *
 * @param grad `[V, D]`; nothing from a rank whose parts are all left out.
 * @returns of the rows of this rank, in their order; nothing when no rank has any.
 */
export async function sumTableGradient(
  shard: TableShard,
  grad: tf.Tensor | undefined,
): Promise<tf.Tensor2D | undefined> {
  const { ranks, width, owned } = shard;
  const own = grad && ((await grad.data()) as Float32Array);
  const sent = Array.from({ length: ranks.size }, (_, r) =>
    own === undefined ? new Float32Array(0) : shard.cut(own, 0, width, r),
  );
  const received = await ranks.allToAll(sent, 'gradient of a table', { reuse: true });
  const present = await ranks.allGather(Uint8Array.of(own === undefined ? 0 : 1), 'ranks with gradients');
  if (present.every(([has]) => has === 0)) return undefined;
  return tf.tensor2d(treeSum(received).slice(), [owned, width]);
}

/** Rows of a shard for each rank that asks. */
async function rowsOf(table: tf.Variable, asked: readonly Int32Array[], width: number): Promise<Float32Array[]> {
  const total = asked.reduce((sum, { length }) => sum + length, 0);
  if (total === 0) return asked.map(() => new Float32Array(0));
  const places = new Int32Array(total);
  let at = 0;
  for (const list of asked) {
    places.set(list, at);
    at += list.length;
  }
  const gathered = tf.tidy(() => tf.gather(table, tf.tensor1d(places, 'int32')));
  const values = (await gathered.data()) as Float32Array;
  at = 0;
  const out = asked.map(({ length }) => {
    const piece = values.slice(at * width, (at + length) * width);
    at += length;
    return piece;
  });
  gathered.dispose();
  return out;
}

/** Row `r` of `from` to row `places[r]` of `to`. */
function scatter(from: Float32Array, places: ArrayLike<number>, to: Float32Array, width: number): void {
  for (let r = 0; r < places.length; r++) copyRow(from, r, to, places[r], width);
}

function copyRow(from: Float32Array, row: number, to: Float32Array, at: number, width: number): void {
  to.set(from.subarray(row * width, (row + 1) * width), at * width);
}

/**
 * Rows `begin .. end - 1` of something that lies in shards, on every rank or, empty on the others, on rank 0; `own` are
 * those of this rank in that range. All ranks must ask for the same.
 */
export async function gatherRange<T extends Float32Array | Int32Array>(
  shard: TableShard,
  own: T,
  { begin, end, width, to = 'all' }: RowRange,
): Promise<T> {
  const { ranks } = shard;
  const nothing = own.subarray(0, 0) as T;
  const sent = Array.from({ length: ranks.size }, (_, r) => (to === 'all' || r === 0 ? own : nothing));
  const pieces = await ranks.allToAll(sent, 'rows of a range');
  if (to === 'root' && ranks.rank !== 0) return nothing;
  const whole = new (own.constructor as new (length: number) => T)((end - begin) * width);
  const at = pieces.map(() => 0);
  for (let id = begin; id < end; id++) {
    const owner = shard.ownerOf(id);
    const from = at[owner]++ * width;
    whole.set(pieces[owner].subarray(from, from + width), (id - begin) * width);
  }
  return whole;
}

export interface RowRange {
  readonly begin: number;
  readonly end: number;
  /** Numbers of a row. */
  readonly width: number;
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
  return gatherRange(shard, own, { begin: 0, end: shard.rows, width: shard.width, to });
}
