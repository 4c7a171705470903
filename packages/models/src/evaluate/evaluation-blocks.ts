import { type ExampleSet, makeBatch, type SequenceBatch } from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';
import { EvaluationError } from '../errors.ts';
import { uploadBatch } from '../inputs.ts';
import { encodeLast, type TokenEncoder } from '../model.ts';
import { boundsByCost, historyCost } from '../tasks/part.ts';
import { type Evaluation, type Protocol, RankCollector } from './protocol.ts';
import { askedAt, asksApart, DEFAULT_QUERY_TIME, everyPosition } from './query-time.ts';
import { RankQueue } from './rank-queue.ts';
import { collapsed } from './ties.ts';

export interface EvaluateOptions extends Protocol {
  readonly model: TokenEncoder;
  /** Sequences encoded at a time, default 128. */
  readonly batchSize?: number;
}

/** Makes the vectors of the histories of a batch: one a sequence or, where tokens are given, one of each of those. */
export type EncodeQueries = (batch: SequenceBatch, tokens: Tokens | undefined) => tf.Tensor2D | Promise<tf.Tensor2D>;

/**
 * An evaluation in blocks of `batchSize` neighbouring examples, each a batch of the model. Whoever runs all of them in
 * order has the whole; a rank that runs some has a part, {@link RankCollector.collected}.
 */
export class EvaluationBlocks {
  /** Examples of all blocks. */
  readonly total: number;
  readonly collector: RankCollector;
  readonly #options: EvaluateOptions;
  readonly #encode: EncodeQueries;
  readonly #batchSize: number;
  readonly #set: ExampleSet;
  /** With every position an example of its own: the example that it is of. */
  readonly #examples: Int32Array | undefined;
  /** Positions that were left out before there were blocks. */
  readonly #leftOut: number;
  readonly #itemVectors: tf.Tensor2D;
  readonly #queue: RankQueue;
  readonly #clock = { encode: 0, rank: 0 };

  /** @throws EvaluationError when model, data and options do not go together. */
  constructor(options: EvaluateOptions, encode: EncodeQueries) {
    const { model, batchSize = 128, positions = 'last', queryTime = DEFAULT_QUERY_TIME } = options;
    checkBatchSize('evaluate', batchSize);
    checkItems(model, options);
    checkLengths('evaluate', model, options.examples);
    const collector = new RankCollector(options);
    let leftOut = 0;
    const isUsed = (event: number): boolean => {
      const used = collector.isUsed(event);
      if (used) leftOut++;
      return used;
    };
    const apart = asksApart(model, positions, queryTime);
    const { set, examples } = apart
      ? everyPosition(options.examples, isUsed)
      : { set: options.examples, examples: undefined };
    this.total = set.targets.length;
    this.collector = collector;
    this.#options = options;
    this.#encode = encode;
    this.#batchSize = batchSize;
    this.#set = set;
    this.#examples = examples;
    this.#leftOut = leftOut;
    this.#itemVectors = tf.tidy(() => model.itemVectors());
    this.#queue = new RankQueue(this.#itemVectors, collector);
  }

  get count(): number {
    return Math.ceil(this.total / this.#batchSize);
  }

  /** Bounds of runs of neighbouring blocks of about equal cost, `[shares + 1]`; some may be empty. */
  bounds(shares: number): Int32Array {
    const { starts, targets } = this.#set;
    const costs = new Float64Array(this.count);
    for (let e = 0; e < this.total; e++) costs[Math.floor(e / this.#batchSize)] += historyCost(targets[e] - starts[e]);
    return boundsByCost(costs, shares);
  }

  /** Runs a block and gives the number of its examples; their ranks may come later, with those of others. */
  async run(block: number): Promise<number> {
    const { model, positions = 'last', queryTime = DEFAULT_QUERY_TIME } = this.#options;
    const set = this.#set;
    const all = positions === 'all' && this.#examples === undefined;
    const first = block * this.#batchSize;
    const past = Math.min(first + this.#batchSize, this.total);
    const queries = queriesOf(set, { first, past, all }, this.collector);
    const original = (e: number): number => this.#examples?.[e] ?? e;
    for (const example of queries.missing) this.collector.miss(original(example), set.targets[example], 'no-history');
    if (queries.sources.length > 0) {
      const batch = askedAt(makeBatch(set, queries.sources, model.columns), queryTime);
      const vectors = await timed(this.#clock, 'encode', () => this.#encode(batch, all ? queries.tokens : undefined));
      const examples = queries.examples.map(original);
      await timed(this.#clock, 'rank', () => this.#queue.add(vectors, examples, queries.targets));
    }
    return past - first;
  }

  /** Ranks what waits. */
  flush(): Promise<void> {
    return timed(this.#clock, 'rank', () => this.#queue.flush());
  }

  /** @param made what the vectors are, for the printed definition. @throws EvaluationError for a collapsed model. */
  result(made: string): Evaluation {
    const { model } = this.#options;
    this.collector.leaveOut(this.#leftOut);
    if (this.collector.isConstant) throw collapsed('evaluate');
    const product = model.similarity === 'dot' ? 'product' : 'cosine';
    return { ...this.collector.result(`${product} of ${made} and the item.`), phases: this.#clock };
  }

  dispose(): void {
    this.#queue.dispose();
    this.#itemVectors.dispose();
  }
}

/** One vector per sequence or, when `tokens` are given, of those tokens. */
export function encodeQueries(model: TokenEncoder, batch: SequenceBatch, tokens: Tokens | undefined): tf.Tensor2D {
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

/** @throws EvaluationError for a number of sequences at a time that is none. */
export function checkBatchSize(operation: string, batchSize: number): void {
  if (Number.isInteger(batchSize) && batchSize >= 1) return;
  throw new EvaluationError(`${operation}: batchSize: expected an integer >= 1; got ${batchSize}`);
}

/** @throws EvaluationError for a history that is longer than the model reads. */
export function checkLengths(operation: string, model: TokenEncoder, { starts, targets }: ExampleSet): void {
  for (let e = 0; e < targets.length; e++) {
    const length = targets[e] - starts[e];
    if (length <= model.maxSequenceLength) continue;
    throw new EvaluationError(
      `${operation}: expected histories of at most ${model.maxSequenceLength} events; got ${length} in example ${e}; cut them with latestWindow`,
    );
  }
}

function checkItems(model: TokenEncoder, { examples }: EvaluateOptions): void {
  if (examples.interactions.numItems === model.numItems) return;
  throw new EvaluationError(
    `evaluate: expected data over the model's ${model.numItems} items; got ${examples.interactions.numItems}; use the dataset the model was trained on`,
  );
}
