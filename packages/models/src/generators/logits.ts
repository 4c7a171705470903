import type * as tf from '@tensorflow/tfjs-core';

/** The values of logits, which are freed. */
export async function readLogits(logits: tf.Tensor): Promise<Float32Array> {
  try {
    return (await logits.data()) as Float32Array;
  } finally {
    logits.dispose();
  }
}

/** `log sum exp` of the values at `from .. past - 1`. */
export function logSumExp(values: Float32Array, from: number, past: number): number {
  let most = Number.NEGATIVE_INFINITY;
  for (let i = from; i < past; i++) if (values[i] > most) most = values[i];
  let sum = 0;
  for (let i = from; i < past; i++) sum += Math.exp(values[i] - most);
  return most + Math.log(sum);
}
