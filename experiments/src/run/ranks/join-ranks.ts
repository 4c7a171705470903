import { availableParallelism, hostname } from 'node:os';
import { Worker } from 'node:worker_threads';
import {
  Collective,
  endShared,
  mpiTransport,
  type SharedRanks,
  sharedRanks,
  type Transport,
  tcpTransport,
  workerTransport,
} from '@seqrec/core/collectives';
import { RunError } from '../../errors.ts';
import type { RankPlan } from './discover-ranks.ts';

/** What the thread of a rank is started with. */
export interface RankStart<T> {
  readonly shared: SharedRanks;
  readonly rank: number;
  readonly timeout?: number;
  readonly task: T;
}

export interface JoinOptions<T> {
  /** Seconds that an exchange may take. */
  readonly timeout?: number;
  /** For ranks that are threads: the program of one, and what it is to do. */
  readonly program: URL;
  readonly task: T;
}

const SOURCES = import.meta.url.endsWith('.ts');
/** As the command itself is started in a clone; the launcher of tests has other flags. */
const FLAGS = SOURCES ? ['--conditions=@seqrec/source', '--disable-warning=ExperimentalWarning'] : [];

/** Meets the other ranks; nothing for a process that is alone. @throws CollectiveError, BackendError. */
export async function joinRanks<T>(plan: RankPlan, options: JoinOptions<T>): Promise<Collective | undefined> {
  const { timeout } = options;
  const collective = (transport: Transport): Collective =>
    new Collective(transport, timeout === undefined ? {} : { timeout });
  switch (plan.kind) {
    case 'alone':
      return undefined;
    case 'mpi': {
      const joined = collective(mpiTransport());
      if (joined.size > 1) return joined;
      await joined.close();
      return undefined;
    }
    case 'tcp':
      return collective(await tcpTransport(plan));
    case 'workers':
      return collective(startThreads(plan.size, options));
  }
}

function startThreads<T>(size: number, { timeout, program, task }: JoinOptions<T>): Transport {
  const shared = sharedRanks(size);
  for (let rank = 1; rank < size; rank++) {
    const workerData: RankStart<T> = { shared, rank, ...(timeout !== undefined && { timeout }), task };
    const worker = new Worker(program, { name: `rank ${rank}`, workerData, execArgv: FLAGS });
    worker.on('error', (error) => endShared(shared, `rank ${rank}: ${error.message}`));
    worker.on('exit', (code) => {
      if (code !== 0) endShared(shared, `rank ${rank} is gone: its thread has ended with code ${code}`);
    });
    // What it is waited for is the collective, not the thread.
    worker.unref();
  }
  return workerTransport(shared, 0);
}

/** The rank of a thread. */
export function joinAsThread<T>({ shared, rank, timeout }: RankStart<T>): Collective {
  return new Collective(workerTransport(shared, rank), timeout === undefined ? {} : { timeout });
}

/**
 * Threads for the kernels of a rank: the machine's, shared by the ranks on it. More would wait for each other.
 *
 * @throws RunError when the ranks are not of one program.
 */
export async function threadsOfRank(ranks: Collective, version: string): Promise<number> {
  const all = await ranks.gatherJson({ host: hostname(), version }, 'machine and version');
  const other = all.findIndex((each) => each.version !== all[0].version);
  if (other > 0)
    throw new RunError(
      `ranks: expected the same version of seqrec on all ${ranks.size} ranks; got ${all[0].version} on rank 0 and ${all[other].version} on rank ${other}`,
    );
  const here = all.filter(({ host }) => host === all[ranks.rank].host).length;
  return Math.max(1, Math.floor(availableParallelism() / here));
}
