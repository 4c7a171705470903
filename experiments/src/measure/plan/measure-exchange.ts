import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { Network } from '@seqrec/models';
import { RunError } from '../../errors.ts';
import { median } from '../bench/statistics.ts';
import type { ExchangeStart, ExchangeTimes } from './exchange-thread.ts';

const SOURCES = import.meta.url.endsWith('.ts');
const PROGRAM = new URL(SOURCES ? './exchange-thread.ts' : './exchange-thread.js', import.meta.url);
/** As the command itself is started in a clone. */
const FLAGS = SOURCES ? ['--conditions=@seqrec/source', '--disable-warning=ExperimentalWarning'] : [];

const THREADS = 2;
/** More than caches of a core hold. */
const BYTES = 16 * 2 ** 20;
const ROUNDS = 40;

/**
 * Latency and bandwidth between two threads of this machine: both copy what the other has put into shared memory, and
 * wait for each other before and after. Medians of 40 rounds with 4 bytes, then with 16 MiB.
 */
export async function measureExchange(): Promise<Network> {
  const shared = new SharedArrayBuffer(THREADS * BYTES);
  const gate = new SharedArrayBuffer(8);
  const workers = Array.from({ length: THREADS }, (_, rank) => {
    const workerData: ExchangeStart = { rank, threads: THREADS, bytes: BYTES, rounds: ROUNDS, shared, gate };
    return new Worker(PROGRAM, { workerData, execArgv: FLAGS });
  });
  try {
    const answers = await Promise.all(workers.map((worker) => once(worker, 'message')));
    const times = answers.map(([answer]) => answer as ExchangeTimes);
    const latency = Math.max(...times.map(({ small }) => median(small)));
    const large = Math.max(...times.map(({ large }) => median(large)));
    if (!(large > latency))
      throw new RunError(`--measure: expected ${BYTES} bytes to take longer than none; got ${large} and ${latency} s`);
    const source = `measured here between two threads: median of ${ROUNDS} exchanges of ${BYTES / 2 ** 20} MiB each way`;
    return { name: 'laptop', latency, bandwidth: BYTES / (large - latency), source };
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
}
