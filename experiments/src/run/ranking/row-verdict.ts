import type { ClickRows } from '@seqrec/models';
import { betterOf } from '../loop/figures.ts';
import { pairedRowDifferences, type RowMetric, rowIntervals, rowMetrics } from '../verdict/row-bootstrap.ts';
import { type BaselineVerdict, outcomeOf } from '../verdict/verdict.ts';
import type { EvaluatedRows } from './evaluate-baselines.ts';

/** The metrics among those with a bootstrap that have a value in all of the sets of figures. */
export function resampledIn(...figures: readonly Readonly<Record<string, number>>[]): RowMetric[] {
  return rowMetrics.filter((metric) => figures.every((metrics) => metrics[metric] !== undefined));
}

/** 95 % intervals over users, by metric. */
export function intervalsOf(
  rows: ClickRows,
  metrics: Readonly<Record<string, number>>,
): Record<string, [number, number]> {
  const names = resampledIn(metrics);
  return Object.fromEntries(
    rowIntervals(rows, { metrics: names }).map(({ metric, low, high }) => [metric, [low, high]]),
  );
}

/** What is judged: order and loss. */
const JUDGED: readonly string[] = ['AUC', 'logloss'];

/** Whether a model is ahead of each baseline by AUC and log loss, paired by user: see `pairedRowDifferences`. */
export function judgeRows(
  model: { readonly rows: ClickRows; readonly metrics: Readonly<Record<string, number>> },
  baselines: readonly EvaluatedRows<ClickRows>[],
  { split, selectBy }: { readonly split: string; readonly selectBy: string },
): BaselineVerdict[] {
  const users = model.rows.groupsFor('verdict').count;
  return baselines.map(({ name, rows, metrics }) => {
    const judged = resampledIn(model.metrics, metrics).filter((each) => JUDGED.includes(each) || each === selectBy);
    const differences = pairedRowDifferences(rows, model.rows, { metrics: judged });
    const outcome = outcomeOf(differences, (metric) => betterOf(metric) === 'smaller');
    return { baseline: name, split, users, outcome, differences };
  });
}
