import { topItems } from '@seqrec/core';
import { gatherBatch, type Interactions, type SequenceBatch } from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';
import { EvaluationError } from '../errors.ts';
import type { TokenEncoder } from '../model.ts';
import { yieldToEventLoop } from '../train/yield.ts';
import { checkBatchSize, encodeQueries } from './evaluation-blocks.ts';
import { type FutureOptions, type FutureQuery, futureQueries } from './future-queries.ts';
import { type FoundEvents, foundEvents } from './future-recall.ts';
import { interestEntropy, p90Coverage } from './list-metrics.ts';
import { collapsed } from './ties.ts';

export interface EvaluateFutureOptions extends FutureOptions {
  readonly model: TokenEncoder;
  readonly interactions: Interactions;
  /** Items of the history are no candidates, unless they are targets; default true. */
  readonly excludeSeen?: boolean;
  /** Vectors computed at a time, default 128. */
  readonly batchSize?: number;
  readonly onProgress?: (progress: { readonly done: number; readonly total: number }) => void;
}

export interface FutureEvaluation {
  /** `Recall@10`, `P90Coverage@10`, and `InterestEntropy@50` where items have categories. */
  readonly metrics: Readonly<Record<string, number>>;
  readonly numQueries: number;
  readonly numTargets: number;
  /** The exact definition, one sentence a line. */
  readonly definition: readonly string[];
  /** What a reader of the metrics must know: more than 1 % of the lists are cut between equal scores. Mostly empty. */
  readonly warnings: readonly string[];
}

const SHORT = 10;
const LONG = 50;

/**
 * How much of what users do in a window of the future is among the top 10 of a vector from before: recall over all
 * target events, with the diversity of the lists.
 *
 * Source: Pancha et al. 2022, section 4.1 (arXiv:2205.04507). Differs from the paper in: the
 * index is the whole catalogue.
 * @throws EvaluationError, see {@link futureQueries}; also for data over other items than the model's, and when the
 *   model gives all candidates of every query the same score.
 */
export async function evaluateFuture(options: EvaluateFutureOptions): Promise<FutureEvaluation> {
  const { model, interactions, batchSize = 128, days = 14, cadence = 'once', excludeSeen = true } = options;
  checkBatchSize('future', batchSize);
  if (interactions.numItems !== model.numItems) {
    throw new EvaluationError(
      `future: expected data over the model's ${model.numItems} items; got ${interactions.numItems}; use the dataset the model was trained on`,
    );
  }
  const queries = futureQueries(interactions, options);
  const lists: Int32Array[] = [];
  let [found, numTargets, tiedLists, constantLists] = [0, 0, 0, 0];
  const items = tf.tidy(() => model.itemVectors());
  try {
    for (let first = 0; first < queries.length; first += batchSize) {
      const block = queries.slice(first, first + batchSize);
      const best = await topLists(block, items, options, excludeSeen);
      found += best.found;
      tiedLists += best.tiedLists;
      constantLists += best.constantLists;
      for (const { targets } of block) numTargets += targets.to - targets.from;
      lists.push(...best.lists);
      options.onProgress?.({ done: lists.length, total: queries.length });
      await yieldToEventLoop();
    }
  } finally {
    items.dispose();
  }
  if (constantLists === queries.length) throw collapsed('future');
  const { catalogue } = interactions;
  const short = lists.map((list) => list.subarray(0, SHORT));
  const diversity: Record<string, number> =
    catalogue?.hasCategories !== true
      ? {}
      : { [`InterestEntropy@${LONG}`]: interestEntropy(lists, (item) => catalogue.categories(item)) };
  return {
    metrics: {
      [`Recall@${SHORT}`]: found / numTargets,
      ...diversity,
      [`P90Coverage@${SHORT}`]: p90Coverage(short, interactions.numItems),
    },
    numQueries: queries.length,
    numTargets,
    definition: [
      `Targets: all ${numTargets} events of the ${days} days from ${new Date(options.time * 1000).toISOString()} of users with an event before.`,
      `Vectors: ${{ once: 'one a user, at the beginning', daily: 'a new one each day', realtime: 'a new one before each moment with events' }[cadence]}; ${queries.length} in all.`,
      `Candidates: all ${interactions.numItems} items${excludeSeen ? ', without those of the history that are no targets' : ''}.`,
      `Recall@${SHORT}: share of target events whose item is among the top ${SHORT}, over all events; where places ${SHORT} and ${SHORT + 1} have one score, its mean over all orders of the items with that score.`,
      ...(`InterestEntropy@${LONG}` in diversity
        ? [`InterestEntropy@${LONG}: entropy (nats) of the categories of the top ${LONG}, mean over lists.`]
        : []),
      `P90Coverage@${SHORT}: share of the catalogue that makes 90 % of all top-${SHORT} places.`,
      'Lists: among equal scores the lower id first, as they are recommended.',
    ],
    warnings:
      tiedLists <= 0.01 * queries.length
        ? []
        : [
            `ties: ${tiedLists} of ${queries.length} lists (${((100 * tiedLists) / queries.length).toFixed(1)} %) are cut at place ${SHORT} between items of one score; Recall@${SHORT} is its mean over their orders, the diversity is that of the lower ids`,
          ],
  };
}

