import type { RankTies } from '@seqrec/core';
import type { ExampleSet } from '@seqrec/data';
import { EvaluationError } from '../errors.ts';
import { checkCutoffs, DEFAULT_KS, type Metrics, metricsFromRanks } from './metrics.ts';
import { checkTarget, DistinctItems, exactRank } from './ranks.ts';

/** What is ranked against what; the same for models and baselines. */
export interface Protocol {
  readonly examples: ExampleSet;
  /** Cut-offs, default 10, 50, 100, 200. */
  readonly ks?: readonly number[];
  /** Takes the items of the history, but never the target, out of the candidates; default true. */
  readonly excludeSeen?: boolean;
  /** Default `optimistic`, as the published figures of the reference. */
  readonly ties?: RankTies;
  /** Highest item id that is a candidate for an example, for catalogues that open over time; default: all items. */
  readonly candidates?: (example: number) => number;
  /** `last`: one query per example, its target. `all`: every position of the history predicts the next item. */
  readonly positions?: 'last' | 'all';
  readonly onProgress?: (progress: { readonly done: number; readonly total: number }) => void;
}

/** Metrics of one evaluation, and what they mean. */
export interface Evaluation {
  readonly metrics: Metrics;
  /** Rank of the target of each query, from 1; `Infinity` for a miss. */
  readonly ranks: Float64Array;
  /** User of each query. */
  readonly users: Int32Array;
  /** Example of each query. */
  readonly examples: Int32Array;
  /** The exact definition, one sentence a line, to print beside the numbers. */
  readonly definition: readonly string[];
  readonly seconds: number;
  /** Of them, those inside the model and those of ranking, where a model was evaluated. */
  readonly phases?: { readonly encode: number; readonly rank: number };
}

/** Collects ranks query by query under one protocol. */
export class RankCollector {
  readonly #protocol: Protocol;
  readonly #ks: readonly number[];
  readonly ties: RankTies;
  readonly #begin = performance.now();
  readonly #distinct: DistinctItems;
  readonly #ranks: number[] = [];
  readonly #examples: number[] = [];
  #withoutHistory = 0;

  constructor(protocol: Protocol, ties: RankTies = 'optimistic') {
    const { examples, ks = DEFAULT_KS, candidates } = protocol;
    const { numItems } = examples.interactions;
    this.#protocol = protocol;
    this.#ks = ks;
    this.ties = protocol.ties ?? ties;
    this.#distinct = new DistinctItems(numItems);
    let fewest = numItems;
    if (candidates !== undefined) {
      for (let e = 0; e < examples.targets.length; e++) fewest = Math.min(fewest, this.lastItem(e));
    }
    checkCutoffs(ks, fewest);
  }

  /** Candidates of an example are items `1..lastItem`. */
  lastItem(example: number): number {
    const { examples, candidates } = this.#protocol;
    const { numItems } = examples.interactions;
    const last = candidates?.(example) ?? numItems;
    if (Number.isInteger(last) && last >= 1 && last <= numItems) return last;
    throw new EvaluationError(
      `evaluate: candidates: expected an item id in 1..${numItems}; got ${last} for example ${example}`,
    );
  }

  /** The items of all events. */
  get itemIds(): Int32Array {
    return this.#protocol.examples.interactions.itemIds;
  }

  /** The events whose items are no candidates when the event at index `target` is to be predicted: from, and up to. */
  readonly excluded = (example: number, target: number): readonly [number, number] => {
    const { excludeSeen = true, examples } = this.#protocol;
    return [excludeSeen ? examples.starts[example] : target, target];
  };

  /** Makes room for the rank of the event at index `target` of the columns; `close` fills it. */
  open(example: number, target: number): number {
    checkTarget(this.itemIds[target], this.lastItem(example));
    this.#examples.push(example);
    return this.#ranks.push(Number.NaN) - 1;
  }

  close(slot: number, rank: number): void {
    this.#ranks[slot] = rank;
  }

  /** Ranks the event at index `target` of the columns, given scores of all items and the history `[start, target)`. */
  add(example: number, target: number, scores: ArrayLike<number>, base: number): void {
    const { itemIds } = this;
    const excluded = this.#distinct.of(itemIds, ...this.excluded(example, target));
    const lastItem = this.lastItem(example);
    this.#ranks.push(exactRank({ scores, base, target: itemIds[target], lastItem, excluded, ties: this.ties }));
    this.#examples.push(example);
  }

  /** Counts a query as a miss. */
  miss(example: number, reason: 'no-history' | 'no-score'): void {
    if (reason === 'no-history') this.#withoutHistory++;
    this.#ranks.push(Number.POSITIVE_INFINITY);
    this.#examples.push(example);
  }

  result(scoring: string): Evaluation {
    const { examples } = this.#protocol;
    const ranks = Float64Array.from(this.#ranks);
    return {
      metrics: metricsFromRanks(ranks, this.#ks),
      ranks,
      users: Int32Array.from(this.#examples, (e) => examples.users[e]),
      examples: Int32Array.from(this.#examples),
      definition: this.#definition(scoring),
      seconds: (performance.now() - this.#begin) / 1000,
    };
  }

  #definition(scoring: string): string[] {
    const { examples, excludeSeen = true, candidates, positions = 'last' } = this.#protocol;
    const { interactions, name } = examples;
    const ties: Record<RankTies, string> = {
      optimistic: 'behind the target',
      pessimistic: 'before the target',
      mean: 'half of them before the target',
      'lower-id': 'before the target when their id is lower',
    };
    return [
      `Data: ${interactions.name}, set ${name}, ${examples.targets.length} examples.`,
      positions === 'last'
        ? 'Queries: one per example, its last event.'
        : 'Queries: every event of an example that has an event before it.',
      candidates === undefined
        ? `Candidates: all ${interactions.numItems} items, no sampling.`
        : `Candidates: the items open at the time of the example, of ${interactions.numItems}; no sampling.`,
      excludeSeen
        ? 'Items of the (windowed) history are taken out of the candidates; the target never is.'
        : 'Items of the history stay candidates.',
      `Score: ${scoring}`,
      `Rank: 1 + number of candidates with a higher score; equal scores count ${ties[this.ties]}.`,
      'HR@k: share of queries with rank <= k. NDCG@k: mean of 1/log2(rank + 1) where rank <= k, else 0. MRR: mean of 1/rank.',
      'Averages are over queries.',
      ...(interactions.hasTimestamps === false
        ? [
            "Times: the data have none; a model that reads times is given the number of the event in its user's sequence.",
          ]
        : []),
      ...(this.#withoutHistory === 0 ? [] : [`${this.#withoutHistory} queries without history count as misses.`]),
    ];
  }
}
