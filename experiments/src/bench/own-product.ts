import * as tf from '@tensorflow/tfjs-core';

/** A few of our own 1024 x 1024 x 1024 products, as GFLOP/s: the peak that other work is held against. */
export function ownProduct(into: number[]): void {
  const a = tf.fill([1024, 1024], 0.5);
  for (let i = 0; i < 5; i++) {
    const begin = performance.now();
    const c = tf.matMul(a, a);
    const ms = performance.now() - begin;
    c.dispose();
    // The first one warms up.
    if (i > 0) into.push((2 * 1024 ** 3) / ms / 1e6);
  }
  a.dispose();
}
