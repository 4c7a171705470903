import { shuffle, streamKey } from '@seqrec/core';
import { type SequenceBatch, takeEach } from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';
import { uploadBatch } from '../inputs.ts';
import { encodeLast } from '../model.ts';
import { evaluateVectors } from './evaluate.ts';
import type { EvaluateOptions } from './evaluation-blocks.ts';
import type { Evaluation } from './protocol.ts';

/**
 * The batch with the events of each history in an order by chance, whatever belongs to an event with it; the times stay
 * where they are, and so does what is to be predicted. The order depends on the seed and the user alone.
 *
 * Source: the test "Does it look sequential?" (Klenitskiy et al., RecSys 2024).
 */
export function shuffledHistories(batch: SequenceBatch, seed: number): SequenceBatch {
  const { offsets, users, itemIds, ratings, columns } = batch;
  const key = streamKey(seed, 'shuffled histories');
  const from = new Int32Array(itemIds.length);
  for (let b = 0; b + 1 < offsets.length; b++) {
    const length = offsets[b + 1] - offsets[b];
    const order = shuffle(key, users[b], length);
    for (let i = 0; i < length; i++) from[offsets[b] + i] = offsets[b] + order[i];
  }
  return {
    ...batch,
    itemIds: from.map((event) => itemIds[event]),
    ...(ratings && { ratings: Float32Array.from(from, (event) => ratings[event]) }),
    ...(columns?.tokens && { columns: { ...columns, tokens: takeEach(columns.tokens, from) } }),
  };
}

/**
 * An evaluation by histories in an order by chance: what a model loses by it is what it takes from the order.
 *
 * @throws EvaluationError as `evaluate`.
 */
export function evaluateShuffled(options: Omit<EvaluateOptions, 'positions'>, seed: number): Promise<Evaluation> {
  const { model } = options;
  const encode = (batch: SequenceBatch): tf.Tensor2D => {
    const uploaded = uploadBatch(shuffledHistories(batch, seed));
    try {
      return tf.tidy(() => encodeLast(model, uploaded));
    } finally {
      uploaded.dispose();
    }
  };
  return evaluateVectors(
    { ...options, positions: 'last' },
    encode,
    'the encoded history, its events in an order by chance,',
  );
}
