import { type Cadence, evaluateFuture, type FutureEvaluation } from '@seqrec/models';
import { UsageError } from '../errors.ts';
import { formatMetric } from '../terminal/format.ts';
import type { Progress } from '../terminal/progress.ts';
import { renderTable } from '../terminal/table.ts';
import type { TrainedRun } from './open-run.ts';

const cadences: readonly Cadence[] = ['once', 'daily', 'realtime'];

/**
 * `seqrec evaluate RUN --future DAYS`: what a user does in the days after the test cut, found from vectors of three cadences.
 * The run must have been trained with a split by time, so that no event of the window was seen in training.
 */
export async function futureCommand(
  { run, model, data, epoch }: TrainedRun,
  options: {
    readonly days: number;
    readonly excludeSeen: boolean;
    readonly json: boolean;
    readonly progress: Progress;
  },
): Promise<number> {
  const { split } = data;
  const time = split.cuts?.testTime;
  if (time === undefined)
    throw new UsageError(
      `--future: expected a run with a split by time; got ${split.protocol}`,
      'train with --data.split global-time',
    );
  const results: [Cadence, FutureEvaluation][] = [];
  for (const cadence of cadences) {
    const phase = options.progress.phase();
    const onProgress = ({ done, total }: { done: number; total: number }): void =>
      phase.update({ label: `${cadence}, vectors`, done, total });
    const { days, excludeSeen } = options;
    const { interactions } = split;
    results.push([
      cadence,
      await evaluateFuture({ model, interactions, time, days, cadence, excludeSeen, onProgress }),
    ]);
    phase.clear();
  }
  if (options.json) {
    console.log(JSON.stringify({ run: run.id, epoch, cadences: Object.fromEntries(results) }, null, 2));
    return 0;
  }
  const names = Object.keys(results[0][1].metrics);
  const columns = ['vectors', ...names].map((title, i) => ({
    title,
    align: i === 0 ? ('left' as const) : ('right' as const),
  }));
  const rows = results.map(([cadence, { metrics }]) => [cadence, ...names.map((name) => formatMetric(metrics[name]))]);
  console.log(`${run.id}, epoch ${epoch}, ${options.days} days after the test cut\n\n${renderTable(columns, rows)}`);
  for (const [cadence, { definition }] of results)
    console.log(`\n${cadence}\n${definition.map((line) => `- ${line}`).join('\n')}`);
  return 0;
}
