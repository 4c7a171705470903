import { checkBackendOptions, startBackend } from '../../run/process/backend.ts';
import { Interrupted, type StopSignal } from '../../run/process/stop.ts';
import type { Progress } from '../../terminal/progress.ts';
import type { Cell } from './cell.ts';
import { benchmarkCells } from './cells.ts';
import type { GridTask } from './jobs.ts';
import { requestedBenchmark } from './load-benchmark.ts';
import { type BenchmarkRequest, benchmarkFolder, tuningOf } from './request.ts';
import { preparedOnce, runCell } from './run-cell.ts';
import { tuneCell } from './tune-cell.ts';

/** What does tasks of a grid one after another, on one thread unless the request says otherwise. */
export async function gridWorker(
  request: BenchmarkRequest,
  { progress, stop }: { readonly progress: Progress; readonly stop: StopSignal },
): Promise<(task: GridTask) => Promise<void>> {
  const benchmark = await requestedBenchmark(request);
  const cells = await benchmarkCells(benchmark, request);
  const out = benchmarkFolder(request);
  const { threads = 1 } = checkBackendOptions(request.backend);
  const choice = await startBackend({ ...request.backend, threads });
  const data = preparedOnce(request.dataFolder, progress);
  const tuned = async (cell: Cell): Promise<Cell> => {
    if (request.tune === undefined) return cell;
    const context = { data: await data(cell), choice, progress, stop };
    const { config } = await tuneCell(cell, { ...tuningOf(request, request.tune, benchmark, cell), ...context });
    return { ...cell, config };
  };
  return async ({ kind, cell: place, seed }) => {
    if (stop.signal !== undefined) throw new Interrupted('stopped');
    const cell = await tuned(cells[place]);
    if (kind === 'tune') return;
    await runCell(cell, seed, { out, retrain: request.retrain ?? false, choice, progress, stop, data });
  };
}
