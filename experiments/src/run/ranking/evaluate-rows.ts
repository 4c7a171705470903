import type { ExampleSet } from '@seqrec/data';
import type { RankedLabel, Ranker, RankingEvaluation } from '@seqrec/models';
import type { Progress } from '../../terminal/progress.ts';
import { withProgress } from '../evaluation/with-progress.ts';
import type { StopSignal } from '../process/stop.ts';
import type { ResolvedRanking } from './ranking-of.ts';

/** What an evaluation of rows needs besides the model and the set. */
export interface RowsContext {
  readonly task: ResolvedRanking['task'];
  readonly batchSize: number;
  readonly progress: Progress;
  /** Leaves the evaluation with `Interrupted` when it has a signal. */
  readonly stop?: StopSignal;
}

/** Scores and metrics of a model on the rows of a set. */
export function evaluateRows(model: Ranker, examples: ExampleSet, context: RowsContext): Promise<RankingEvaluation> {
  const { task, batchSize } = context;
  return withProgress(`evaluate ${examples.name}, rows`, context, (onProgress) =>
    task.evaluate({ model, examples, batchSize, onProgress }),
  );
}

/** The user of each row of a label. */
export function usersOf({ examples }: RankedLabel, { users }: ExampleSet): Int32Array {
  return examples.map((example) => users[example]);
}
