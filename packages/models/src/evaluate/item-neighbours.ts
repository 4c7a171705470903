import { l2Normalize } from '@seqrec/core';
import { type ExampleSet, type ItemCatalogue, trainingEvents } from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';
import { EvaluationError } from '../errors.ts';
import type { TokenEncoder } from '../model.ts';
import { yieldToEventLoop } from '../train/yield.ts';
import { neighbourQuality } from './neighbour-quality.ts';

export interface ItemNeighboursOptions {
  readonly model: TokenEncoder;
  /** Whole training histories: their events are the popularity of items, whatever windows the model was trained on. */
  readonly train: ExampleSet;
  /** Most items that are queries, an even selection by popularity; default 5,000. */
  readonly maxQueries?: number;
  readonly onProgress?: (progress: { readonly done: number; readonly total: number }) => void;
}

export interface ItemNeighbours {
  /** `mAP`, `Recall@10` and `Recall@100` over all queries. */
  readonly metrics: Readonly<Record<string, number>>;
  /** The same of each tenth of the queries, the least popular first. */
  readonly deciles: readonly {
    readonly metrics: Readonly<Record<string, number>>;
    readonly queries: number;
    /** Training events of its items: fewest and most. */
    readonly events: readonly [number, number];
  }[];
  readonly numQueries: number;
  /** The exact definition, one sentence a line. */
  readonly definition: readonly string[];
}

const KS = [10, 100] as const;
/** Query items scored at a time. */
const BLOCK = 256;

/**
 * Quality of item vectors: are the neighbours of an item of its kind? For every item the others are ranked by cosine,
 * and those with exactly the same set of categories are what should come first:
 * `AP = 1/R sum_j j / rank_j` over the `R` relevant items, the `j`-th at `rank_j`,
 * `Recall@k = relevant items of rank up to k / R`; means over the orders of equal cosines
 * ({@link neighbourQuality}), then over query items. Cosines also of a model that scores by products: its vectors are
 * divided by their lengths, by 1e-6 at least, so that one of length 0 has cosine 0 with all.
 *
 * Candidates are the items with a training event. Queries are those with categories and another candidate of the same
 * ones. A tenth ("decile") is by training events, ties by id.
 *
 * Source: Joshi et al., "Sliding Window Training", RecSys 2024 (mAP and recall of item embeddings; the task is not
 * published, this one is a reading of it).
 * @throws EvaluationError when the data have no categories, or no item has a neighbour of its kind.
 */
export async function evaluateItemNeighbours(options: ItemNeighboursOptions): Promise<ItemNeighbours> {
  const { model, train, maxQueries = 5000, onProgress } = options;
  if (!Number.isInteger(maxQueries) || maxQueries < 1)
    throw new EvaluationError(`item neighbours: maxQueries: expected an integer >= 1; got ${maxQueries}`);
  const { catalogue } = train.interactions;
  if (catalogue?.hasCategories !== true) {
    throw new EvaluationError(
      `item neighbours: expected items with categories; got ${train.interactions.name}, which has none; MovieLens data have genres`,
    );
  }
  const events = new Float64Array(model.numItems + 1);
  trainingEvents(train).forEach((inTraining, event) => {
    events[train.interactions.itemIds[event]] += inTraining;
  });
  const candidates = Int32Array.from({ length: model.numItems }, (_, i) => i + 1).filter((item) => events[item] > 0);
  const kinds = kindsOf(catalogue, candidates);
  const queries = [...candidates.keys()]
    .filter((place) => (kinds.sizes.get(kinds.of[place]) ?? 0) > 1)
    .sort((a, b) => events[candidates[a]] - events[candidates[b]] || a - b);
  if (queries.length === 0)
    throw new EvaluationError('item neighbours: expected two items of the same categories in training; got none');
  const chosen = even(queries, maxQueries);
  const qualities: number[][] = [];
  const vectors = tf.tidy(() => {
    const rows = tf.gather(model.itemVectors(), tf.tensor1d(candidates, 'int32'));
    return model.similarity === 'dot' ? l2Normalize(rows) : rows;
  });
  try {
    for (let first = 0; first < chosen.length; first += BLOCK) {
      const block = chosen.slice(first, first + BLOCK);
      const scores = tf.tidy(() => tf.matMul(tf.gather(vectors, tf.tensor1d(block, 'int32')), vectors, false, true));
      const host = (await scores.data()) as Float32Array;
      scores.dispose();
      if (host.some(Number.isNaN))
        throw new EvaluationError(
          "item neighbours: expected finite cosines; got NaN; the model's weights are probably not finite",
        );
      for (const [row, query] of block.entries()) {
        const own = host.subarray(row * candidates.length, (row + 1) * candidates.length);
        qualities.push(neighbourQuality(own, query, (place) => kinds.of[place] === kinds.of[query], KS));
      }
      onProgress?.({ done: qualities.length, total: chosen.length });
      await yieldToEventLoop();
    }
  } finally {
    vectors.dispose();
  }
  const tenth = (d: number): number => Math.round((d * chosen.length) / 10);
  const deciles = Array.from({ length: 10 }, (_, d) => ({ from: tenth(d), to: tenth(d + 1) }))
    .filter(({ from, to }) => to > from)
    .map(({ from, to }) => ({
      metrics: means(qualities.slice(from, to)),
      queries: to - from,
      events: [events[candidates[chosen[from]]], events[candidates[chosen[to - 1]]]] as const,
    }));
  return {
    metrics: means(qualities),
    deciles,
    numQueries: chosen.length,
    definition: [
      `Items: cosines of item vectors; candidates are the ${candidates.length} items with a training event, queries the ${chosen.length} of them with another candidate of exactly the same set of categories, which are the relevant ones.`,
      'mAP: mean over query items of the average precision of the full ranking. Recall@k: share of the relevant items among the first k. Both are means over all orders of equal cosines. Deciles: tenths of the query items by training events, 1 the least popular.',
    ],
  };
}

/**
 * For every candidate a number that is the same for equal sets of categories, -1 without any; and how many have each.
 */
function kindsOf(catalogue: ItemCatalogue, candidates: Int32Array): { of: Int32Array; sizes: Map<number, number> } {
  const numbers = new Map<string, number>();
  const sizes = new Map<number, number>();
  const of = candidates.map((item) => {
    const categories = [...new Set(catalogue.categories(item))].sort();
    if (categories.length === 0) return -1;
    const key = JSON.stringify(categories);
    const kind = numbers.get(key) ?? numbers.size;
    numbers.set(key, kind);
    sizes.set(kind, (sizes.get(kind) ?? 0) + 1);
    return kind;
  });
  return { of, sizes };
}

function even(list: readonly number[], most: number): number[] {
  if (list.length <= most) return [...list];
  return Array.from({ length: most }, (_, i) => list[Math.floor(((i + 0.5) * list.length) / most)]);
}

function means(rows: readonly (readonly number[])[]): Record<string, number> {
  const names = ['mAP', ...KS.map((k) => `Recall@${k}`)];
  return Object.fromEntries(names.map((name, m) => [name, rows.reduce((sum, row) => sum + row[m], 0) / rows.length]));
}
