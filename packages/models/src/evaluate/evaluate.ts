import { type ExampleSet, makeBatch, type SequenceBatch } from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';
import { EvaluationError } from '../errors.ts';
import { uploadBatch } from '../inputs.ts';
import type { SequenceModel } from '../model.ts';
import { yieldToEventLoop } from '../train/yield.ts';
import { type Evaluation, type Protocol, RankCollector } from './protocol.ts';
import { RankQueue } from './rank-queue.ts';

export interface EvaluateOptions extends Protocol {
  readonly model: SequenceModel;
  /** Sequences encoded at a time, default 128. */
  readonly batchSize?: number;
}

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
  const queue = new RankQueue(itemVectors, collector);
  const clock = { encode: 0, rank: 0 };
  try {
    for (let first = 0; first < total; first += batchSize) {
      const indices = Int32Array.from({ length: Math.min(batchSize, total - first) }, (_, i) => first + i);
      const batch = makeBatch(examples, indices);
      const {
        rows,
        examples: owners,
        targets,
      } = queriesOf(batch, { examples, first, all: positions === 'all', collector });
      if (rows.length > 0) {
        const vectors = await timed(clock, 'encode', () => encodeRows(model, batch, rows));
        await timed(clock, 'rank', () => queue.add(vectors, owners, targets));
      }
      onProgress?.({ done: Math.min(first + batchSize, total), total });
      await yieldToEventLoop();
    }
    await timed(clock, 'rank', () => queue.flush());
  } finally {
    queue.dispose();
    itemVectors.dispose();
  }
  return { ...collector.result('cosine of the encoded history and the item.'), phases: clock };
}

/** Adds the seconds that `f` takes to a phase; a device that works on after the call counts where it is waited for. */
async function timed<R>(
  clock: Record<'encode' | 'rank', number>,
  phase: 'encode' | 'rank',
  f: () => R,
): Promise<Awaited<R>> {
  const begin = performance.now();
  const result = await f();
  clock[phase] += (performance.now() - begin) / 1000;
  return result;
}

interface Queries {
  /** Row of the packed batch that makes each query. */
  readonly rows: number[];
  readonly examples: number[];
  /** Index of the event to predict, in the columns of the interactions. */
  readonly targets: number[];
}

function queriesOf(
  batch: SequenceBatch,
  where: { examples: ExampleSet; first: number; all: boolean; collector: RankCollector },
): Queries {
  const rows: number[] = [];
  const examples: number[] = [];
  const targets: number[] = [];
  for (let b = 0; b + 1 < batch.offsets.length; b++) {
    const example = where.first + b;
    const start = batch.offsets[b];
    const end = batch.offsets[b + 1];
    if (start === end) where.collector.miss(example, 'no-history');
    for (let t = where.all ? start : Math.max(start, end - 1); t < end; t++) {
      rows.push(t);
      examples.push(example);
      targets.push(where.examples.starts[example] + t - start + 1);
    }
  }
  return { rows, examples, targets };
}

/** The vectors that the model makes of some rows of a batch `[rows, D]`. */
function encodeRows(model: SequenceModel, batch: SequenceBatch, rows: number[]): tf.Tensor2D {
  const uploaded = uploadBatch(batch);
  try {
    return tf.tidy(() => {
      const encoded = model.encode(uploaded, { training: false, step: 0, seed: 0 });
      return tf.gather(encoded, tf.tensor1d(rows, 'int32'));
    });
  } finally {
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
