import { EvaluationError } from '../errors.ts';
import type { GeneratedList } from '../generators/beams.ts';
import { scoreOfDense } from '../generators/dense/rank.ts';
import { yieldToEventLoop } from '../train/yield.ts';
import { itemWriter, type WritingOptions } from './item-writer.ts';
import { type Evaluation, type Protocol, RankCollector } from './protocol.ts';
import { everyPosition } from './query-time.ts';
import { collapsed, type Place } from './ties.ts';

export type EvaluateGeneratedOptions = Protocol & WritingOptions;

/**
 * Ranks by generated codes: the target's place among the items that `constrainedBeams` writes after its history,
 * or `denseFinder` finds, a miss where it is not among them. Items of the history take no place in a beam where they
 * are no candidates. A miss counts 0 in every metric. A cut-off is at most the number of beams, so that MRR alone is
 * cut by it, which a warning says.
 *
 * @throws EvaluationError when a cut-off exceeds the number of beams, else as `evaluate`.
 */
export async function evaluateGenerated(options: EvaluateGeneratedOptions): Promise<Evaluation> {
  const { codes, positions = 'last', onProgress } = options;
  const collector = new RankCollector(options);
  check(options);
  let leftOut = 0;
  const apart = positions === 'all' ? everyPosition(options.examples, isUsed) : undefined;
  const set = apart?.set ?? options.examples;
  const total = set.targets.length;
  const original = (e: number): number => apart?.examples[e] ?? e;
  let outside = 0;
  const ofSteps = codes.sizes.map(() => ({ invalid: 0, asked: 0 }));
  const writer = await itemWriter(options);
  const { batchSize } = writer;
  try {
    await rankAll();
  } finally {
    writer.dispose();
  }
  collector.leaveOut(leftOut);
  if (collector.isConstant) throw collapsed('evaluate');
  const evaluation = collector.result(scoring(options, ofSteps));
  return outside === 0 ? evaluation : { ...evaluation, warnings: [...evaluation.warnings, cutMRR(options.beams)] };

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
    const { lists, invalid, asked } = await writer.write(set, sources, (e) => closedFor(original(e), set.targets[e]));
    for (const [level, step] of ofSteps.entries()) {
      step.invalid += invalid[level];
      step.asked += asked[level];
    }
    for (const [i, e] of sources.entries()) {
      const place = placeOf(lists[i], collector.itemIds[set.targets[e]] - 1);
      if (place !== undefined) collector.close(collector.open(original(e), set.targets[e]), place);
      else {
        collector.miss(original(e), set.targets[e], 'no-score');
        outside++;
      }
    }
  }

  function isUsed(event: number): boolean {
    const used = collector.isUsed(event);
    if (used) leftOut++;
    return used;
  }

  /** Items that are no candidates for an event. */
  function closedFor(example: number, target: number): Set<number> {
    const { itemIds } = collector;
    const closed = new Set(itemIds.subarray(...collector.excluded(example, target)));
    for (let item = collector.lastItem(example) + 1; item <= codes.count; item++) closed.add(item);
    closed.delete(itemIds[target]);
    return closed;
  }
}

/** What a reader must know who has MRR of all items beside it. */
export function cutMRR(beams: number | 'all'): string {
  return `targets that ${beams} beams do not find count 0 in MRR, where a ranking of all items counts 1 / rank`;
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
    `Codes that no item has after a prefix are left out ${mask} the softmax; their probability, in the mean over the prefixes asked${mask === 'before' ? ', those of more than one item' : ''}, by level: ${shares.join(', ')}.`,
  ].join(' ');
}
