import type { RowMetrics } from './measured.ts';
import { type RankingMetricsOptions, rankingMetrics } from './ranking-metrics.ts';
import { ClickRows, type RowInput, type ScoredRows, valueRows } from './rows.ts';

export interface SegmentMetrics extends RowMetrics {
  readonly segment: string;
}

/**
 * Metrics of each part of the rows, for example by age of the user or decile of the item. Parts are in the order in
 * which they first occur. The NE of a part is against the share of positives of the part, unless a `baseRate` is given:
 * a part that is easy to answer by its mean has a large NE with a small log loss. A part whose rows all weigh nothing
 * has no metrics and is left out.
 *
 * @param segmentOf name of the part of a row; `undefined` leaves the row out.
 */
export function metricsBySegment(
  rows: ScoredRows,
  segmentOf: (row: number) => string | number | undefined,
  options: RankingMetricsOptions = {},
): SegmentMetrics[] {
  const parts = new Map<string, number[]>();
  for (let row = 0; row < rows.size; row++) {
    const segment = segmentOf(row);
    if (segment === undefined) continue;
    const known = parts.get(String(segment));
    if (known === undefined) parts.set(String(segment), [row]);
    else known.push(row);
  }
  const weighing = [...parts].filter(([, own]) => own.some((row) => rows.weights[row] > 0));
  return Array.from(weighing, ([segment, own]) => ({ segment, ...rankingMetrics(selectRows(rows, own), options) }));
}

/** Some of the rows, which must be more than none. */
export function selectRows(rows: ClickRows, selected: ArrayLike<number>): ClickRows;
export function selectRows(rows: ScoredRows, selected: ArrayLike<number>): ScoredRows;
export function selectRows(rows: ScoredRows, selected: ArrayLike<number>): ScoredRows {
  const pick = (values: Float64Array): Float64Array => Float64Array.from(selected, (row) => values[row]);
  const { groups } = rows;
  const columns = {
    labels: pick(rows.labels),
    ...(rows.weighted && { weights: pick(rows.weights) }),
    ...(groups !== undefined && { groups: Float64Array.from(selected, (row) => groups.ids[groups.of[row]]) }),
  };
  if (!(rows instanceof ClickRows)) return valueRows({ ...columns, predictions: pick(rows.scores) });
  return clicksLike(rows, pick(rows.scores), columns);
}

/** The same rows in other groups, one number a row. */
export function withGroups(rows: ClickRows, groups: ArrayLike<number>): ClickRows {
  const { labels, weights, weighted, scores } = rows;
  return clicksLike(rows, scores, { labels, groups, ...(weighted && { weights }) });
}

/** Rows whose predictions are of the kind of others. */
function clicksLike({ scores, probabilities, clip }: ClickRows, own: Float64Array, columns: RowInput): ClickRows {
  const input = scores === probabilities ? { ...columns, probabilities: own } : { ...columns, logits: own };
  return new ClickRows(input, { clip });
}
