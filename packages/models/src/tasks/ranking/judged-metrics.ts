import type { RowMetrics } from '../../evaluate/ranking/measured.ts';
import { rankingMetrics } from '../../evaluate/ranking/ranking-metrics.ts';
import type { ScoredRows } from '../../evaluate/ranking/rows.ts';
import { headMetrics, type Judged } from './heads.ts';

/** Whether a metric is one of scores that are judged so: an order predicts no label, and has those of order alone. */
export function isJudgedBy(as: Judged, metric: string): boolean {
  return as !== 'order' || headMetrics.order.some(({ name }) => name === metric);
}

/**
 * Whether the rows of a label are clicks: of the loss `binary`, and of losses that compare rows where the label is 0, 1
 * or missing.
 *
 * @param column the label of all events, so that every part of the data is judged alike.
 */
export function areClicks(as: Judged, column: Float32Array): boolean {
  return as === 'binary' || (as === 'order' && column.every((y) => y === 0 || y === 1 || Number.isNaN(y)));
}

/** Cut-offs of NDCG of scores that are an order. */
export const ORDER_CUTOFFS: readonly number[] = [10];

/** The metrics of rows by what their scores are. */
export function judgedMetrics(rows: ScoredRows, as: Judged): RowMetrics {
  if (as !== 'order') return rankingMetrics(rows);
  const found = rankingMetrics(rows, { ks: ORDER_CUTOFFS });
  const shown = <T>(values: Readonly<Record<string, T>>): Record<string, T> =>
    Object.fromEntries(Object.entries(values).filter(([metric]) => isJudgedBy(as, metric)));
  return {
    ...found,
    metrics: shown(found.metrics),
    undefinedMetrics: shown(found.undefinedMetrics),
    definition: found.definition.filter((line) => /^Rows:/.test(line) || isJudgedBy(as, line.split(':')[0])),
  };
}
