import type { ExampleSet } from '@seqrec/data';
import { EvaluationError } from '../errors.ts';
import { certainHitWarning } from './certain-hits.ts';
import { metricSentences } from './metric-definitions.ts';
import { checkCutoffs, DEFAULT_KS, type Metrics } from './metrics.ts';
import { DEFAULT_QUERY_TIME, QUERY_TIME_IN_WORDS, type QueryTime } from './query-time.ts';
import { checkTarget, DistinctItems, exactPlace } from './ranks.ts';
import { DEFAULT_EXCLUDE_SEEN, type ExcludeSeen, excludeSeenInWords, seenEvents } from './seen.ts';
import { metricsUnder, type Place, rankUnder, TIES_IN_WORDS, type TieRule, tiesWithAll, tieWarning } from './ties.ts';

/** What is ranked against what; the same for models and baselines. */
export interface Protocol {
  readonly examples: ExampleSet;
  /** Cut-offs, default 10, 50, 100, 200. */
  readonly ks?: readonly number[];
  /** Which items are taken out of the candidates; default true: those of the history. */
  readonly excludeSeen?: ExcludeSeen;
  /** Default `expected`; the published figures of the reference are `optimistic`. */
  readonly ties?: TieRule;
  /** Highest item id that is a candidate for an example, for catalogues that open over time; default: all items. */
  readonly candidates?: (example: number) => number;
  /**
   * `last`: one query per example, its target. `all`: every position of the history predicts the next item, as if
   * nothing came after it.
   */
  readonly positions?: 'last' | 'all';
  /**
   * With `positions: 'all'`: 1 for each event of the interactions that is no query, because training or the choice of a
   * checkpoint has read it; see `trainingEvents`. The target of an example always is one.
   */
  readonly usedEvents?: Uint8Array;
  /** The moment that a model which reads times is asked about; default `target`, the time of the event to predict. */
  readonly queryTime?: QueryTime;
  readonly onProgress?: (progress: { readonly done: number; readonly total: number }) => void;
}

/** Metrics of one evaluation, and what they mean. */
export interface Evaluation {
  readonly metrics: Metrics;
  /**
   * Rank of the target of each query, from 1; `Infinity` for a miss. With ties `expected`, the
   * first place that it shares.
   */
  readonly ranks: Float64Array;
  /** Of each query: other candidates with exactly the target's score. */
  readonly tied: Int32Array;
  /** The rule under which `metrics` and `ranks` count them. */
  readonly ties: TieRule;
  /**
   * What a reader of the metrics must know, in sentences: more than 1 % of targets that tie or are
   * certain hits. Mostly empty.
   */
  readonly warnings: readonly string[];
  /** User of each query. */
  readonly users: Int32Array;
  /** Item of the target of each query. */
  readonly items: Int32Array;
  /** Example of each query. */
  readonly examples: Int32Array;
  /** Event to predict of each query, an index of the columns. */
  readonly targets: Int32Array;
  /** The exact definition, one sentence a line, to print beside the numbers. */
  readonly definition: readonly string[];
  readonly seconds: number;
  /** Of them, those inside the model and those of ranking, where a model was evaluated. */
  readonly phases?: { readonly encode: number; readonly rank: number };
}

/** What a collector has of its queries, to be sent to another of the same protocol. */
export interface CollectedRanks {
  /** Of each query, in order. */
  readonly ranks: Float64Array;
  /**
   * Queries without history, positions left out, whether a query was seen whose candidates all have one score and one
   * whose have several; then what ties, the examples and the events to predict of the queries.
   */
  readonly numbers: Int32Array;
}

/** @throws EvaluationError for histories that are no neighbouring events: of them nobody knows which items are seen. */
function checkWhole({ events }: ExampleSet): void {
  if (events === undefined) return;
  throw new EvaluationError(
    'evaluate: examples: expected histories of neighbouring events; got subsequences (events); evaluate the histories that they were taken from',
  );
}

/** Numbers before those of the queries. */
const COUNTS = 4;

/** Collects ranks query by query under one protocol. */
export class RankCollector {
  readonly #protocol: Protocol;
  readonly #ks: readonly number[];
  readonly ties: TieRule;
  readonly #begin = performance.now();
  readonly #distinct: DistinctItems;
  readonly #ranks: number[] = [];
  readonly #tied: number[] = [];
  readonly #examples: number[] = [];
  readonly #targets: number[] = [];
  #withoutHistory = 0;
  #leftOut = 0;
  /** Whether a query was seen whose candidates all have one score, and one whose candidates have several. */
  #constant = false;
  #varied = false;

  constructor(protocol: Protocol) {
    const { examples, ks = DEFAULT_KS, candidates } = protocol;
    const { numItems } = examples.interactions;
    checkWhole(examples);
    this.#protocol = protocol;
    this.#ks = ks;
    this.ties = protocol.ties ?? 'expected';
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
    const { excludeSeen = DEFAULT_EXCLUDE_SEEN, examples } = this.#protocol;
    return seenEvents(examples, example, target, excludeSeen);
  };

  /** Makes room for the rank of the event at index `target` of the columns; `close` fills it. */
  open(example: number, target: number): number {
    checkTarget(this.itemIds[target], this.lastItem(example));
    this.#examples.push(example);
    this.#targets.push(target);
    this.#tied.push(0);
    return this.#ranks.push(Number.NaN) - 1;
  }

