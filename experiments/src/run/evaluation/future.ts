import type { Split } from '@seqrec/data';
import { type Cadence, evaluateFuture, type FutureEvaluation, type TokenEncoder } from '@seqrec/models';
import { UsageError } from '../../errors.ts';
import { formatMetric } from '../../terminal/format.ts';
import { printWarnings } from '../../terminal/print-warnings.ts';
import type { Progress } from '../../terminal/progress.ts';
import { renderDefinition, renderTable } from '../../terminal/table.ts';
import type { EvaluatedModel } from '../open/open-run.ts';
import { Interrupted, type StopSignal } from '../process/stop.ts';

const cadences: readonly Cadence[] = ['once', 'daily', 'realtime'];

export interface FutureRequest {
  readonly days: number;
  readonly excludeSeen: boolean;
  /** Where the window begins: at the cut before the test set, or at the one before the validation set. */
  readonly part: 'validation' | 'test';
  readonly progress: Progress;
  /** Leaves with `Interrupted` when it has a signal. */
  readonly stop?: StopSignal;
}

/**
 * What users do in the days from a cut on, found from vectors of three cadences. No event of the
 * window was seen in training.
 *
 * @throws UsageError for a split without cuts in time.
 */
export async function evaluateCadences(
  model: TokenEncoder,
  { interactions, cuts, protocol }: Split,
  { days, excludeSeen, part, progress, stop }: FutureRequest,
): Promise<readonly (readonly [Cadence, FutureEvaluation])[]> {
  const time = part === 'test' ? cuts?.testTime : cuts?.validationTime;
  if (time === undefined)
    throw new UsageError(
      `--future: expected a run with a split by time; got ${protocol}`,
      'train with --data.split global-time',
    );
  const results: [Cadence, FutureEvaluation][] = [];
  for (const cadence of cadences) {
    const phase = progress.phase();
    const onProgress = ({ done, total }: { done: number; total: number }): void => {
      if (stop?.signal !== undefined) throw new Interrupted('stopped while evaluating');
      phase.update({ label: `${cadence}, vectors`, done, total });
    };
    try {
      results.push([
        cadence,
        await evaluateFuture({ model, interactions, time, days, cadence, excludeSeen, onProgress }),
      ]);
    } finally {
      phase.clear();
    }
  }
  return results;
}

/** `seqrec evaluate RUN --future DAYS`. */
export async function futureCommand(
  { run, model, data, epoch, about }: EvaluatedModel,
  options: FutureRequest & {
    /** Warnings of {@link chosenByItself}. */
    readonly chosenBy: readonly string[];
    readonly json: boolean;
  },
): Promise<number> {
  const results = await evaluateCadences(model, data.split, options);
  if (options.json) {
    const cadences = Object.fromEntries(results);
    console.log(JSON.stringify({ run: run.id, epoch, cadences, warnings: options.chosenBy }, null, 2));
    return 0;
  }
  const names = Object.keys(results[0][1].metrics);
  const columns = ['vectors', ...names].map((title, i) => ({
    title,
    align: i === 0 ? ('left' as const) : ('right' as const),
  }));
  const rows = results.map(([cadence, { metrics }]) => [cadence, ...names.map((name) => formatMetric(metrics[name]))]);
  console.log(`${about}, ${options.days} days from the ${options.part} cut\n\n${renderTable(columns, rows)}`);
  printWarnings(options.chosenBy);
  for (const [cadence, { warnings }] of results)
    for (const warning of warnings) console.log(`\n${cadence}: ${warning}`);
  for (const [cadence, { definition }] of results) console.log(`\n${cadence}\n${renderDefinition(definition)}`);
  return 0;
}
