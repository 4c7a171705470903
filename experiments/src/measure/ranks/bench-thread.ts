// The program of a rank of a benchmark that is a thread.
import { workerData } from 'node:worker_threads';
import { joinAsThread, type RankStart } from '../../run/ranks/join-ranks.ts';
import { type RankBenchTask, runBench } from './bench-among-ranks.ts';

const start = workerData as RankStart<RankBenchTask>;
try {
  await runBench(joinAsThread(start), start.task);
} catch {
  // Rank 0 hears the reason from the collective, and says it.
}
