import type { ScoredRows } from '../../evaluate/ranking/rows.ts';
import type { TaskEvaluation } from '../task.ts';
import type { Judged } from './heads.ts';

/** A label of the rows of an evaluated set, with what the model says of them. */
export interface RankedLabel {
  /** The name of the head. */
  readonly label: string;
  readonly column: string;
  /** Columns of the heads above it: where one of them is 0 a label that is missing is 0. */
  readonly parents?: readonly string[];
  /** What its scores are: logits of clicks, numbers, or an order within the groups of the rows alone. */
  readonly as: Judged;
  readonly rows: ScoredRows;
  /** Logits, or predicted values, in the order of the examples that have the label. */
  readonly scores: Float64Array;
  /** The example of each row. */
  readonly examples: Int32Array;
}

export interface RankingEvaluation extends TaskEvaluation {
  /** Those that are served. */
  readonly labels: readonly RankedLabel[];
  /** The value of the configuration's `value`; the label of a row is that of its true labels. */
  readonly value?: RankedLabel;
}
