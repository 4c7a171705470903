// The program of a rank that is a thread: takes part in the training of the process that started it.
import { workerData } from 'node:worker_threads';
import { loadPlugin } from '../../plugins/load-plugins.ts';
import { joinAsThread, type RankStart } from '../ranks/join-ranks.ts';
import { type TrainRunRequest, trainAsRank } from './train-run.ts';

export interface RankTask {
  readonly request: TrainRunRequest;
  readonly plugins: readonly string[];
}

const start = workerData as RankStart<RankTask>;
const ranks = joinAsThread(start);
try {
  for (const plugin of start.task.plugins) await loadPlugin(plugin, process.cwd(), `rank ${start.rank}`);
  process.exitCode = await trainAsRank(start.task.request, ranks);
} catch (error) {
  // Rank 0 hears the reason from the collective, and says it.
  ranks.abort(error instanceof Error ? error.message : String(error));
}
