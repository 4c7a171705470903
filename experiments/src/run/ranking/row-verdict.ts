import type { ClickRows } from '@seqrec/models';
import { betterOf } from '../loop/figures.ts';
import { fewUsersOf } from '../verdict/bootstrap.ts';
import {
  orderMetrics,
  pairedRowDifferences,
  type RowMetric,
  rowIntervals,
  rowMetrics,
} from '../verdict/row-bootstrap.ts';
import { type BaselineVerdict, outcomeOf } from '../verdict/verdict.ts';
import type { EvaluatedRows } from './evaluate-baselines.ts';

/** The metrics among those with a bootstrap that have a value in all of the sets of figures. */
export function resampledIn(...figures: readonly Readonly<Record<string, number>>[]): RowMetric[] {
  return [...new Set([...rowMetrics, ...orderMetrics])].filter((metric) =>
    figures.every((metrics) => metrics[metric] !== undefined),
  );
}

/** Rows of clicks with their figures, and whose they are. */
export interface JudgedRows {
  readonly rows: ClickRows;
  readonly metrics: Readonly<Record<string, number>>;
  readonly users: Int32Array;
}

/** 95 % intervals over users, by metric; none where there are too few users. */
export function intervalsOf({ rows, metrics, users }: JudgedRows): Record<string, [number, number]> {
  if (fewUsersOf(users).length > 0) return {};
  const names = resampledIn(metrics);
  return Object.fromEntries(
    rowIntervals(rows, { metrics: names, users }).map(({ metric, low, high }) => [metric, [low, high]]),
  );
}

/** What is judged: order and loss. */
const JUDGED: readonly string[] = ['AUC', 'logloss'];

/** Whether a model is ahead of each baseline by AUC and log loss, paired by user: see `pairedRowDifferences`. */
export function judgeRows(
  model: JudgedRows,
  baselines: readonly EvaluatedRows<ClickRows>[],
  { split, selectBy }: { readonly split: string; readonly selectBy: string },
): BaselineVerdict[] {
  const { users: of } = model;
  const users = new Set(of).size;
  return baselines.map(({ name, rows, metrics }) => {
    const judged = resampledIn(model.metrics, metrics).filter((each) => JUDGED.includes(each) || each === selectBy);
    const differences = pairedRowDifferences(rows, model.rows, { metrics: judged, users: of });
    const outcome = outcomeOf(differences, (metric) => betterOf(metric) === 'smaller');
    return { baseline: name, split, users, outcome, differences };
  });
}
