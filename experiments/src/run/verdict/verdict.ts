import type { Evaluation } from '@seqrec/models';
import type { SavedRanks } from '../folder/ranks.ts';
import { type PairedDifference, pairedDifferences } from './paired.ts';
import type { RowDifference } from './row-bootstrap.ts';

/**
 * A paired difference; of metrics of rows there is no permutation test, and the interval may be over so many groups:
 * see `RowInterval`.
 */
export type VerdictDifference = Omit<PairedDifference, 'p'> &
  Partial<Pick<PairedDifference, 'p'>> &
  Partial<Pick<RowDifference, 'units' | 'overGroups'>>;

/** A model against one baseline, on the queries of one set. */
export interface BaselineVerdict {
  readonly baseline: string;
  readonly split: string;
  /** That the differences are paired by; absent in results from before it was counted. */
  readonly users?: number;
  /** `mixed`: ahead by one metric, behind by another. */
  readonly outcome: 'beats' | 'loses' | 'mixed' | 'equals';
  /** First is the baseline, second the model: `model - baseline`. */
  readonly differences: readonly VerdictDifference[];
}

/** What an evaluation says query by query. */
export type Ranked = Pick<Evaluation, 'ranks' | 'tied' | 'ties' | 'users' | 'items' | 'examples'>;

/** The same by example, ranks as float32. */
export type OrderedRanks = Pick<SavedRanks, 'ranks' | 'tied' | 'ties' | 'users'> & Pick<Evaluation, 'items'>;

/** Ranks that can be paired, by example: what `inOrder` gives, and a run folder. */
export interface RankedBaseline {
  readonly name: string;
  readonly ranks: Parameters<typeof pairedDifferences>[0];
}

export interface JudgeOptions {
  /** Cut-offs of the evaluation. */
  readonly ks: readonly number[];
  /** The metric that chooses the checkpoint: it is judged as well. */
  readonly selectBy: string;
  readonly split: string;
  readonly resamples?: number;
}

/** Enough for an interval to two digits, few enough that four baselines take seconds. */
const RESAMPLES = 2000;

/** Hit rate at the first cut-off, NDCG there, and what chooses the checkpoint. */
export function judgedMetrics({ ks, selectBy }: Pick<JudgeOptions, 'ks' | 'selectBy'>): string[] {
  return [...new Set([`HR@${ks[0]}`, `NDCG@${ks[0]}`, selectBy])];
}

/**
 * Whether a model is ahead of each baseline, paired by user: see `pairedDifferences`.
 *
 * @throws RunError when a baseline was not evaluated on the queries of the model.
 */
export function judge(model: Ranked, baselines: readonly RankedBaseline[], options: JudgeOptions): BaselineVerdict[] {
  const metrics = judgedMetrics(options);
  const ours = inOrder(model);
  const users = new Set(ours.users).size;
  return baselines.map(({ name, ranks }) => {
    const { resamples = RESAMPLES } = options;
    const differences = pairedDifferences(ranks, ours, metrics, { resamples });
    return { baseline: name, split: options.split, users, outcome: outcomeOf(differences), differences };
  });
}

/** Of differences of metrics of which more is better, and of those in `smaller`. */
export function outcomeOf(
  differences: readonly Pick<PairedDifference, 'metric' | 'difference'>[],
  smaller: (metric: string) => boolean = () => false,
): BaselineVerdict['outcome'] {
  const gains = differences.map(({ metric, difference }) => (smaller(metric) ? -difference : difference));
  const ahead = gains.some((gain) => gain > 0);
  const behind = gains.some((gain) => gain < 0);
  return ahead && behind ? 'mixed' : ahead ? 'beats' : behind ? 'loses' : 'equals';
}

/** Queries by example, and as float32, as a run folder has them: a model adds those without history first. */
export function inOrder(evaluation: Ranked): OrderedRanks {
  const count = evaluation.examples.length;
  const order = Array.from({ length: count }, (_, q) => q);
  // Stable: the queries of one example stay in the order of time.
  order.sort((a, b) => evaluation.examples[a] - evaluation.examples[b]);
  return {
    ranks: Float32Array.from(order, (q) => evaluation.ranks[q]),
    tied: Int32Array.from(order, (q) => evaluation.tied[q]),
    ties: evaluation.ties,
    users: Int32Array.from(order, (q) => evaluation.users[q]),
    items: Int32Array.from(order, (q) => evaluation.items[q]),
  };
}
