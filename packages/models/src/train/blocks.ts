import { assignRows } from '@seqrec/core';
import type { Collective } from '@seqrec/core/collectives';
import * as tf from '@tensorflow/tfjs-core';
import { rowsPerBlock, type StoredArray, type TensorBlocks } from '../io/safetensors-file.ts';
import type { TableShard } from '../layers/table-shard.ts';
import { shardOf } from '../layers/table-shards.ts';
import { assignValues } from '../parameters.ts';
import { gatherRange } from './sharded-rows.ts';

type CheckBlock = (block: StoredArray, firstIndex: number) => void;

/**
 * Values of a variable, read from the backend block by block.
 *
 * @param shard of what the variable holds this rank's share: then the blocks are those of the whole table on rank 0
 *   and empty on the others, all of which must read them.
 */
export function variableBlocks(variable: tf.Tensor, check: CheckBlock, shard?: TableShard): TensorBlocks {
  if (shard !== undefined) {
    const own = async (from: number, to: number): Promise<Float32Array> => {
      if (to === from || variable.size === 0) return new Float32Array(0);
      const block = tf.slice(variable, from, to - from);
      const data = new Float32Array((await block.data()) as Float32Array);
      block.dispose();
      return data;
    };
    return {
      dtype: 'F32',
      shape: [shard.rows, shard.width],
      blocks: () => shardBlocks(shard, own, check),
    };
  }
  async function* blocks(): AsyncGenerator<StoredArray> {
    for (const [begin, end] of blockBounds(variable.shape)) {
      const data = await readBlock(variable, begin, end);
      check(data, begin * (variable.size / rowsOf(variable.shape)));
      yield data;
    }
  }
  return { dtype: 'F32', shape: variable.shape, blocks };
}

/** Who has the values of a tensor: one rank. */
export interface OneOwner {
  readonly owner: number;
  readonly ranks: Collective;
}

/**
 * Values of a tensor that one rank has, block by block: on rank 0 all of them, empty on the others. All ranks must read
 * them, unless the owner is rank 0.
 *
 * @param values of the owner; the other ranks have none.
 */
export function ownedBlocks(
  values: tf.Tensor | undefined,
  shape: readonly number[],
  { owner, ranks }: OneOwner,
  check: CheckBlock,
): TensorBlocks {
  const isOwner = ranks.rank === owner;
  if (isOwner && owner === 0) return variableBlocks(values!, check);
  const nothing = new Float32Array(0);
  async function* blocks(): AsyncGenerator<StoredArray> {
    let at = 0;
    for (const [begin, end] of blockBounds(shape)) {
      const own = isOwner ? await readBlock(values!, begin, end) : nothing;
      const sent = Array.from({ length: ranks.size }, (_, r) => (r === 0 ? own : nothing));
      const received = (await ranks.allToAll(sent, 'moments of a weight'))[owner];
      check(received, at);
      at += received.length;
      yield received;
    }
  }
  return { dtype: 'F32', shape, blocks };
}

function rowsOf(shape: readonly number[]): number {
  return shape[0] ?? 1;
}

/** First row and end of each block. */
function* blockBounds(shape: readonly number[]): Generator<readonly [begin: number, end: number]> {
  const [rows, step] = [rowsOf(shape), rowsPerBlock(shape)];
  for (let begin = 0; begin < rows; begin += step) yield [begin, Math.min(rows, begin + step)];
}

/** Some rows of a tensor on the host: a copy, since on some backends data() is a view that the next step overwrites. */
async function readBlock(tensor: tf.Tensor, begin: number, end: number): Promise<Float32Array> {
  if (begin === 0 && end === rowsOf(tensor.shape)) return new Float32Array((await tensor.data()) as Float32Array);
  const block = tf.slice(tensor, begin, end - begin);
  const data = new Float32Array((await block.data()) as Float32Array);
  block.dispose();
  return data;
}

/** Rows of all shards in the order of the ids, block by block; `own` are those of this rank. */
async function* shardBlocks(
  shard: TableShard,
  own: (from: number, to: number) => Promise<StoredArray>,
  check: CheckBlock,
): AsyncGenerator<StoredArray> {
  const { width } = shard;
  const step = rowsPerBlock([shard.rows, width]);
  for (let begin = 0; begin < shard.rows; begin += step) {
    const end = Math.min(shard.rows, begin + step);
    const rows = await own(shard.countBelow(begin), shard.countBelow(end));
    const block = await gatherRange(shard, rows, { begin, end, to: 'root' });
    check(block, begin * width);
    yield block;
  }
}

/** An array that is on the host already, in blocks without a copy; of a shard as {@link variableBlocks}. */
export function arrayBlocks(
  data: StoredArray,
  shape: readonly number[],
  check: CheckBlock,
  shard?: TableShard,
): TensorBlocks {
  const dtype = data instanceof Float32Array ? 'F32' : 'I32';
  if (shard !== undefined) {
    const [, width] = shard.shape;
    const own = async (from: number, to: number): Promise<StoredArray> => data.slice(from * width, to * width);
    return { dtype, shape, blocks: () => shardBlocks(shard, own, check) };
  }
  function* blocks(): Generator<StoredArray> {
    const step = rowsPerBlock(shape) * (data.length / shape[0]);
    for (let at = 0; at < data.length; at += step) {
      const block = data.subarray(at, at + step);
      check(block, at);
      yield block;
    }
  }
  return { dtype, shape, blocks };
}

/** Overwrites a variable block by block. */
export async function assignBlocks(variable: tf.Variable, blocks: AsyncIterable<StoredArray>): Promise<void> {
  const shard = shardOf(variable);
  if (shard !== undefined) return assignShard(variable, shard, blocks);
  let begin = 0;
  for await (const block of blocks) {
    if (block.length === variable.size) {
      assignValues(variable, block as Float32Array);
      return;
    }
    const width = variable.shape[1] as number;
    const rows = block.length / width;
    assignRows(variable, tf.tensor2d(block, [rows, width], 'float32'), begin);
    begin += rows;
  }
}

/** What this rank holds, of a whole table in blocks. */
async function assignShard(
  variable: tf.Variable,
  shard: TableShard,
  blocks: AsyncIterable<StoredArray>,
): Promise<void> {
  const [, columns] = shard.shape;
  const values = new Float32Array(variable.size);
  let begin = 0;
  for await (const block of blocks) {
    values.set(shard.cut(block as Float32Array, begin), shard.countBelow(begin) * columns);
    begin += block.length / shard.width;
  }
  assignValues(variable, values);
}
