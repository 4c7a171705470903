import * as tf from '@tensorflow/tfjs-core';
import type { TokenBatch } from '../inputs.ts';

/** Cosines and sines of the rotation of every token, tiled over heads; each `[T, H * A]`. */
export interface Rotation {
  readonly cosine: tf.Tensor2D;
  readonly sine: tf.Tensor2D;
}

const BASE = 10_000;

/** Tables of the positions met so far, by heads and width. */
const tables = new Map<string, HostTable>();

interface HostTable {
  /** Positions that it holds. */
  readonly length: number;
  /** `[length, H * A]` */
  readonly cosine: Float32Array;
  readonly sine: Float32Array;
}

/**
 * The rotations of a batch: pair `i` of a head turns by `position * base^(-2 i / A)`, position 0 being
 * the oldest event. Angles are taken on the host in float64, once for each position; the rows of the
 * tokens are gathered on the device.
 *
 * @param width `A`, even.
 */
export function rotationsOf({ longest, positions }: TokenBatch, numHeads: number, width: number): Rotation {
  const table = tableOf(longest, numHeads, width);
  const columns = numHeads * width;
  return tf.tidy(() => {
    const [cosine, sine] = [table.cosine, table.sine].map((values) => {
      const rows = tf.tensor2d(values.subarray(0, longest * columns), [longest, columns]);
      return tf.gather(rows, positions) as tf.Tensor2D;
    });
    return { cosine, sine };
  });
}

function tableOf(longest: number, numHeads: number, width: number): HostTable {
  const key = `${numHeads} x ${width}`;
  const known = tables.get(key);
  if (known !== undefined && known.length >= longest) return known;
  const half = width / 2;
  const columns = numHeads * width;
  const cosine = new Float32Array(longest * columns);
  const sine = new Float32Array(longest * columns);
  for (let p = 0; p < longest; p++) {
    for (let i = 0; i < half; i++) {
      const angle = p * BASE ** (-i / half);
      // Both columns of a pair turn alike, and all heads do.
      const from = p * columns + i;
      for (let at = from; at < from + columns; at += half) {
        cosine[at] = Math.cos(angle);
        sine[at] = Math.sin(angle);
      }
    }
  }
  const table = { length: longest, cosine, sine };
  tables.set(key, table);
  return table;
}

/**
 * Rotary position embedding of queries or keys: column `i` and column `i + A/2` of a head are a pair that turns,
 * `y = x cos + rotateHalf(x) sin` with `rotateHalf(x1, x2) = (-x2, x1)`. Inner products then
 * depend on the distance only.
 *
 * @param x `[T, H * A]`, head-major
 *
 * Source: Su et al. 2021, eq. 34 (arXiv:2104.09864), with the pairing of LLaMA's public code.
 */
export function rotate(x: tf.Tensor2D, numHeads: number, { cosine, sine }: Rotation): tf.Tensor2D {
  return tf.tidy(() => {
    const [tokens, columns] = x.shape;
    const half = columns / numHeads / 2;
    const pairs = tf.reshape(x, [tokens * numHeads, 2 * half]);
    const [first, second] = tf.split(pairs, 2, 1);
    const turned = tf.reshape(tf.concat([tf.neg(second), first], 1), [tokens, columns]);
    return tf.add(tf.mul(x, cosine), tf.mul(turned, sine)) as tf.Tensor2D;
  });
}
