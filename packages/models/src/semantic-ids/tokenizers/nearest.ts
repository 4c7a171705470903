import * as tf from '@tensorflow/tfjs-core';
import { type Rows, squaredDistance, squaredLengths } from '../vectors/rows.ts';

/** The nearest of some centroids to each row. */
export interface Nearest {
  /** Of equal distances the lowest; shape `[count]`. */
  readonly codes: Int32Array;
  /** Squared distances, float64; shape `[count]`. */
  readonly squares: Float64Array;
}

/** Rows whose products are on the device at a time. */
const BLOCK = 8192;
/** Bound of the error of twice a float32 dot product of `width` terms, over the product of the lengths. */
const margin = (width: number): number => 4 * (width + 8) * 2 ** -24;

/**
 * The nearest centroid of each row in float64. The current backend's float32 products only say which centroids are out
 * of the question, so that the codes are those of float64 arithmetic on every backend and machine.
 */
export async function nearest(rows: Rows, centroids: Rows): Promise<Nearest> {
  const { count, width } = rows;
  const codes = new Int32Array(count);
  const squares = new Float64Array(count);
  const lengths = squaredLengths(rows);
  const ofCentroids = squaredLengths(centroids);
  const longest = Math.sqrt(ofCentroids.reduce((most, square) => Math.max(most, square), 0));
  const device = tf.tensor2d(Float32Array.from(centroids.values), [centroids.count, width]);
  try {
    for (let first = 0; first < count; first += BLOCK) {
      const past = Math.min(first + BLOCK, count);
      const dots = await products(rows, device, first, past);
      for (let r = first; r < past; r++) {
        const at = (r - first) * centroids.count;
        let least = Number.POSITIVE_INFINITY;
        for (let k = 0; k < centroids.count; k++) least = Math.min(least, ofCentroids[k] - 2 * dots[at + k]);
        const limit = least + margin(width) * longest * (Math.sqrt(lengths[r]) + longest);
        squares[r] = Number.POSITIVE_INFINITY;
        for (let k = 0; k < centroids.count; k++) {
          if (!(ofCentroids[k] - 2 * dots[at + k] <= limit)) continue;
          const square = squaredDistance(rows, r, centroids, k);
          if (square < squares[r]) {
            squares[r] = square;
            codes[r] = k;
          }
        }
      }
    }
  } finally {
    device.dispose();
  }
  return { codes, squares };
}

async function products(rows: Rows, centroids: tf.Tensor2D, first: number, past: number): Promise<Float32Array> {
  const product = tf.tidy(() => {
    const part = Float32Array.from(rows.values.subarray(first * rows.width, past * rows.width));
    return tf.matMul(tf.tensor2d(part, [past - first, rows.width]), centroids, false, true);
  });
  const values = (await product.data()) as Float32Array;
  product.dispose();
  return values;
}
