import * as tf from '@tensorflow/tfjs-core';
import type { TokenBatch } from '../inputs.ts';

/** Cosines and sines of the rotation of every token, tiled over heads; each `[T, H * A]`. */
export interface Rotation {
  readonly cosine: tf.Tensor2D;
  readonly sine: tf.Tensor2D;
}

const BASE = 10_000;

/**
 * The rotations of a batch: pair `i` of a head turns by `position * base^(-2 i / A)`, position 0 being the oldest event.
 * Computed on the host in float64, `T * A / 2` angles a batch.
 *
 * @param width `A`, even.
 */
export function rotationsOf(batch: TokenBatch, numHeads: number, width: number): Rotation {
  const half = width / 2;
  const { longest, numTokens, hostOffsets } = batch;
  const table = { cosine: new Float32Array(longest * half), sine: new Float32Array(longest * half) };
  for (let p = 0; p < longest; p++) {
    for (let i = 0; i < half; i++) {
      const angle = p * BASE ** (-i / half);
      table.cosine[p * half + i] = Math.cos(angle);
      table.sine[p * half + i] = Math.sin(angle);
    }
  }
  const columns = numHeads * width;
  const tile = (values: Float32Array): tf.Tensor2D => {
    const out = new Float32Array(numTokens * columns);
    for (let b = 0; b + 1 < hostOffsets.length; b++) {
      for (let t = hostOffsets[b]; t < hostOffsets[b + 1]; t++) {
        const from = (t - hostOffsets[b]) * half;
        const row = values.subarray(from, from + half);
        for (let part = 0; part < 2 * numHeads; part++) out.set(row, t * columns + part * half);
      }
    }
    return tf.tensor2d(out, [numTokens, columns]);
  };
  return { cosine: tile(table.cosine), sine: tile(table.sine) };
}

/**
 * Rotary position embedding of queries or keys: column `i` and column `i + A/2` of a head are a pair that turns,
 * `y = x cos + rotateHalf(x) sin` with `rotateHalf(x1, x2) = (-x2, x1)`. Inner products then depend on the distance only.
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
