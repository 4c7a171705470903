import { type ExampleSet, makeBatch, type Split } from '@seqrec/data';
import { encodeLast, metricsUnder, type TieRule, type TokenEncoder, uploadBatch } from '@seqrec/models';
import * as tf from '@tensorflow/tfjs-core';
import { windowed } from '../../data/dataset.ts';

/** Ranks of the test set and the target of each. */
export interface RankedTargets {
  readonly ranks: ArrayLike<number>;
  readonly tied: ArrayLike<number>;
  readonly ties: TieRule;
  /** Dense item of each. */
  readonly items: ArrayLike<number>;
}

/**
 * Metrics over the targets without a training event (cold) and over the others (warm), by these names, and of the cold
 * ones with only the cold items as candidates: a model that puts all of them below the warm items may still know which
 * of them it is.
 */
export const COLD_METRICS = [
  'HR@10, cold',
  'NDCG@10, cold',
  'HR@10, warm',
  'NDCG@10, warm',
  'HR@10, cold among cold',
  'cold targets',
] as const;

/** The metrics of both kinds of targets; of a kind without targets none. */
export function coldMetrics({ ranks, tied, ties, items }: RankedTargets, trained: Uint8Array): Record<string, number> {
  const groups = { cold: [] as number[], warm: [] as number[] };
  for (let q = 0; q < items.length; q++) groups[trained[items[q]] === 0 ? 'cold' : 'warm'].push(q);
  const named = Object.entries(groups).flatMap(([group, queries]) => {
    if (queries.length === 0) return [];
    const at = (values: ArrayLike<number>): number[] => queries.map((q) => values[q]);
    const metrics = metricsUnder({ ranks: at(ranks), tied: at(tied), ties }, [10]);
    return ['HR@10', 'NDCG@10'].map((name) => [`${name}, ${group}`, metrics[name]] as const);
  });
  return { ...Object.fromEntries(named), 'cold targets': groups.cold.length };
}

const QUERIES = 128;

/**
 * HR@10 of the cold targets of the test set among the cold items; nothing without cold targets. A user without a
 * history has no query.
 */
export async function coldAmongCold(
  model: TokenEncoder,
  { test }: Pick<Split, 'test'>,
  trained: Uint8Array,
): Promise<Record<string, number>> {
  const candidates = Int32Array.from(trained.keys()).filter((item) => item > 0 && trained[item] === 0);
  const placeOf = new Map(Array.from(candidates, (item, place) => [item, place]));
  const set: ExampleSet = windowed(test, model.maxSequenceLength);
  const targetOf = (e: number): number | undefined => placeOf.get(set.interactions.itemIds[set.targets[e]]);
  const queries = Array.from(set.targets.keys()).filter(
    (e) => targetOf(e) !== undefined && set.starts[e] < set.targets[e],
  );
  if (queries.length === 0) return {};
  const vectors = tf.tidy(() => tf.gather(model.itemVectors(), tf.tensor1d(candidates, 'int32')));
  const [ranks, tied]: [number[], number[]] = [[], []];
  try {
    for (let first = 0; first < queries.length; first += QUERIES) {
      const examples = queries.slice(first, first + QUERIES);
      const batch = uploadBatch(makeBatch(set, examples, model.columns));
      const product = tf.tidy(() => tf.matMul(encodeLast(model, batch), vectors, false, true));
      batch.dispose();
      const scores = await product.data();
      product.dispose();
      for (const [row, e] of examples.entries()) {
        const own = scores.subarray(row * candidates.length, (row + 1) * candidates.length) as Float32Array;
        const score = own[targetOf(e) as number];
        ranks.push(1 + own.reduce((count, other) => count + (other > score ? 1 : 0), 0));
        tied.push(own.reduce((count, other) => count + (other === score ? 1 : 0), 0) - 1);
      }
    }
  } finally {
    vectors.dispose();
  }
  return { 'HR@10, cold among cold': metricsUnder({ ranks, tied, ties: 'expected' }, [10])['HR@10'] };
}
