import { join, relative } from 'node:path';
import { saveResult } from '../../results/saved.ts';
import { checkRunsFolder } from '../../run/folder/run-dir.ts';
import { withSideOf } from '../../run/open/native-products.ts';
import { checkBackendOptions, startBackend } from '../../run/process/backend.ts';
import { Interrupted, listenForStop, signalExitCode } from '../../run/process/stop.ts';
import { Progress } from '../../terminal/progress.ts';
import { definitionTitle } from '../definitions.ts';
import { checkChooses, checkRankedAlike } from '../search/check-space.ts';
import { type Cell, cellName, rowName } from './cell.ts';
import { checkCellAgainstData } from './cell-checks.ts';
import { cellDefinition } from './cell-definition.ts';
import { benchmarkCells, retrainedCell } from './cells.ts';
import { Grid } from './grid.ts';
import { type PlannedRow, readEarlierGrids } from './included.ts';
import { type GridTask, runJobs } from './jobs.ts';
import { requestedBenchmark } from './load-benchmark.ts';
import { type BenchmarkRequest, benchmarkFolder } from './request.ts';
import type { BenchmarkResult } from './result.ts';
import { type CellContext, runCell } from './run-cell.ts';
import { renderBenchmark } from './sections.ts';
import { checkCounted } from './training-flops.ts';
import { checkTrialsRetrain, dimensionsOf, tuningInWords } from './tune-cell.ts';

/** `seqrec benchmark`: runs what is missing of a grid, seed by seed, and writes its tables. Returns the exit code. */
export async function runBenchmark(request: BenchmarkRequest): Promise<number> {
  const benchmark = await requestedBenchmark(request);
  const out = benchmarkFolder(request);
  checkBackendOptions(request.backend);
  checkRunsFolder(out);
  const cells = await benchmarkCells(benchmark, request);
  if (request.tune !== undefined)
    for (const cell of cells) {
      const space = await dimensionsOf(cell, benchmark.models[cell.model].space, request.overrides);
      checkRankedAlike(space, cell.config.evaluation, benchmark.baselines);
      if (request.retrain) await checkTrialsRetrain(cell, space, request.tune.trials);
    }
  const earlier = readEarlierGrids(request.include ?? [], definitionTitle(request.benchmark));
  const progress = new Progress({ quiet: request.quietly });
  const choice = await startBackend(request.backend);
  const listeners: ((signal: NodeJS.Signals) => void)[] = [];
  const stop = listenForStop((signal) => {
    progress.note('stopping after this step; Ctrl-C again stops at once');
    for (const send of listeners) send(signal);
  });
  const grid = new Grid(request, { benchmark, out, progress, stop, earlier, planned: plannedRows(cells, request) });
  try {
    // What can be refused is refused before anything trains; of what is included all but other data and other rules.
    grid.result();
    for (const cell of cells) {
      const { data } = await grid.prepared(cell);
      checkCellAgainstData(cell, data);
      if (request.retrain) retrainedCell(cell, 1, data.split.interactions);
      if (request.tune === undefined) continue;
      checkChooses(data.split);
      await checkCounted('tune', request.tune.budget, cell.config, data.split.train);
    }
    for (const cell of cells) await grid.baselines(cell);
    // What is included has to be of the same data under the same rules: told before anything trains.
    grid.result();
    if (request.jobs !== undefined) {
      const onStop = (send: (signal: NodeJS.Signals) => void): void => void listeners.push(send);
      const asked = { ...request, backend: withSideOf(request.backend, choice) };
      const shared = { request: asked, count: request.jobs, progress, onStop };
      for (const tasks of tasksOf(request, cells)) await runJobs({ ...shared, tasks });
    }
    const tuned = request.tune && (await grid.tune(cells, request.tune, choice));
    const data: CellContext['data'] = async (cell) => (await grid.prepared(cell)).data;
    const context = { out, retrain: request.retrain ?? false, choice, progress, stop, data };
    for (const [i, seed] of request.seeds.entries())
      for (const [c, cell] of (tuned ?? cells).entries()) {
        progress.note(
          `${i * cells.length + c + 1} of ${cells.length * request.seeds.length}: ${cellName(cell)}, seed ${seed}`,
        );
        for (const { cell: of, done } of await runCell(cell, seed, context)) await grid.add(of, seed, done);
        grid.write();
      }
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error;
    console.error('the same command goes on from here');
    return signalExitCode(stop.signal ?? 'SIGINT');
  } finally {
    stop.dispose();
  }
  const result = grid.result();
  const files = grid.write();
  console.log(renderBenchmark(result));
  if (request.save !== undefined)
    console.error(`saved: ${saveResult(request.save, 'benchmark', withoutFiles(result))}`);
  console.log(`written: ${files.map((file) => relative(process.cwd(), join(out, file))).join(', ')}`);
  return 0;
}

/** Ranks stay where they were made. */
function withoutFiles(result: BenchmarkResult): BenchmarkResult {
  return { ...result, rows: result.rows.map((row) => ({ ...row, ranks: '' })) };
}

/** The rows of cells, with those that retraining adds. */
function plannedRows(cells: readonly Cell[], { seeds, retrain, tune }: BenchmarkRequest): PlannedRow[] {
  return cells.flatMap((cell) =>
    [cell, ...(retrain ? [{ ...cell, retrained: true }] : [])].map(({ data, protocol, ...of }) => ({
      ...{ data, protocol, row: rowName(of), seeds, definition: cellDefinition(of) },
      ...(tune && { tuning: tuningInWords(tune) }),
    })),
  );
}

/** What jobs do, stage by stage: settings are found before anything is run with them. */
function tasksOf({ tune, seeds }: BenchmarkRequest, cells: readonly Cell[]): GridTask[][] {
  const all = (kind: GridTask['kind'], seed: number): GridTask[] => cells.map((_, cell) => ({ kind, cell, seed }));
  return [...(tune ? [all('tune', seeds[0])] : []), seeds.flatMap((seed) => all('run', seed))];
}
