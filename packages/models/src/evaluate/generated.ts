import { makeBatch } from '@seqrec/data';
import { EvaluationError } from '../errors.ts';
import type { BeamOptions, CodeMask, GeneratedList } from '../generators/beams.ts';
import { type Debias, debiasOf } from '../generators/code-shares.ts';
import { codeSymbols } from '../generators/code-symbols.ts';
import type { DenseHead } from '../generators/dense/head.ts';
import { candidateFinder, type DenseDecoding, scoreOfDense } from '../generators/dense/rank.ts';
import type { CodeWriter } from '../generators/generator.ts';
import { CodeTrie } from '../semantic-ids/codes/trie.ts';
import type { Codes } from '../semantic-ids/tokenizers/tokenizer.ts';
import { yieldToEventLoop } from '../train/yield.ts';
import { type Evaluation, type Protocol, RankCollector } from './protocol.ts';
import { askedAt, DEFAULT_QUERY_TIME, everyPosition } from './query-time.ts';
import { collapsed, type Place } from './ties.ts';

export interface EvaluateGeneratedOptions extends Protocol {
  readonly writer: CodeWriter;
  /** A row an item: of item 1 first. */
  readonly codes: Codes;
  /** Beams of a history; `all` ranks every item exactly. */
  readonly beams: number | 'all';
  /** Default `after`. */
  readonly mask?: CodeMask;
  /** Takes popularity off the scores; default: not. */
  readonly debias?: Debias;
  /** Ranks by vectors of items too; default: by codes alone. */
  readonly dense?: DenseDecoding & { readonly head: DenseHead };
  /** What is found after the history of an example, best first, as dense items. */
  readonly onList?: (example: number, items: Int32Array) => void;
  /** Histories at a time, default 64; with `beams: 'all'` so many that all their prefixes are at most `MOST_ROWS`. */
  readonly batchSize?: number;
}

/** Prefixes of one pass, where every item is ranked. */
const MOST_ROWS = 2 ** 16;

/**
 * Ranks by generated codes: the target's place among the items that `constrainedBeams` writes after its history,
 * or `denseFinder` finds, a miss where it is not among them. Items of the history take no place in a beam where they
 * are no candidates.
 *
 * @throws EvaluationError when a cut-off exceeds the number of beams, else as `evaluate`.
 */
export async function evaluateGenerated(options: EvaluateGeneratedOptions): Promise<Evaluation> {
  const { codes, positions = 'last', queryTime = DEFAULT_QUERY_TIME, onProgress } = options;
  const collector = new RankCollector(options);
  check(options);
  const trie = new CodeTrie(codes);
  const penalty = debiasOf(trie, options.debias);
  const symbols = codeSymbols(codes);
  let leftOut = 0;
  const apart = positions === 'all' ? everyPosition(options.examples, isUsed) : undefined;
  const set = apart?.set ?? options.examples;
  const total = set.targets.length;
  const original = (e: number): number => apart?.examples[e] ?? e;
  const ofSteps = codes.sizes.map(() => ({ invalid: 0, asked: 0 }));
  const batchSize = sizeOf(options, trie);
  const finder = await candidateFinder(trie, options.dense);
  try {
    await rankAll();
  } finally {
    finder.dispose();
  }
  collector.leaveOut(leftOut);
  if (collector.isConstant) throw collapsed('evaluate');
  return collector.result(scoring(options, ofSteps));

  async function rankAll(): Promise<void> {
    for (let first = 0; first < total; first += batchSize) {
      const block = Array.from({ length: Math.min(batchSize, total - first) }, (_, i) => first + i);
      const sources = block.filter((e) => set.starts[e] < set.targets[e]);
      for (const e of block)
        if (set.starts[e] === set.targets[e]) collector.miss(original(e), set.targets[e], 'no-history');
      if (sources.length > 0) await rank(sources);
      onProgress?.({ done: Math.min(first + batchSize, total), total });
      await yieldToEventLoop();
    }
  }

  async function rank(sources: readonly number[]): Promise<void> {
    const reader = options.writer.read(askedAt(makeBatch(set, sources), queryTime), symbols);
    try {
      const closed = sources.map((e) => closedFor(original(e), set.targets[e]));
      const beams: BeamOptions = {
        ...{ trie, width: options.beams === 'all' ? Number.POSITIVE_INFINITY : options.beams },
        mask: options.mask ?? 'after',
        ...(penalty && { penalty }),
        open: (b) => (closed[b].length === 0 ? undefined : trie.without(closed[b])),
      };
      const { lists, invalid, asked } = await finder.find(reader, sources.length, beams);
      for (const [level, step] of ofSteps.entries()) {
        step.invalid += invalid[level];
        step.asked += asked[level];
      }
      for (const [i, e] of sources.entries()) {
        options.onList?.(original(e), inOrder(lists[i]));
        const place = placeOf(lists[i], collector.itemIds[set.targets[e]] - 1);
        if (place === undefined) collector.miss(original(e), set.targets[e], 'no-score');
        else collector.close(collector.open(original(e), set.targets[e]), place);
      }
    } finally {
      reader.dispose();
    }
  }

  function isUsed(event: number): boolean {
    const used = collector.isUsed(event);
    if (used) leftOut++;
    return used;
  }

  /** Rows of items that are no candidates for an event. */
  function closedFor(example: number, target: number): number[] {
    const { itemIds } = collector;
    const closed = new Set(itemIds.subarray(...collector.excluded(example, target)));
    for (let item = collector.lastItem(example) + 1; item <= codes.count; item++) closed.add(item);
    closed.delete(itemIds[target]);
    return Array.from(closed, (item) => item - 1);
  }
}