  /** The place of a target goes to where `open` made room. */
  close(slot: number, place: Place): void {
    this.#ranks[slot] = rankUnder(this.ties, place);
    this.#tied[slot] = place.equalBefore + place.equalAfter;
    if (!this.#varied) this.#compare(this.#examples[slot], this.#targets[slot], place);
  }

  /** Whether the event at index `event` of the columns is left out of the queries. */
  isUsed(event: number): boolean {
    return this.#protocol.usedEvents?.[event] === 1;
  }

  /** Counts positions that are no queries. */
  leaveOut(positions: number): void {
    this.#leftOut += positions;
  }

  /** Whether no query told two of its candidates apart. */
  get isConstant(): boolean {
    return this.#constant && !this.#varied;
  }

  /** Candidates of a query, the target among them. */
  #candidates(example: number, target: number): number {
    const lastItem = this.lastItem(example);
    let candidates = lastItem;
    for (const item of this.#distinct.of(this.itemIds, ...this.excluded(example, target))) {
      if (item <= lastItem && item !== this.itemIds[target]) candidates--;
    }
    return candidates;
  }

  /** The same of every query, exact where it matters: at most the largest cut-off. */
  #candidatesLeft(): number[] {
    const most = Math.max(...this.#ks);
    return this.#examples.map((example, q) => {
      const [start, end] = this.excluded(example, this.#targets[q]);
      const atLeast = this.lastItem(example) - (end - start);
      return atLeast > most ? atLeast : this.#candidates(example, this.#targets[q]);
    });
  }

  /** Looks whether all candidates of a query have one score. */
  #compare(example: number, target: number, place: Place): void {
    const candidates = place.higher === 0 ? this.#candidates(example, target) : this.lastItem(example);
    if (candidates === 1) return;
    if (tiesWithAll(place, candidates)) this.#constant = true;
    else this.#varied = true;
  }

  /** Ranks the event at index `target` of the columns, given scores of all items and the history `[start, target)`. */
  add(example: number, target: number, scores: ArrayLike<number>, base: number): void {
    const { itemIds } = this;
    const excluded = this.#distinct.of(itemIds, ...this.excluded(example, target));
    const lastItem = this.lastItem(example);
    const place = exactPlace({ scores, base, target: itemIds[target], lastItem, excluded });
    this.close(this.open(example, target), place);
  }

  /** Counts the query of the event at index `target` as a miss. */
  miss(example: number, target: number, reason: 'no-history' | 'no-score'): void {
    if (reason === 'no-history') this.#withoutHistory++;
    this.#ranks.push(Number.POSITIVE_INFINITY);
    this.#tied.push(0);
    this.#examples.push(example);
    this.#targets.push(target);
  }

  /** All that has been collected. */
  collected(): CollectedRanks {
    const counts = [this.#withoutHistory, this.#leftOut, Number(this.#constant), Number(this.#varied)];
    const numbers = new Int32Array(COUNTS + 3 * this.#ranks.length);
    for (const [i, list] of [counts, this.#tied, this.#examples, this.#targets].entries())
      numbers.set(list, i === 0 ? 0 : COUNTS + (i - 1) * this.#ranks.length);
    return { ranks: Float64Array.from(this.#ranks), numbers };
  }

  /** Adds the queries of another collector of the same protocol behind those of this one. */
  append({ ranks, numbers }: CollectedRanks): void {
    const [withoutHistory, leftOut, constant, varied] = numbers;
    this.#withoutHistory += withoutHistory;
    this.#leftOut += leftOut;
    this.#constant ||= constant === 1;
    this.#varied ||= varied === 1;
    const [tied, examples, targets] = [0, 1, 2].map((i) =>
      numbers.subarray(COUNTS + i * ranks.length, COUNTS + (i + 1) * ranks.length),
    );
    for (const [q, rank] of ranks.entries()) {
      this.#ranks.push(rank);
      this.#tied.push(tied[q]);
      this.#examples.push(examples[q]);
      this.#targets.push(targets[q]);
    }
  }

  result(scoring: string): Evaluation {
    const { examples, excludeSeen = DEFAULT_EXCLUDE_SEEN } = this.#protocol;
    const recorded = { ranks: Float64Array.from(this.#ranks), tied: Int32Array.from(this.#tied), ties: this.ties };
    const warnings = [
      tieWarning(recorded, this.#ks.includes(10) ? 10 : this.#ks[0]),
      certainHitWarning(this.#candidatesLeft(), this.#ks, excludeSeen),
    ];
    return {
      metrics: metricsUnder(recorded, this.#ks),
      ...recorded,
      warnings: warnings.filter((warning) => warning !== undefined),
      users: Int32Array.from(this.#examples, (e) => examples.users[e]),
      items: Int32Array.from(this.#targets, (event) => this.itemIds[event]),
      examples: Int32Array.from(this.#examples),
      targets: Int32Array.from(this.#targets),
      definition: this.#definition(scoring),
      seconds: (performance.now() - this.#begin) / 1000,
    };
  }

  #definition(scoring: string): string[] {
    const { examples, excludeSeen = DEFAULT_EXCLUDE_SEEN, candidates, positions = 'last' } = this.#protocol;
    const { interactions, name } = examples;
    return [
      `Data: ${interactions.name}, set ${name}, ${examples.targets.length} examples.`,
      positions === 'last'
        ? 'Queries: one per example, its last event.'
        : `Queries: every event of an example that has an event before it${this.#leftOut === 0 ? '' : `, but ${this.#leftOut} that training or the choice of a checkpoint has read`}.`,
      candidates === undefined
        ? `Candidates: all ${interactions.numItems} items, no sampling.`
        : `Candidates: the items open at the time of the example, of ${interactions.numItems}; no sampling.`,
      excludeSeenInWords(excludeSeen),
      `Score: ${scoring}`,
      `Time of a query, where a model reads it: ${QUERY_TIME_IN_WORDS[this.#protocol.queryTime ?? DEFAULT_QUERY_TIME]}.`,
      `Rank: 1 + number of candidates with a higher score; ${TIES_IN_WORDS[this.ties]}.`,
      metricSentences(),
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
