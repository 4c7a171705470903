import type { ClickRows } from '@seqrec/models';
import { betterOf } from '../loop/figures.ts';
import { tooFewUsers } from '../verdict/bootstrap.ts';
import {
  groupsOfSeveral,
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

/**
 * 95 % intervals over users, or over groups that hold rows of several, by metric; none of a metric where there are too
 * few of these.
 */
export function intervalsOf({ rows, metrics, users }: JudgedRows): Record<string, [number, number]> {
  const all = rowIntervals(rows, { metrics: resampledIn(metrics), users });
  const enough = all.filter(({ units }) => tooFewUsers(units) === undefined);
  return Object.fromEntries(enough.map(({ metric, low, high }) => [metric, [low, high]]));
}

/** A sentence of the intervals that are not over users; none where all are. */
export function groupIntervalsOf({ rows, users }: Pick<JudgedRows, 'rows' | 'users'>): string[] {
  const groups = groupsOfSeveral(rows, users);
  if (groups === undefined) return [];
  const few = tooFewUsers(groups, 'group');
  return [
    `Intervals of GAUC and NDCG@10: over groups, which hold rows of several users${few ? `; none, ${few}` : ''}.`,
  ];
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
