import { embedding } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';

/** Floats of gathered vectors held at a time: 16 MiB. */
const BLOCK_FLOATS = 2 ** 22;

/**
 * Products of each query with items of its own, `q_p . items[ids_pr]`; `[P, R]`. The vectors `[P, R, D]` of the items
 * are gathered in blocks of queries, and once more for the gradient.
 *
 * @param queries `[P, D]`.
 * @param items `[I, D]`.
 * @param ids int32 `[P R]`.
 */
export function sampledScores(queries: tf.Tensor2D, items: tf.Tensor2D, ids: tf.Tensor): tf.Tensor2D {
  const [count, width] = queries.shape;
  const each = count === 0 ? 0 : ids.size / count;
  const blocks = blocksOf(count, each * width);
  const gathered = (table: tf.Tensor2D, flat: tf.Tensor, { start, size }: Block): tf.Tensor3D =>
    tf.reshape(embedding(table, idsOf(flat, each, start, size)), [size, each, width]);
  const run = tf.customGrad((...args) => {
    const [q, table] = args as unknown as [tf.Tensor2D, tf.Tensor2D];
    const flat = tf.cast(tf.reshape(ids, [count * each]), 'int32');
    const parts = blocks.map((block) =>
      tf.tidy(() => {
        const rows = tf.reshape(rowsOf(q, block), [block.size, width, 1]);
        return tf.reshape(tf.matMul(gathered(table, flat, block), rows), [block.size, each]);
      }),
    );
    const value = parts.length === 0 ? tf.zeros([0, each]) : tf.concat(parts, 0);
    // Constants are saved too: what a forward pass makes and does not save is gone when the gradient is taken.
    (args[2] as unknown as tf.GradSaveFunc)([q, table, flat]);
    const gradFunc = (dy: tf.Tensor, saved: tf.Tensor[]): tf.Tensor[] => {
      const [savedQ, savedItems, savedIds] = saved as [tf.Tensor2D, tf.Tensor2D, tf.Tensor];
      const dQueries: tf.Tensor[] = [];
      let dItems: tf.Tensor = tf.zerosLike(savedItems);
      for (const block of blocks) {
        const before = dItems;
        const { start, size } = block;
        const [dQuery, after] = tf.tidy(() => {
          const slopes = rowsOf(dy, block);
          const dRows = tf.matMul(tf.reshape(slopes, [size, 1, each]), gathered(savedItems, savedIds, block));
          const rows = tf.reshape(rowsOf(savedQ, block), [size, 1, width]);
          const each3 = tf.mul(tf.reshape(slopes, [size, each, 1]), rows);
          const own = idsOf(savedIds, each, start, size);
          const sums = tf.unsortedSegmentSum(tf.reshape(each3, [size * each, width]), own, savedItems.shape[0]);
          return [tf.reshape(dRows, [size, width]), blocks.length === 1 ? sums : tf.add(before, sums)];
        });
        before.dispose();
        dQueries.push(dQuery);
        dItems = after;
      }
      return [dQueries.length === 0 ? tf.zerosLike(savedQ) : tf.concat(dQueries, 0), dItems];
    };
    return { value, gradFunc };
  });
  return run(queries, items) as tf.Tensor2D;
}

interface Block {
  readonly start: number;
  readonly size: number;
}

function blocksOf(rows: number, floatsOfRow: number): Block[] {
  const most = Math.max(1, Math.floor(BLOCK_FLOATS / Math.max(1, floatsOfRow)));
  const blocks: Block[] = [];
  for (let start = 0; start < rows; start += most) blocks.push({ start, size: Math.min(most, rows - start) });
  return blocks;
}

function rowsOf(x: tf.Tensor, { start, size }: Block): tf.Tensor {
  return tf.slice(x, [start, 0], [size, -1]);
}

function idsOf(flat: tf.Tensor, each: number, start: number, size: number): tf.Tensor1D {
  return tf.slice(flat as tf.Tensor1D, [start * each], [size * each]);
}
