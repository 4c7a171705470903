import { existsSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import type { BackendChoice } from '@seqrec/core';
import { trainedItems } from '@seqrec/data';
import { loadModel } from '@seqrec/models';
import { isRankingConfig, type RunConfig } from '../../config/run-config.ts';
import type { RecipeConfig } from '../../config/schema.ts';
import { withoutBaselines } from '../../config/without-baselines.ts';
import type { PreparedData } from '../../data/dataset.ts';
import { isRankingMaterial, type RunMaterial } from '../../data/prepare-run.ts';
import { RunError } from '../../errors.ts';
import { settingsOf } from '../../run/evaluation/baseline-ranks.ts';
import { protocolOf } from '../../run/evaluation/evaluate-set.ts';
import { flatWindowTests } from '../../run/evaluation/window-tests.ts';
import { readJson } from '../../run/folder/atomic.ts';
import { readMetrics } from '../../run/folder/metrics-log.ts';
import { readRanks } from '../../run/folder/ranks.ts';
import type { RunResults } from '../../run/folder/results.ts';
import { listRuns, openRunDir, type RunDir } from '../../run/folder/run-dir.ts';
import { refuseLocked } from '../../run/folder/run-lock.ts';
import { executeAny } from '../../run/loop/execute-any.ts';
import { missingPlugins } from '../../run/open/recorded-plugins.ts';
import { checkSameData, savedRun } from '../../run/open/resume.ts';
import { Interrupted, type StopSignal } from '../../run/process/stop.ts';
import type { BaselineVerdict } from '../../run/verdict/verdict.ts';
import { formatDuration, formatMetric } from '../../terminal/format.ts';
import type { Progress } from '../../terminal/progress.ts';
import { coldAmongCold, coldMetrics } from './cold-items.ts';
import { partMetrics, recalibratedMetrics } from './further-metrics.ts';
import { futureMetrics } from './future-metrics.ts';
import type { FutureTable } from './table.ts';
import type { TrainedAs } from './trained-as.ts';

/** One run of a row. */
export interface SeedRun {
  readonly row: string;
  readonly seed: number;
  readonly run: string;
  readonly metrics: Readonly<Record<string, number>>;
  /** Of an earlier result on other data or under another question than here: what was changed for it. */
  readonly changed?: readonly string[];
  /** Absent for a run from before runs said it. */
  readonly trained?: TrainedAs;
  /** Against each baseline on the test set; absent for a run from before there was a verdict. */
  readonly beside?: readonly Pick<BaselineVerdict, 'baseline' | 'outcome'>[];
}

/** The configuration has its seed. */
export type SeedRequest = SeedOptions & RunMaterial;

interface SeedOptions {
  readonly row: string;
  readonly recipe: string;
  readonly out: string;
  readonly choice: BackendChoice;
  readonly progress: Progress;
  readonly stop: StopSignal;
  /** Adds the figures of items without a training event. */
  readonly coldItems?: boolean;
  /** Adds the figures of a window of the future. */
  readonly future?: FutureTable;
}

/** A finished run of exactly this configuration with all figures of the table. Nothing when a signal stopped it. */
export async function runSeed(request: SeedRequest): Promise<SeedRun | undefined> {
  const seed = await trainSeed(request);
  if (seed === undefined) return undefined;
  const trained = request.coldItems && !isRankingMaterial(request) ? await withColdItems(seed, request) : seed;
  if (request.future === undefined || isRankingMaterial(request)) return trained;
  try {
    const future = await futureMetrics(openRunDir(request.out, trained.run), request.future, request);
    return { ...trained, metrics: { ...trained.metrics, ...future } };
  } catch (error) {
    if (error instanceof Interrupted) return undefined;
    throw error;
  }
}

async function withColdItems(
  seed: SeedRun,
  { out, config, data, progress }: SeedOptions & { readonly config: RecipeConfig; readonly data: PreparedData },
): Promise<SeedRun> {
  const run = openRunDir(out, seed.run);
  const { ranks: file } = run;
  const { items, ...ranks } = readRanks(file);
  if (items === undefined)
    throw new RunError(`${file}: expected the target of each rank; got none; remove the run, it can be made again`);
  const trained = trainedItems(data.split.train);
  const model = await loadModel(ranks.checkpoint === 'best' ? run.best : run.last);
  try {
    const window = model.maxSequenceLength;
    const rules = protocolOf(data.split.test, { data, options: config.evaluation, window, progress });
    const among = await coldAmongCold(model, data.split, trained, rules);
    return { ...seed, metrics: { ...seed.metrics, ...coldMetrics({ ...ranks, items }, trained), ...among } };
  } finally {
    model.dispose();
  }
}

/** The run of exactly this configuration: found finished, gone on with, or made. Nothing when a signal stopped it. */
async function trainSeed(request: SeedRequest): Promise<SeedRun | undefined> {
  const { row, recipe, config, out, data, progress } = request;
  const label = `${row}, seed ${config.seed}`;
  const previous = findRun(out, recipe, config);
  const done = previous && finished(previous);
  if (previous && done) {
    checkSameData(previous, data.split.interactions.digest);
    progress.note(`${label}: ${previous.id} is there`);
    const metrics = allMetrics(previous, done);
    return { row, seed: config.seed, run: previous.id, metrics, ...beside(done, savedRun(previous).config, config) };
  }
  if (previous) refuseLocked(previous);
  const began = performance.now();
  const shown = isRankingMaterial(request) ? 'AUC' : 'HR@10';
  const { run, results } = await executeAny(request, {
    name: recipe,
    choice: request.choice,
    ...(previous && { previous }),
    out,
    progress,
    stop: request.stop,
    checkpoints: {},
    resumeOptions: '',
    onEpoch: (record) =>
      progress.note(
        `${label}: epoch ${record.epoch}/${config.training.epochs}  loss ${record.meanLoss.toFixed(4)}  ${shown} ${formatMetric(record.metrics[shown])}`,
      ),
  });
  if (run === undefined || results?.final === undefined) return undefined;
  progress.note(`${label}: ${formatDuration((performance.now() - began) / 1000)}`);
  return { row, seed: config.seed, run: run.id, metrics: allMetrics(run, results), ...beside(results, config, config) };
}

/** Of baselines that the run had under other settings nothing is known. */
function beside({ verdict }: RunResults, of: RunConfig, asked: RunConfig): Pick<SeedRun, 'beside'> {
  const isAsked = (baseline: string): boolean =>
    isRankingConfig(of) ||
    isRankingConfig(asked) ||
    isDeepStrictEqual(settingsOf(baseline, of.evaluation), settingsOf(baseline, asked.evaluation));
  return verdict
    ? {
        beside: verdict
          .filter(({ baseline }) => isAsked(baseline))
          .map(({ baseline, outcome }) => ({ baseline, outcome })),
      }
    : {};
}

/**
 * Of the test set as they are, and as `AUC, epoch 2` where it is watched; `validation/HR@10` at the tested epoch;
 * `older/MRR` and so on where users were held out; `AUC, gender F` of segments; `ECE, isotonic` recalibrated.
 */
function allMetrics(
  run: RunDir,
  { final, windowTests, segments, calibration }: RunResults,
): Readonly<Record<string, number>> {
  const tested = readMetrics(run.metrics).find(
    (record) => record.type === 'epoch' && record.split === 'validation' && record.epoch === final?.epoch,
  );
  const watched = tested?.type === 'epoch' ? Object.entries(tested.metrics) : [];
  const byEpoch = readMetrics(run.metrics).flatMap((record) =>
    record.type === 'epoch' && record.split === 'test'
      ? Object.entries(record.metrics).map(([name, value]) => [`${name}, epoch ${record.epoch}`, value] as const)
      : [],
  );
  return {
    ...Object.fromEntries(byEpoch),
    ...Object.fromEntries(watched.map(([name, value]) => [`validation/${name}`, value])),
    ...final?.metrics,
    ...(windowTests && flatWindowTests(windowTests)),
    ...partMetrics(segments),
    ...recalibratedMetrics(calibration),
  };
}

/** A run of this configuration in a folder; one that is finished, where there is one. */
export function findRun(out: string, recipe: string, config: RunConfig): RunDir | undefined {
  const runs = listRuns(out)
    .map((id) => openRunDir(out, id))
    // A run of a plug-in that is not loaded is another one.
    .filter((run) => missingPlugins(run).length === 0)
    .filter((run) => {
      const saved = savedRun(run);
      return saved.name === recipe && isDeepStrictEqual(withoutBaselines(saved.config), withoutBaselines(config));
    });
  return runs.find((run) => finished(run) !== undefined) ?? runs[0];
}

function finished(run: RunDir): RunResults | undefined {
  if (!existsSync(run.results)) return undefined;
  const results = readJson(run.results) as RunResults;
  return results.status === 'finished' && results.final !== undefined ? results : undefined;
}
