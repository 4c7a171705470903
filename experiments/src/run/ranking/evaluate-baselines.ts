import type { ExampleSet } from '@seqrec/data';
import { ClickRows, judgedMetrics, type RankingEvaluation, type ScoredRows } from '@seqrec/models';
import type { RowBaselineName } from '../../config/row-baseline-names.ts';
import { usersOf } from './evaluate-rows.ts';
import { rescored, rowBaselines } from './row-baselines.ts';

/** A baseline on one set: of the first label its rows, of all their metrics. */
export interface EvaluatedRows<R extends ScoredRows = ScoredRows> {
  readonly name: RowBaselineName;
  readonly split: string;
  readonly rows: R;
  /** The user of each row. */
  readonly users: Int32Array;
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
  const users = usersOf(labels[0], set);
  const perLabel = labels.map((ranked) =>
    rowBaselines(names, ranked, train, ranked.rows instanceof ClickRows ? 'binary' : 'squared').map(
      ({ definition, scores }) => {
        const rows = rescored(ranked, scores(set));
        return { rows, metrics: judgedMetrics(rows, ranked.as).metrics, definition };
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
    return { name, split: set.name, rows, users, metrics, definition: `Baseline ${name}: ${definition}.` };
  });
}
