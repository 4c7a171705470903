import { existsSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { type FutureEvaluation, loadModel } from '@seqrec/models';
import type { PreparedData } from '../../data/dataset.ts';
import { evaluateCadences } from '../../run/evaluation/future.ts';
import { readJson, writeJson } from '../../run/folder/atomic.ts';
import { readRanks } from '../../run/folder/ranks.ts';
import type { RunDir } from '../../run/folder/run-dir.ts';
import type { StopSignal } from '../../run/process/stop.ts';
import type { Progress } from '../../terminal/progress.ts';
import type { FutureTable } from './table.ts';

interface SavedFuture {
  /** Absent in files from before it was kept, which are of the last. */
  readonly checkpoint?: string;
  readonly window: FutureTable;
  readonly metrics: Readonly<Record<string, number>>;
}

/**
 * The figures of a window of the future of a finished run, of the checkpoint that its test figures are of; kept in
 * `future.json` of its folder.
 */
export async function futureMetrics(
  run: RunDir,
  window: FutureTable,
  context: { readonly data: PreparedData; readonly progress: Progress; readonly stop: StopSignal },
): Promise<Readonly<Record<string, number>>> {
  const file = `${run.path}/future.json`;
  const saved = existsSync(file) ? (readJson(file) as SavedFuture) : undefined;
  const { checkpoint } = readRanks(run.ranks);
  if (saved !== undefined && (saved.checkpoint ?? 'last') === checkpoint && isDeepStrictEqual(saved.window, window))
    return saved.metrics;
  const model = await loadModel(checkpoint === 'best' ? run.best : run.last);
  try {
    const request = { ...window, part: 'test' as const, progress: context.progress, stop: context.stop };
    const metrics = namedMetrics(Object.fromEntries(await evaluateCadences(model, context.data.split, request)));
    writeJson(file, { checkpoint, window, metrics } satisfies SavedFuture);
    return metrics;
  } finally {
    model.dispose();
  }
}

/** Metrics by the names of `FUTURE_METRICS`. */
export function namedMetrics(
  cadences: Readonly<Record<string, Pick<FutureEvaluation, 'metrics'>>>,
): Record<string, number> {
  const [daily, realtime] = ['daily', 'realtime'].map((cadence) => cadences[cadence].metrics['Recall@10']);
  return {
    ...cadences.once.metrics,
    'Recall@10, daily': daily,
    'Recall@10, real time': realtime,
    // Without a hit in real time there is nothing to keep.
    'kept daily': realtime === 0 ? 0 : daily / realtime,
  };
}
