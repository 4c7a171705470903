import { embedding } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';
import { type BucketRule, bucketGrid } from './relative-buckets.ts';

/**
 * A relative bias as further columns of queries and keys. A query has the bias of each place, a key a one at its own,
 * so that their product has the bias in it: `[q, b_i] [k, e_j]^T = q k^T + b_ij`. Fused attention over jagged
 * sequences then needs to know nothing of it, and the ones add exactly. `N` places.
 */
export interface RelativePlaces {
  /** Bias of the keys at each place, for each query; `[T, H, N]`. */
  readonly biases: tf.Tensor3D;
  /** 1 at the place of each key; `[T, H, N]`. */
  readonly places: tf.Tensor3D;
}

export interface PlacesOptions extends BucketRule {
  /** Places of the tokens in their sequences, in `0 .. count - 1`. */
  readonly positions: Int32Array;
  /** `N`. */
  readonly count: number;
}

/** @param table a number a head for each bucket, `[buckets, H]`. */
export function relativePlaces(table: tf.Tensor2D, { positions, count, ...rule }: PlacesOptions): RelativePlaces {
  const heads = table.shape[1];
  return tf.tidy(() => {
    const at = tf.tensor1d(positions, 'int32');
    const cells = embedding(table, tf.tensor1d(bucketGrid(count, rule), 'int32'));
    const grid = tf.transpose(tf.reshape(cells, [count, count, heads]), [0, 2, 1]);
    const biases = embedding(tf.reshape(grid, [count, heads * count]), at);
    const ones = tf.expandDims(tf.gather(tf.eye(count), at), 1);
    return {
      biases: tf.reshape(biases, [-1, heads, count]) as tf.Tensor3D,
      places: tf.tile(ones, [1, heads, 1]) as tf.Tensor3D,
    };
  });
}

/** Queries `[T, H, A]` with the columns of their biases, `[T, H, A + N]`. */
export function biasedQueries(q: tf.Tensor3D, { biases }: RelativePlaces): tf.Tensor3D {
  return tf.concat([q, biases], 2);
}

/** Keys `[T, H, A]` with the columns of their places, `[T, H, A + N]`. */
export function placedKeys(k: tf.Tensor3D, { places }: RelativePlaces): tf.Tensor3D {
  return tf.concat([k, places], 2);
}
