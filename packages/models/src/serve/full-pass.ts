import { sequenceBatch } from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';
import { uploadBatch } from '../inputs.ts';
import { encodeLast, type TokenEncoder } from '../model.ts';
import type { UserEvent } from './scorer.ts';

/** The vector of a history at a moment by one pass over all its events: what a cached answer has to be. */
export async function fullPass(model: TokenEncoder, events: readonly UserEvent[], at: number): Promise<Float32Array> {
  const batch = uploadBatch(batchOfEvents(events, at));
  let vector: tf.Tensor2D | undefined;
  try {
    vector = tf.tidy(() => encodeLast(model, batch));
    const values = (await vector.data()) as Float32Array;
    return values.slice();
  } finally {
    vector?.dispose();
    batch.dispose();
  }
}

/** One sequence, asked at a moment after its last event. */
export function batchOfEvents(events: readonly UserEvent[], at: number) {
  return sequenceBatch({
    offsets: Int32Array.of(0, events.length),
    itemIds: Int32Array.from(events, ({ item }) => item),
    timestamps: Float64Array.from(events, ({ time }) => time),
    targetTimestamps: Float64Array.from(events, (_, i) => events[i + 1]?.time ?? at),
    ratings: Float32Array.from(events, ({ rating }) => rating ?? Number.NaN),
  });
}
