import * as tf from '@tensorflow/tfjs-core';
import { EncoderLayer } from '../../layers/encoder-layer.ts';
import type { Run, StreamLayer } from '../../layers/layer.ts';
import { Projection } from '../../layers/projection.ts';
import { NO_ROW, rowsAt } from '../sequence/rows.ts';
import type { TransactConfig } from './config.ts';

/** Events with the item beside each, packed, newest first. */
export interface TransactRows {
  /** `[R, D]`. */
  readonly x: tf.Tensor2D;
  /** `[B + 1]`; no sequence is empty. */
  readonly offsets: Int32Array;
  /** 1 for each row that the others see; default: all. At least one of a sequence. */
  readonly seen?: Uint8Array;
}

export type TransactSettings = Pick<
  TransactConfig,
  'numBlocks' | 'numHeads' | 'feedForwardDim' | 'attentionDropout' | 'latest' | 'maxPool' | 'order'
> & { readonly width: number; readonly seed: number };

/** The transformer of TransAct and what is kept of it. */
export interface TransactEncoder {
  readonly blocks: readonly EncoderLayer[];
  readonly pooled: Projection | undefined;
  readonly layers: readonly StreamLayer[];
  /** Width of what it makes: `D` of the maximum, and `K D`. */
  readonly width: number;
  /**
   * `[linear(max_r y_r) ; y_1 ; ... ; y_K]`, with `oldest-first` `[y_K ; ... ; y_1 ; linear(max_r y_r)]`; zeros for
   * rows that are not there. `[B, width]`.
   */
  forward(rows: TransactRows, run: Run): tf.Tensor2D;
}

export function transactEncoder(settings: TransactSettings): TransactEncoder {
  const { width, seed, numBlocks, numHeads, feedForwardDim, attentionDropout, latest, maxPool, order } = settings;
  const blocks = Array.from(
    { length: numBlocks },
    (_, i) =>
      new EncoderLayer({
        ...{ width, numHeads, hiddenDim: feedForwardDim, activation: 'relu', dropout: attentionDropout },
        ...{ seed, stream: `transformer.${i}` },
      }),
  );
  const pooled = maxPool ? new Projection({ inputDim: width, outputDim: width, seed, stream: 'pooled' }) : undefined;
  return {
    blocks,
    pooled,
    layers: [...blocks, ...(pooled ? [pooled] : [])],
    width: (latest + (maxPool ? 1 : 0)) * width,
    forward: ({ x, offsets, seen }, run) =>
      tf.tidy(() => {
        const keys = seen && seenRows(offsets, seen);
        let rows = x;
        for (const block of blocks) rows = block.forward({ x: rows, offsets, ...(keys && { seen: keys }) }, run);
        const columns = tf.reshape(rowsAt(rows, latestRows(offsets, latest, order)), [
          -1,
          latest * width,
        ]) as tf.Tensor2D;
        if (pooled === undefined) return columns;
        const most = pooled.apply(largest(rows, offsets)) as tf.Tensor2D;
        return tf.concat2d(order === 'newest-first' ? [most, columns] : [columns, most], 1);
      }),
  };
}

function seenRows(offsets: Int32Array, seen: Uint8Array): { readonly rows: Int32Array; readonly offsets: Int32Array } {
  const rows: number[] = [];
  const ends = new Int32Array(offsets.length);
  for (let b = 0; b + 1 < offsets.length; b++) {
    for (let r = offsets[b]; r < offsets[b + 1]; r++) if (seen[r] === 1) rows.push(r);
    ends[b + 1] = rows.length;
  }
  return { rows: Int32Array.from(rows), offsets: ends };
}

/** The first `latest` rows of each sequence, `[B K]`. */
function latestRows(offsets: Int32Array, latest: number, order: TransactConfig['order']): Int32Array {
  const rows = new Int32Array((offsets.length - 1) * latest).fill(NO_ROW);
  for (let b = 0; b + 1 < offsets.length; b++) {
    const there = Math.min(latest, offsets[b + 1] - offsets[b]);
    for (let k = 0; k < there; k++) {
      const place = order === 'newest-first' ? k : latest - 1 - k;
      rows[b * latest + place] = offsets[b] + k;
    }
  }
  return rows;
}

/** The largest value of each dimension, `[B, D]`. */
function largest(x: tf.Tensor2D, offsets: Int32Array): tf.Tensor2D {
  const count = offsets.length - 1;
  let longest = 1;
  for (let b = 0; b < count; b++) longest = Math.max(longest, offsets[b + 1] - offsets[b]);
  const shape: [number, number, number] = [count, longest, x.shape[1]];
  const padded = new Int32Array(count * longest).fill(NO_ROW);
  for (let b = 0; b < count; b++) {
    for (let r = offsets[b]; r < offsets[b + 1]; r++) padded[b * longest + r - offsets[b]] = r;
  }
  const isThere = Float32Array.from(padded, (row) => (row === NO_ROW ? -1e30 : 0));
  const values = tf.reshape(rowsAt(x, padded), shape);
  return largestOf(tf.add(values, tf.tensor3d(isThere, [count, longest, 1])));
}

/** The maximum over axis 1 of `[B, N, D]`. Values that share it share its gradient, where `tf.max` repeats it. */
function largestOf(x: tf.Tensor3D): tf.Tensor2D {
  const most = tf.customGrad((values, save) => {
    const value = tf.max(values as tf.Tensor3D, 1, true);
    (save as tf.GradSaveFunc)([values as tf.Tensor3D, value]);
    return {
      value,
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        // 1 where nothing is above.
        const isLargest = tf.sub(1, tf.step(tf.sub(saved[1], saved[0])));
        return tf.mul(isLargest, tf.div(dy, tf.sum(isLargest, 1, true)));
      },
    };
  });
  return tf.squeeze(most(x) as tf.Tensor3D, [1]);
}
