import { logSumExpScores } from '@seqrec/core';
import { type ExampleSet, makeBatch } from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';
import { EvaluationError } from '../errors.ts';
import { type EncoderBatch, uploadBatch } from '../inputs.ts';
import { encodeLast, type TokenEncoder } from '../model.ts';
import { scaledQueries } from '../objectives/temperature.ts';
import { yieldToEventLoop } from '../train/yield.ts';
import { checkBatchSize, checkLengths } from './evaluation-blocks.ts';
import { askedAt, asksApart, DEFAULT_QUERY_TIME, everyPosition, type QueryTime } from './query-time.ts';

export interface PerplexityOptions {
  readonly model: TokenEncoder;
  /** Histories cut to the model's `maxSequenceLength`. */
  readonly examples: ExampleSet;
  /** What cosines are divided by, as in training; a model that learns one starts from it. */
  readonly temperature: number;
  /** `last` (default): one query an example, its target. `all`: every event of an example that has one before it. */
  readonly positions?: 'last' | 'all';
  /** As in `Protocol`; default `target`. */
  readonly queryTime?: QueryTime;
  /** Sequences encoded at a time, default 128. */
  readonly batchSize?: number;
  readonly onProgress?: (progress: { readonly done: number; readonly total: number }) => void;
}

export interface Perplexity {
  /** Mean over queries of `-log softmax(cosine / temperature)` of the next item among all items, nats. */
  readonly crossEntropy: number;
  /** `exp(crossEntropy)`: the number of items among which a uniform guess would do as well. */
  readonly perplexity: number;
  readonly numQueries: number;
}

/**
 * Perplexity of next-item prediction in a full softmax: `exp(mean_q(log sum_i exp(s_qi / tau) - s_qy / tau))`
 * over all items `i`, seen ones included. Examples without history have no query. Scores are made in blocks.
 *
 * Source: Joshi et al., "Sliding Window Training", RecSys 2024 (the metric).
 * @throws EvaluationError when there is no query, the data are over other items than the model's,
 *   a history is longer than it reads, or a loss is not finite.
 */
export async function evaluatePerplexity(options: PerplexityOptions): Promise<Perplexity> {
  const { model, queryTime = DEFAULT_QUERY_TIME, batchSize = 128, onProgress } = options;
  checkBatchSize('perplexity', batchSize);
  const apart = asksApart(model, options.positions ?? 'last', queryTime);
  const examples = apart ? everyPosition(options.examples, () => false).set : options.examples;
  const positions = apart ? 'last' : (options.positions ?? 'last');
  const { targets, starts, interactions } = examples;
  if (interactions.numItems !== model.numItems) {
    throw new EvaluationError(
      `perplexity: expected data over the model's ${model.numItems} items; got ${interactions.numItems}; use the dataset the model was trained on`,
    );
  }
  checkLengths('perplexity', model, options.examples);
  const items = tf.tidy(() => tf.slice(model.itemVectors(), [1, 0], [model.numItems, -1]));
  let [sum, numQueries] = [0, 0];
  try {
    for (let first = 0; first < targets.length; first += batchSize) {
      const size = Math.min(batchSize, targets.length - first);
      const indices = Array.from({ length: size }, (_, i) => first + i).filter((e) => starts[e] < targets[e]);
      if (indices.length > 0) {
        const batch = askedAt(makeBatch(examples, indices, model.columns), queryTime);
        for (const loss of await lossesOf(batch, items, options, positions)) sum += loss;
        numQueries += positions === 'all' ? indices.reduce((n, e) => n + targets[e] - starts[e], 0) : indices.length;
      }
      onProgress?.({ done: first + size, total: targets.length });
      await yieldToEventLoop();
    }
  } finally {
    items.dispose();
  }
  if (numQueries === 0) throw new EvaluationError('perplexity: expected an example with a history; got none');
  const crossEntropy = sum / numQueries;
  if (!Number.isFinite(crossEntropy)) {
    throw new EvaluationError(
      `perplexity: expected finite losses; got ${crossEntropy}; the model's weights are probably not finite`,
    );
  }
  return { crossEntropy, perplexity: Math.exp(crossEntropy), numQueries };
}

/** Loss of each query of a batch. */
async function lossesOf(
  batch: ReturnType<typeof makeBatch>,
  items: tf.Tensor2D,
  { model, temperature: base }: PerplexityOptions,
  positions: 'last' | 'all',
): Promise<Float32Array> {
  const uploaded = uploadBatch(batch);
  const wanted =
    positions === 'all' ? batch.targets : Int32Array.from(batch.offsets.slice(1), (end) => batch.targets[end - 1]);
  const lossesIn = (): tf.Tensor1D => {
    const { queries, temperature } = scaledQueries(model, encoded(model, uploaded, positions), base);
    const scaled = tf.div(queries, temperature) as tf.Tensor2D;
    // Row 0 of the table, padding, is not among `items`.
    const positives = tf.gather(
      items,
      tf.tensor1d(
        wanted.map((item) => item - 1),
        'int32',
      ),
    );
    return tf.sub(logSumExpScores({ queries: scaled, items }), tf.sum(tf.mul(scaled, positives), 1));
  };
  let losses: tf.Tensor1D | undefined;
  try {
    losses = tf.tidy(lossesIn);
    return (await losses.data()) as Float32Array;
  } finally {
    losses?.dispose();
    uploaded.dispose();
  }
}

function encoded(model: TokenEncoder, batch: EncoderBatch, positions: 'last' | 'all'): tf.Tensor2D {
  return positions === 'last' ? encodeLast(model, batch) : model.encode(batch, { training: false, step: 0, seed: 0 });
}
