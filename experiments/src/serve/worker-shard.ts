import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { ScorerStats } from '@seqrec/models';
import { RunError } from '../errors.ts';
import type { Outcome } from './operation.ts';
import type { Shard } from './shard.ts';
import type { WorkerReply, WorkerRequest, WorkerStart } from './worker-messages.ts';

/** A request without its number. */
type Asked = WorkerRequest extends infer R ? (R extends { id: number } ? Omit<R, 'id'> : never) : never;

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

const SOURCES = import.meta.url.endsWith('.ts');
const PROGRAM = new URL(SOURCES ? './worker.ts' : './worker.js', import.meta.url);
/** As the command itself is started in a clone; the launcher of tests has other flags. */
const FLAGS = SOURCES ? ['--conditions=@seqrec/source', '--disable-warning=ExperimentalWarning'] : [];

/**
 * A shard in a worker thread, with a model of its own.
 *
 * @param onLost told when the thread has ended by itself: its users cannot be answered any more.
 * @throws RunError when the worker cannot start, with its reason.
 */
export async function workerShard(name: string, start: WorkerStart, onLost: (error: Error) => void): Promise<Shard> {
  const worker = new Worker(PROGRAM, { name, workerData: start, execArgv: FLAGS });
  const waiting = new Map<number, Waiting>();
  let nextId = 0;
  let closing = false;
  let lost: Error | undefined;

  const lose = (error: Error): void => {
    if (lost !== undefined) return;
    lost = error;
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
    if (!closing) onLost(error);
  };
  const ask = (asked: Asked): Promise<unknown> =>
    new Promise((resolve, reject) => {
      if (lost !== undefined) return reject(lost);
      const id = nextId++;
      waiting.set(id, { resolve, reject });
      worker.postMessage({ id, ...asked });
    });

  const [first] = (await once(worker, 'message')) as [WorkerReply];
  if (!('ready' in first)) {
    await worker.terminate();
    throw new RunError(
      `${name}: expected a worker that starts; got ${'failed' in first ? first.failed : 'another answer'}`,
    );
  }
  worker.on('message', (reply: WorkerReply) => {
    if (!('id' in reply)) return;
    const one = waiting.get(reply.id);
    waiting.delete(reply.id);
    if ('error' in reply) one?.reject(new Error(reply.error));
    else one?.resolve(reply.value);
  });
  worker.on('error', lose);
  worker.on('exit', (code) => lose(new Error(`${name}: the worker has ended with code ${code}`)));

  return {
    capabilities: first.ready,
    run: (operations) => ask({ kind: 'run', operations }) as Promise<readonly Outcome[]>,
    stats: () => ask({ kind: 'stats' }) as Promise<ScorerStats>,
    ...(start.origin && {
      weights: {
        prepare: (bytes, file) => ask({ kind: 'prepare', bytes, name: file }) as Promise<void>,
        commit: () => ask({ kind: 'commit' }) as Promise<void>,
        discard: () => ask({ kind: 'discard' }) as Promise<void>,
      },
    }),
    async close() {
      closing = true;
      if (lost !== undefined) return;
      const ended = once(worker, 'exit');
      await ask({ kind: 'close' });
      await ended;
    },
  };
}
