import { type Split, takeExamples } from '@seqrec/data';
import { metricsAmong, metricsUnder, type Protocol, type TieRule, type TokenEncoder } from '@seqrec/models';
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

/** The rules of an evaluation that this one has too. */
export type ColdRules = Pick<Protocol, 'excludeSeen' | 'queryTime' | 'ties' | 'candidates'>;

/**
 * HR@10 of the cold targets of the test set with the cold items alone as candidates, otherwise under the rules of the
 * evaluation: those of the history are none, and a query without a history is a miss, as in {@link coldMetrics}. So it
 * is never below `HR@10, cold` of the same evaluation. Nothing without cold targets, and among fewer than ten cold
 * items, where a hit is certain.
 *
 * @param rules of the run's evaluation, `candidates` by the examples of the test set; default: those of `evaluate`
 */
export async function coldAmongCold(
  model: TokenEncoder,
  { test }: Pick<Split, 'test'>,
  trained: Uint8Array,
  { excludeSeen, queryTime, ties, candidates }: ColdRules = {},
): Promise<Record<string, number>> {
  const isCold = trained.map((any, item) => Number(item > 0 && any === 0));
  const set = windowed(test, model.maxSequenceLength);
  const queries = Int32Array.from(set.targets.keys()).filter((e) => isCold[set.interactions.itemIds[set.targets[e]]]);
  const numCold = isCold.reduce((sum, cold) => sum + cold, 0);
  if (queries.length === 0 || numCold < 10) return {};
  const metrics = await metricsAmong(
    {
      ...{ excludeSeen, queryTime, ties, model, examples: takeExamples(set, queries), ks: [10] },
      ...(candidates && { candidates: (query: number) => candidates(queries[query]) }),
    },
    isCold,
  );
  return { 'HR@10, cold among cold': metrics['HR@10'] };
}
