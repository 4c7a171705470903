import { writeJson } from '../folder/atomic.ts';
import { MetricsLog } from '../folder/metrics-log.ts';
import type { RunResults, ScoredModel } from '../folder/results.ts';
import type { RunDir } from '../folder/run-dir.ts';
import { TensorBoardWriter } from '../folder/tensorboard.ts';

/** Writes the results of a finished run, and the figures of the end into its logs. */
export function writeResults(run: RunDir, results: RunResults, step: number): void {
  writeJson(run.results, results);
  const { final } = results;
  if (final !== undefined) {
    const { epoch, checkpoint, split, metrics } = final;
    const log = new MetricsLog(run.metrics);
    log.append({ type: 'final', step, epoch, checkpoint, split, metrics, time: new Date().toISOString() });
    log.close();
  }
  const board = new TensorBoardWriter(run.path);
  board.scalars(step, boardScalars(results));
  board.close();
}

/**
 * The figures of the end as TensorBoard shows them: `test/HR@10`, and `baseline-item-knn/test/HR@10` for each baseline.
 */
function boardScalars({ baselines, final }: RunResults): Record<string, number> {
  const named = (prefix: string, { split, metrics }: ScoredModel): [string, number][] =>
    Object.entries(metrics).map(([metric, value]) => [`${prefix}${split}/${metric}`, value]);
  return Object.fromEntries([
    ...baselines.flatMap((each) => named(`baseline-${each.name}/`, each)),
    ...(final === undefined ? [] : named('', final)),
  ]);
}
