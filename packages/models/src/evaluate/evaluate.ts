import { makeBatch, type SequenceBatch } from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';
import { EvaluationError } from '../errors.ts';
import { type EncoderBatch, uploadBatch } from '../inputs.ts';
import type { SequenceModel } from '../model.ts';
import { yieldToEventLoop } from '../train/yield.ts';
import { type Evaluation, type Protocol, RankCollector } from './protocol.ts';

export interface EvaluateOptions extends Protocol {
  readonly model: SequenceModel;
  /** Sequences encoded at a time, default 128. */
  readonly batchSize?: number;
}

/** Scores held at a time: 32 MiB. */
const BLOCK_SCORES = 2 ** 23;

/**
 * Exact ranking of every query against the whole catalogue.
 *
 * @throws EvaluationError when a cut-off exceeds the number of candidates, a target is no candidate, a history is longer than
 * the model's maximum, or a score is NaN.
 */
export async function evaluate(options: EvaluateOptions): Promise<Evaluation> {
  const { model, examples, batchSize = 128, positions = 'last', onProgress } = options;
  check(model, options, batchSize);
  const collector = new RankCollector(options);
  const total = examples.targets.length;
  const itemVectors = tf.tidy(() => model.itemVectors());
  try {
    for (let first = 0; first < total; first += batchSize) {
      const indices = Int32Array.from({ length: Math.min(batchSize, total - first) }, (_, i) => first + i);
      const queries = queriesOf(makeBatch(examples, indices), { first, all: positions === 'all', collector });
      if (queries.rows.length > 0) await rankBatch(model, itemVectors, queries, options, collector);
      onProgress?.({ done: Math.min(first + batchSize, total), total });
      await yieldToEventLoop();
    }
  } finally {
    itemVectors.dispose();
  }
  return collector.result('cosine of the encoded history and the item.');
}

interface Queries {
  readonly batch: SequenceBatch;
  /** Row of the packed batch that makes each query. */
  readonly rows: Int32Array;
  readonly examples: Int32Array;
  /** Steps from the example's first event to the event to predict. */
  readonly ahead: Int32Array;
}

function queriesOf(batch: SequenceBatch, where: { first: number; all: boolean; collector: RankCollector }): Queries {
  const rows: number[] = [];
  const examples: number[] = [];
  const ahead: number[] = [];
  for (let b = 0; b + 1 < batch.offsets.length; b++) {
    const start = batch.offsets[b];
    const end = batch.offsets[b + 1];
    if (start === end) where.collector.miss(where.first + b, 'no-history');
    for (let t = where.all ? start : Math.max(start, end - 1); t < end; t++) {
      rows.push(t);
      examples.push(where.first + b);
      ahead.push(t - start + 1);
    }
  }
  return { batch, rows: Int32Array.from(rows), examples: Int32Array.from(examples), ahead: Int32Array.from(ahead) };
}

async function rankBatch(
  model: SequenceModel,
  itemVectors: tf.Tensor2D,
  queries: Queries,
  { examples }: EvaluateOptions,
  collector: RankCollector,
): Promise<void> {
  const width = itemVectors.shape[0];
  const blockRows = Math.max(1, Math.floor(BLOCK_SCORES / width));
  const uploaded: EncoderBatch = uploadBatch(queries.batch);
  const encoded = tf.tidy(() => model.encode(uploaded, { training: false, step: 0, seed: 0 }));
  try {
    for (let first = 0; first < queries.rows.length; first += blockRows) {
      const block = queries.rows.subarray(first, first + blockRows);
      const scores = tf.tidy(() => {
        const vectors = tf.gather(encoded, tf.tensor1d(block, 'int32'));
        return tf.matMul(vectors, itemVectors, false, true);
      });
      const values = await scores.data();
      for (let q = 0; q < block.length; q++) {
        const example = queries.examples[first + q];
        collector.add(example, examples.starts[example] + queries.ahead[first + q], values, q * width);
      }
      scores.dispose();
    }
  } finally {
    encoded.dispose();
    uploaded.dispose();
  }
}

function check(model: SequenceModel, { examples }: EvaluateOptions, batchSize: number): void {
  if (!Number.isInteger(batchSize) || batchSize < 1) {
    throw new EvaluationError(`evaluate: batchSize: expected an integer >= 1; got ${batchSize}`);
  }
  if (examples.interactions.numItems !== model.numItems) {
    throw new EvaluationError(
      `evaluate: expected data over the model's ${model.numItems} items; got ${examples.interactions.numItems}; use the dataset the model was trained on`,
    );
  }
  for (let e = 0; e < examples.targets.length; e++) {
    const length = examples.targets[e] - examples.starts[e];
    if (length <= model.maxSequenceLength) continue;
    throw new EvaluationError(
      `evaluate: expected histories of at most ${model.maxSequenceLength} events; got ${length} in example ${e}; cut them with latestWindow`,
    );
  }
}
