import type { ExampleSet } from '@seqrec/data';
import { type ExcludeSeen, seenEvents } from '../evaluate/seen.ts';
import { yieldToEventLoop } from '../train/yield.ts';
import type { Scorer, ScorerHistory } from './scorer.ts';

export interface ScorerListsOptions {
  readonly scorer: Scorer;
  /** Those without an event before the target have no list. */
  readonly examples: ExampleSet;
  /** Length of the lists; fewer where fewer items have a score. */
  readonly k: number;
  /** Which items are left out. */
  readonly excludeSeen: ExcludeSeen;
  /** What it reads: the `window` that a model has (default), or `all` events of the user before the target. */
  readonly history?: ScorerHistory;
  /** Highest item that may stand in the list of an example; default: all may. */
  readonly candidates?: (example: number) => number;
  readonly onProgress?: (progress: { readonly done: number; readonly total: number }) => void;
}

const YIELD_EVERY = 256;

/**
 * What a {@link Scorer} recommends at the end of each history, best first; among equal scores the lower id first. Items
 * with score 0, of which it knows nothing, are in no list.
 */
export async function scorerLists(options: ScorerListsOptions): Promise<Int32Array[]> {
  const { scorer, examples, k, excludeSeen, history = 'window', candidates, onProgress } = options;
  const { starts, targets, users, interactions } = examples;
  const { itemIds, userOffsets } = interactions;
  const scores = new Float64Array(scorer.numItems + 1);
  const lists: Int32Array[] = [];
  for (let e = 0; e < targets.length; e++) {
    if (starts[e] < targets[e]) {
      const from = history === 'all' ? userOffsets[users[e]] : starts[e];
      scorer.score(itemIds.subarray(from, targets[e]), scores);
      for (const item of itemIds.subarray(...seenEvents(examples, e, targets[e], excludeSeen))) scores[item] = 0;
      lists.push(best(scores, k, candidates?.(e) ?? scorer.numItems));
    }
    if ((e + 1) % YIELD_EVERY === 0 || e + 1 === targets.length) {
      onProgress?.({ done: e + 1, total: targets.length });
      await yieldToEventLoop();
    }
  }
  return lists;
}

/** The items `1 .. last` of the `k` highest scores but 0, best first. */
function best(scores: Float64Array, k: number, last: number): Int32Array {
  const list: number[] = [];
  for (let item = 1; item <= last; item++) {
    const score = scores[item];
    if (score === 0 || (list.length === k && !(score > scores[list[k - 1]]))) continue;
    let place = list.length;
    while (place > 0 && scores[list[place - 1]] < score) place--;
    list.splice(place, 0, item);
    if (list.length > k) list.pop();
  }
  return Int32Array.from(list);
}
