import { type ExampleSet, makeBatch, type SequenceBatch } from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';
import { EvaluationError } from '../errors.ts';
import { uploadBatch } from '../inputs.ts';
import { encodeLast, type SequenceModel } from '../model.ts';
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
      const block = queriesOf(examples, { first, past: Math.min(first + batchSize, total), all: positions === 'all' });
      for (const example of block.missing) collector.miss(example, 'no-history');
      if (block.sources.length > 0) {
        const batch = makeBatch(examples, block.sources);
        const vectors = await timed(clock, 'encode', () => encodeQueries(model, batch, positions));
        await timed(clock, 'rank', () => queue.add(vectors, block.examples, block.targets));
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
  /** Examples that have a history. */
  readonly sources: number[];
  readonly missing: number[];
  /** Example of each query: each source once, or as often as it has events. */
  readonly examples: number[];
  /** Index of the event to predict, in the columns of the interactions. */
  readonly targets: number[];
}

/** The queries of examples `first .. past - 1`, in the order of the packed tokens. */
function queriesOf({ starts, targets }: ExampleSet, block: { first: number; past: number; all: boolean }): Queries {
  const queries: Queries = { sources: [], missing: [], examples: [], targets: [] };
  for (let e = block.first; e < block.past; e++) {
    (starts[e] === targets[e] ? queries.missing : queries.sources).push(e);
    for (let t = block.all ? starts[e] + 1 : Math.max(starts[e] + 1, targets[e]); t <= targets[e]; t++) {
      queries.examples.push(e);
      queries.targets.push(t);
    }
  }
  return queries;
}

/** One vector per sequence or, for all positions, per token. */
function encodeQueries(model: SequenceModel, batch: SequenceBatch, positions: 'last' | 'all'): tf.Tensor2D {
  const uploaded = uploadBatch(batch);
  try {
    return tf.tidy(() =>
      positions === 'last'
        ? encodeLast(model, uploaded)
        : model.encode(uploaded, { training: false, step: 0, seed: 0 }),
    );
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
