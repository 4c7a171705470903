import { type ExampleSet, makeBatch, type SequenceBatch } from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';
import { EvaluationError } from '../errors.ts';
import { uploadBatch } from '../inputs.ts';
import { encodeLast, type TokenEncoder } from '../model.ts';
import { yieldToEventLoop } from '../train/yield.ts';
import { type Evaluation, type Protocol, RankCollector } from './protocol.ts';
import { askedAt, DEFAULT_QUERY_TIME, everyPosition } from './query-time.ts';
import { RankQueue } from './rank-queue.ts';
import { collapsed } from './ties.ts';

export interface EvaluateOptions extends Protocol {
  readonly model: TokenEncoder;
  /** Sequences encoded at a time, default 128. */
  readonly batchSize?: number;
}

/**
 * Exact ranking of every query against the whole catalogue.
 *
 * @throws EvaluationError when a cut-off exceeds the number of candidates, a target is no candidate, a history is
 *   longer than the model's maximum, a score is NaN, or the model gives all candidates of every query the same score.
 */
export async function evaluate(options: EvaluateOptions): Promise<Evaluation> {
  const { model } = options;
  return evaluateVectors(options, (batch, tokens) => encodeQueries(model, batch, tokens));
}

/**
 * {@link evaluate} by vectors that `encode` makes of the histories of a batch, whose last events are asked at the time
 * of the query: one a sequence or, where tokens are given, one of each of those.
 *
 * @param made what the vectors are, for the printed definition
 */
export async function evaluateVectors(
  options: EvaluateOptions,
  encode: (batch: SequenceBatch, tokens: Tokens | undefined) => tf.Tensor2D | Promise<tf.Tensor2D>,
  made = 'the encoded history',
): Promise<Evaluation> {
  const { model, batchSize = 128, positions = 'last', queryTime = DEFAULT_QUERY_TIME, onProgress } = options;
  check(model, options, batchSize);
  const collector = new RankCollector(options);
  const apart = positions === 'all' && queryTime === 'last';
  const { set, examples } = apart
    ? everyPosition(options.examples, (event) => {
        if (!collector.isUsed(event)) return false;
        collector.leaveOut(1);
        return true;
      })
    : { set: options.examples, examples: undefined };
  const total = set.targets.length;
  const itemVectors = tf.tidy(() => model.itemVectors());
  const queue = new RankQueue(itemVectors, collector);
  const clock = { encode: 0, rank: 0 };
  try {
    for (let first = 0; first < total; first += batchSize) {
      const all = positions === 'all' && !apart;
      const block = queriesOf(set, { first, past: Math.min(first + batchSize, total), all }, collector);
      const original = (e: number): number => examples?.[e] ?? e;
      for (const example of block.missing) collector.miss(original(example), set.targets[example], 'no-history');
      if (block.sources.length > 0) {
        const batch = askedAt(makeBatch(set, block.sources, model.columns), queryTime);
        const vectors = await timed(clock, 'encode', () => encode(batch, all ? block.tokens : undefined));
        await timed(clock, 'rank', () => queue.add(vectors, block.examples.map(original), block.targets));
      }
      onProgress?.({ done: Math.min(first + batchSize, total), total });
      await yieldToEventLoop();
    }
    await timed(clock, 'rank', () => queue.flush());
  } finally {
    queue.dispose();
    itemVectors.dispose();
  }
  if (collector.isConstant) throw collapsed('evaluate');
  const product = model.similarity === 'dot' ? 'product' : 'cosine';
  const result = collector.result(`${product} of ${made} and the item.`);
  return { ...result, phases: clock };
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

/** Packed tokens whose vectors are wanted. */
type Tokens = readonly number[] | 'every';

interface Queries {
  /** Examples that have a history. */
  readonly sources: number[];
  readonly missing: number[];
  /** Example of each query: each source once, or as often as it has events. */
  readonly examples: number[];
  /** Index of the event to predict, in the columns of the interactions. */
  readonly targets: number[];
  /** Packed token of each query, where some tokens make none. */
  readonly tokens: Tokens;
}

/** The queries of examples `first .. past - 1`, in the order of the packed tokens. */
function queriesOf(
  { starts, targets }: ExampleSet,
  block: { first: number; past: number; all: boolean },
  collector: RankCollector,
): Queries {
  const queries = {
    sources: [] as number[],
    missing: [] as number[],
    examples: [] as number[],
    targets: [] as number[],
  };
  const tokens: number[] = [];
  let numTokens = 0;
  for (let e = block.first; e < block.past; e++) {
    (starts[e] === targets[e] ? queries.missing : queries.sources).push(e);
    for (let t = block.all ? starts[e] + 1 : Math.max(starts[e] + 1, targets[e]); t <= targets[e]; t++, numTokens++) {
      if (t < targets[e] && collector.isUsed(t)) continue;
      queries.examples.push(e);
      queries.targets.push(t);
      tokens.push(numTokens);
    }
  }
  collector.leaveOut(numTokens - tokens.length);
  return { ...queries, tokens: tokens.length === numTokens ? 'every' : tokens };
}

/** One vector per sequence or, when `tokens` are given, of those tokens. */
function encodeQueries(model: TokenEncoder, batch: SequenceBatch, tokens: Tokens | undefined): tf.Tensor2D {
  const uploaded = uploadBatch(batch);
  try {
    return tf.tidy(() => {
      if (tokens === undefined) return encodeLast(model, uploaded);
      const encoded = model.encode(uploaded, { training: false, step: 0, seed: 0 });
      return tokens === 'every' ? encoded : tf.gather(encoded, tf.tensor1d([...tokens], 'int32'));
    });
  } finally {
    uploaded.dispose();
  }
}

function check(model: TokenEncoder, { examples }: EvaluateOptions, batchSize: number): void {
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