/** The top 50 items of each query, fewer when there are not enough, and what its top 10 finds. */
async function topLists(
  queries: readonly FutureQuery[],
  items: tf.Tensor2D,
  { model, interactions }: EvaluateFutureOptions,
  excludeSeen: boolean,
): Promise<FoundEvents & { readonly lists: readonly Int32Array[] }> {
  const vectors = encodeQueries(model, historiesOf(queries, { model, interactions }), undefined);
  const k = Math.min(LONG, interactions.numItems);
  try {
    const excluded = excludeSeen
      ? seenOf(queries, interactions)
      : { offsets: new Int32Array(queries.length + 1), ids: new Int32Array(0) };
    const { ids, scores } = await topItems({ queries: vectors, items, excluded, firstItem: 1, k });
    const best = { vectors, items, ids, scores, k, excluded };
    return {
      ...(await foundEvents(queries, interactions.itemIds, best, SHORT)),
      lists: queries.map((_, q) => ids.slice(q * k, (q + 1) * k).filter((id) => id > 0)),
    };
  } finally {
    vectors.dispose();
  }
}

/** The latest events of each history; the query's own time stands where the time of a next event would. */
function historiesOf(
  queries: readonly FutureQuery[],
  { model, interactions }: Pick<EvaluateFutureOptions, 'model' | 'interactions'>,
): SequenceBatch {
  const offsets = new Int32Array(queries.length + 1);
  const events: number[] = [];
  for (const [b, { start, end }] of queries.entries()) {
    for (let event = Math.max(start, end - model.maxSequenceLength); event < end; event++) events.push(event);
    offsets[b + 1] = events.length;
  }
  const tokens = Int32Array.from(events);
  // The future is not an input; encoders read times of targets alone.
  const next = tokens.map((event) => event + 1);
  for (let b = 0; b < queries.length; b++) next[offsets[b + 1] - 1] = tokens[offsets[b + 1] - 1];
  const users = Int32Array.from(queries, ({ user }) => user);
  const rows = { users, offsets, tokens, next, targets: Int32Array.from(queries, ({ end }) => end - 1) };
  const batch = gatherBatch(interactions, rows, model.columns);
  const targetTimestamps = batch.targetTimestamps.slice();
  for (const [b, { requestTime }] of queries.entries()) targetTimestamps[offsets[b + 1] - 1] = requestTime;
  return { ...batch, targets: batch.itemIds, targetTimestamps };
}

function seenOf(
  queries: readonly FutureQuery[],
  { itemIds }: Interactions,
): { readonly offsets: Int32Array; readonly ids: Int32Array } {
  const offsets = new Int32Array(queries.length + 1);
  const ids: number[] = [];
  for (const [q, { start, end, targets }] of queries.entries()) {
    const wanted = new Set(itemIds.subarray(targets.from, targets.to));
    for (const item of new Set(itemIds.subarray(start, end))) if (!wanted.has(item)) ids.push(item);
    offsets[q + 1] = ids.length;
  }
  return { offsets, ids: Int32Array.from(ids) };
}
