import { type Split, trainingRows } from '@seqrec/data';
import { metricsUnder, type TieRule } from '@seqrec/models';

/** Ranks of the test set and the target of each. */
export interface RankedTargets {
  readonly ranks: ArrayLike<number>;
  readonly tied: ArrayLike<number>;
  readonly ties: TieRule;
  /** Dense item of each. */
  readonly items: ArrayLike<number>;
}

/** Metrics over the targets without a training event (cold) and over the others (warm), by these names. */
export const COLD_METRICS = ['HR@10, cold', 'NDCG@10, cold', 'HR@10, warm', 'NDCG@10, warm', 'cold targets'] as const;

/** Which items have a training event: 1 each, index 0 is padding. */
export function trainedItems({ train }: Split): Uint8Array {
  const trained = new Uint8Array(train.interactions.numItems + 1);
  for (const row of trainingRows(train).items) trained[row + 1] = 1;
  return trained;
}

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
