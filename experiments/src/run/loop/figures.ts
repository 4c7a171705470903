import type { ExampleSet } from '@seqrec/data';
import type { Model, TaskMetric } from '@seqrec/models';
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
  /** A metric as choices are made by it, which of two that tie does not take the lucky one. */
  value(figures: E, metric: string): number;
  readonly better: 'larger' | 'smaller';
  /** The name of the metric that `best` is chosen by. */
  readonly selectBy: string;
  /** The metrics of the task, which say which way they are better. */
  readonly known?: readonly TaskMetric[];
}

/** Metrics of which less is better. */
const SMALLER = /^(logloss|NE|ECE|MSE|RMSE|MAE)/;

/**
 * Which values of a metric are better.
 *
 * @param known what a task says of its metrics, whose names are without the label; of others their name tells.
 */
export function betterOf(metric: string, known: readonly TaskMetric[] = []): 'larger' | 'smaller' {
  const [base] = metric.split('|');
  const said = known.find(({ name }) => name === metric) ?? known.find(({ name }) => name === base);
  return said?.better ?? (SMALLER.test(metric) ? 'smaller' : 'larger');
}

/** Whether `value` is better than the best so far. */
export function isBetter(value: number, best: number | undefined, better: 'larger' | 'smaller'): boolean {
  if (best === undefined) return true;
  return better === 'larger' ? value > best : value < best;
}
