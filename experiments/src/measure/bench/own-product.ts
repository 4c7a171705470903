import * as tf from '@tensorflow/tfjs-core';
import { turn } from './turn.ts';

/** A turn of our own 1024 x 1024 x 1024 products, as GFLOP/s: the peak that other work is held against. */
export function ownProduct(into: number[]): void {
  const a = tf.fill([1024, 1024], 0.5);
  turn(() => tf.matMul(a, a).dispose(), 2 * 1024 ** 3, into);
  a.dispose();
}
