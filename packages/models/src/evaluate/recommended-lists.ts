import { topItems } from '@seqrec/core';
import { type ExampleSet, makeBatch, type SequenceBatch } from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';
import { EvaluationError } from '../errors.ts';
import type { TokenEncoder } from '../model.ts';
import { yieldToEventLoop } from '../train/yield.ts';
import { checkBatchSize, checkLengths, encodeQueries } from './evaluation-blocks.ts';
import { askedAt, DEFAULT_QUERY_TIME, type QueryTime } from './query-time.ts';
import { type ExcludeSeen, seenEvents } from './seen.ts';

export interface RecommendedListsOptions {
  readonly model: TokenEncoder;
  /** Histories of at most the model's maximum; those without an event have no list. */
  readonly examples: ExampleSet;
  /** Length of the lists; fewer where fewer items are left. */
  readonly k: number;
  /** Which items are left out. */
  readonly excludeSeen: ExcludeSeen;
  /** Highest item that may stand in the list of an example; default: all may. */
  readonly candidates?: (example: number) => number;
  readonly queryTime?: QueryTime;
  /** Sequences encoded at a time, default 128. */
  readonly batchSize?: number;
  /** What the model is given in the place of a batch; default: the batch. */
  readonly histories?: (batch: SequenceBatch) => SequenceBatch;
  readonly onProgress?: (progress: { readonly done: number; readonly total: number }) => void;
}

/**
 * What a model recommends at the end of each history, best first; among equal scores the lower id first.
 *
 * @throws EvaluationError for a length that is no count of items, and for a history longer than the model reads.
 */
export async function recommendedLists(options: RecommendedListsOptions): Promise<Int32Array[]> {
  const { model, examples, k, queryTime = DEFAULT_QUERY_TIME, batchSize = 128 } = options;
  const { histories = (batch: SequenceBatch) => batch, onProgress } = options;
  const { starts, targets } = examples;
  if (!Number.isInteger(k) || k < 1 || k > model.numItems)
    throw new EvaluationError(`recommendedLists: expected k from 1 to ${model.numItems}; got ${k}`);
  checkBatchSize('recommendedLists', batchSize);
  checkLengths('recommendedLists', model, examples);
  const asked = Array.from(targets.keys()).filter((e) => starts[e] < targets[e]);
  const lists: Int32Array[] = [];
  const items = tf.tidy(() => model.itemVectors());
  try {
    for (let first = 0; first < asked.length; first += batchSize) {
      const block = asked.slice(first, first + batchSize);
      const asIs = askedAt(makeBatch(examples, block, model.columns), queryTime);
      const queries = encodeQueries(model, histories(asIs), undefined);
      try {
        const excluded = leftOutOf(block, options);
        const { ids } = await topItems({ queries, items, excluded, firstItem: 1, k });
        lists.push(...block.map((_, q) => ids.slice(q * k, (q + 1) * k).filter((id) => id > 0)));
      } finally {
        queries.dispose();
      }
      onProgress?.({ done: Math.min(first + batchSize, asked.length), total: asked.length });
      await yieldToEventLoop();
    }
  } finally {
    items.dispose();
  }
  return lists;
}

/** Distinct items that are left out of the list of an example: seen ones, and those that are no candidates. */
export function* leftOut(
  example: number,
  { examples, excludeSeen, candidates }: Pick<RecommendedListsOptions, 'examples' | 'excludeSeen' | 'candidates'>,
  numItems: number,
): Iterable<number> {
  const { targets, interactions } = examples;
  const last = candidates?.(example) ?? numItems;
  const seen = interactions.itemIds.subarray(...seenEvents(examples, example, targets[example], excludeSeen));
  for (const item of new Set(seen)) if (item <= last) yield item;
  for (let item = last + 1; item <= numItems; item++) yield item;
}

/** The same of a block. */
function leftOutOf(block: readonly number[], options: RecommendedListsOptions) {
  const offsets = new Int32Array(block.length + 1);
  const ids: number[] = [];
  for (const [q, e] of block.entries()) {
    for (const item of leftOut(e, options, options.model.numItems)) ids.push(item);
    offsets[q + 1] = ids.length;
  }
  return { offsets, ids: Int32Array.from(ids) };
}

/** Share of the items that are in at least one list: `|union of the lists| / I`. */
export function coverage(lists: readonly ArrayLike<number>[], numItems: number): number {
  const seen = new Set<number>();
  for (const list of lists) for (let place = 0; place < list.length; place++) seen.add(list[place]);
  return seen.size / numItems;
}

/**
 * How much more popular than what users take next a model recommends: the mean number of training events of the items
 * in all places of the lists, divided by that of the targets. Above 1 it leans to popular items; without a place 0.
 * Nothing where no target has an event.
 *
 * @param counts training events of each item, `[I + 1]`. @param targets items.
 */
export function popularityRatio(
  lists: readonly ArrayLike<number>[],
  targets: ArrayLike<number>,
  counts: ArrayLike<number>,
): number | undefined {
  let [sum, places, ofTargets] = [0, 0, 0];
  for (const list of lists) {
    for (let place = 0; place < list.length; place++) sum += counts[list[place]];
    places += list.length;
  }
  for (let t = 0; t < targets.length; t++) ofTargets += counts[targets[t]];
  if (ofTargets === 0) return undefined;
  return places === 0 ? 0 : sum / places / (ofTargets / targets.length);
}
