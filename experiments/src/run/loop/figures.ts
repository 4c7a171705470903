import type { ExampleSet } from '@seqrec/data';
import type { Model } from '@seqrec/models';
import type { SharedJudge } from '../ranks/evaluate-together.ts';

/** What an evaluation of a set gives a run, whatever its task. */
export interface SetFigures {
  readonly metrics: Readonly<Record<string, number>>;
  readonly warnings: readonly string[];
}

/** How a run judges its model while it trains. */
export interface Judge<M extends Model, E extends SetFigures> {
  /** The set that is evaluated while training. */
  readonly watched: ExampleSet;
  evaluate(model: M, set: ExampleSet): Promise<E>;
  /** The same of the watched set, or of the test set, by all ranks; absent: rank 0 evaluates alone. */
  readonly overRanks?: SharedJudge<M, E>['overRanks'];
  /** What `best` is chosen by. */
  value(figures: E): number;
  readonly better: 'larger' | 'smaller';
  /** The name of the metric that `best` is chosen by. */
  readonly selectBy: string;
}

/** Metrics of which less is better. */
const SMALLER = /^(logloss|NE|ECE|MSE|RMSE|MAE)/;

/** Which values of a metric are better. */
export function betterOf(metric: string): 'larger' | 'smaller' {
  return SMALLER.test(metric) ? 'smaller' : 'larger';
}

/** Whether `value` is better than the best so far. */
export function isBetter(value: number, best: number | undefined, better: 'larger' | 'smaller'): boolean {
  if (best === undefined) return true;
  return better === 'larger' ? value > best : value < best;
}
