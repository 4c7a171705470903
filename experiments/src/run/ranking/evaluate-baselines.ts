import type { ExampleSet } from '@seqrec/data';
import { ClickRows, type RankingEvaluation, rankingMetrics, type ScoredRows } from '@seqrec/models';
import type { RowBaselineName } from '../../config/row-baseline-names.ts';
import { rescored, rowBaselines } from './row-baselines.ts';

/** A baseline on one set: of the first label its rows, of all their metrics. */
export interface EvaluatedRows<R extends ScoredRows = ScoredRows> {
  readonly name: RowBaselineName;
  readonly split: string;
  readonly rows: R;
  readonly metrics: Readonly<Record<string, number>>;
  readonly definition: string;
}

/** Baselines of every label of an evaluation, on its rows. */
export function evaluateRowBaselines(
  names: readonly RowBaselineName[],
  train: ExampleSet,
  set: ExampleSet,
  { labels }: RankingEvaluation,
): EvaluatedRows[] {
  const perLabel = labels.map((ranked) =>
    rowBaselines(names, ranked.column, train, ranked.rows instanceof ClickRows ? 'binary' : 'squared').map(
      ({ definition, scores }) => {
        const rows = rescored(ranked, scores(set));
        return { rows, metrics: rankingMetrics(rows).metrics, definition };
      },
    ),
  );
  return names.map((name, b) => {
    const metrics: Record<string, number> = {};
    for (const [l, { label }] of labels.entries()) {
      const suffix = l === 0 ? '' : `|${label}`;
      for (const [metric, value] of Object.entries(perLabel[l][b].metrics)) metrics[`${metric}${suffix}`] = value;
    }
    const { rows, definition } = perLabel[0][b];
    return { name, split: set.name, rows, metrics, definition: `Baseline ${name}: ${definition}.` };
  });
}
