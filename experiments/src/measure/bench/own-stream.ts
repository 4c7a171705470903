import { finishKernels } from '@seqrec/core';
import * as tf from '@tensorflow/tfjs-core';

const FLOATS = 1 << 24;

/**
 * A few additions of arrays that no cache holds, as GB/s of inputs and outputs: the rate at which memory feeds kernels.
 */
export function ownStream(into: number[]): void {
  const a = tf.fill([FLOATS], 1);
  const b = tf.fill([FLOATS], 2);
  finishKernels();
  for (let i = 0; i < 5; i++) {
    const begin = performance.now();
    const c = tf.add(a, b);
    finishKernels();
    const ms = performance.now() - begin;
    c.dispose();
    // The first one touches the memory of the result.
    if (i > 0) into.push((3 * 4 * FLOATS) / ms / 1e6);
  }
  tf.dispose([a, b]);
}