/** Items of a list, best first; of equal scores the lower item first. */
function inOrder({ rows, scores }: GeneratedList): Int32Array {
  const places = Array.from(rows.keys()).sort((a, b) => scores[b] - scores[a] || rows[a] - rows[b]);
  return Int32Array.from(places, (place) => rows[place] + 1);
}

/** Where a row stands in a list; nothing where it does not. */
function placeOf({ rows, scores }: GeneratedList, row: number): Place | undefined {
  const own = rows.indexOf(row);
  if (own < 0) return undefined;
  const place = { higher: 0, equalBefore: 0, equalAfter: 0 };
  for (let i = 0; i < rows.length; i++) {
    if (scores[i] > scores[own]) place.higher++;
    else if (scores[i] === scores[own] && rows[i] < row) place.equalBefore++;
    else if (scores[i] === scores[own] && rows[i] > row) place.equalAfter++;
  }
  return place;
}

function check({ beams, ks, codes, examples, dense }: EvaluateGeneratedOptions): void {
  const { numItems } = examples.interactions;
  if (codes.count !== numItems)
    throw new EvaluationError(
      `evaluate: codes: expected those of the ${numItems} items of the data; got ${codes.count}; fit ids to this data`,
    );
  const largest = Math.max(0, ...(ks ?? []));
  // Without a code there is one prefix, which all items are under.
  if (beams === 'all' || beams >= largest || dense?.levels === 0) return;
  throw new EvaluationError(
    `evaluate: beams: expected at least as many as the largest cut-off, ${largest}; got ${beams}; more beams, or smaller cut-offs`,
  );
}

function sizeOf({ beams, batchSize = 64 }: EvaluateGeneratedOptions, trie: CodeTrie): number {
  if (!Number.isInteger(batchSize) || batchSize < 1)
    throw new EvaluationError(`evaluate: batchSize: expected an integer >= 1; got ${batchSize}`);
  if (beams !== 'all') return batchSize;
  const widest = Math.max(...trie.sizes.map((_, level) => trie.nodes(level)));
  return Math.max(1, Math.min(batchSize, Math.floor(MOST_ROWS / widest)));
}

/** What a score is, and how much of the model's probability was on codes that no item has. */
function scoring(
  { codes, beams, mask = 'after', debias, dense }: EvaluateGeneratedOptions,
  steps: readonly { readonly invalid: number; readonly asked: number }[],
): string {
  const levels = codes.sizes.length;
  if (dense !== undefined && dense.mix < 1) return scoreOfDense(dense, { levels, beams, mask });
  const shares = steps.map(({ invalid, asked }) => (asked === 0 ? '0' : (invalid / asked).toFixed(4)));
  const who =
    beams === 'all' ? 'of every item' : `of the items that ${beams} beams find, a target outside of them being a miss`;
  return [
    `sum of the log-probabilities of an item's ${levels} codes, ${who}.`,
    ...(debias === undefined || debias.weight === 0
      ? []
      : [`Less ${debias.weight} times the logarithm of the item's share of the training events, one more each.`]),
    `Codes that no item has after a prefix are left out ${mask} the softmax; their probability, in the mean over the prefixes asked, by level: ${shares.join(', ')}.`,
  ].join(' ');
}
