import { EvaluationError } from '../errors.ts';
import { type Evaluation, type Protocol, RankCollector } from '../evaluate/protocol.ts';
import { yieldToEventLoop } from '../train/yield.ts';

/** A recommender that scores every item from a history, without tensors. */
export interface Scorer {
  readonly name: string;
  /** One line for reports: how a score comes about. */
  readonly description: string;
  readonly numItems: number;
  /** Writes the score of item `i` to `out[i]`, for `1..numItems`; `history` is oldest first. 0 means "no evidence". */
  score(history: Int32Array, out: Float64Array): void;
}

export interface EvaluateScorerOptions extends Protocol {
  readonly scorer: Scorer;
  /** What it reads: the `window` that a model has (default), or `all` events of the user before the target. */
  readonly history?: ScorerHistory;
}

export type ScorerHistory = 'window' | 'all';

const YIELD_EVERY = 256;

function checkItems({ name, numItems }: Scorer, { examples }: EvaluateScorerOptions): void {
  if (numItems === examples.interactions.numItems) return;
  throw new EvaluationError(
    `evaluateScorer: expected scores of the ${examples.interactions.numItems} items of the data; got ${numItems} of ${name}; fit it to the same items`,
  );
}

/**
 * Ranks with a {@link Scorer} under the same protocol as a model, ties included. A target with score 0 is a miss.
 *
 * @throws EvaluationError for a scorer of another number of items, and as `evaluate` for the protocol.
 */
export async function evaluateScorer(options: EvaluateScorerOptions): Promise<Evaluation> {
  const { scorer, examples, positions = 'last', history = 'window', onProgress } = options;
  const collector = new RankCollector(options);
  checkItems(scorer, options);
  const scores = new Float64Array(scorer.numItems + 1);
  const { itemIds, userOffsets } = examples.interactions;
  const total = examples.targets.length;
  for (let e = 0; e < total; e++) {
    const start = examples.starts[e];
    const from = history === 'all' ? userOffsets[examples.users[e]] : start;
    const last = examples.targets[e];
    // An example without history is one query, as it is for a model.
    for (let target = positions === 'all' ? Math.min(start + 1, last) : last; target <= last; target++) {
      if (target < last && collector.isUsed(target)) {
        collector.leaveOut(1);
        continue;
      }
      scorer.score(itemIds.subarray(from, target), scores);
      if (scores[itemIds[target]] === 0) collector.miss(e, target, 'no-score');
      else collector.add(e, target, scores, 0);
    }
    if ((e + 1) % YIELD_EVERY === 0 || e + 1 === total) {
      onProgress?.({ done: e + 1, total });
      await yieldToEventLoop();
    }
  }
  const reads = history === 'all' ? ' It reads all events of the user before the query.' : '';
  return collector.result(`${scorer.description}${reads} A target with score 0 is a miss.`);
}
