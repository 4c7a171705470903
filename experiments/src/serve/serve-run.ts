import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { loadModel, weightsDigest } from '@seqrec/models';
import { loadedPlugins } from '../plugins/load-plugins.ts';
import { makeFolder } from '../run/folder/make-folder.ts';
import { lockRun } from '../run/folder/run-lock.ts';
import type { OpenRun } from '../run/open/open-run.ts';
import { type checkBackendOptions, startBackend } from '../run/process/backend.ts';
import { listenForStop } from '../run/process/stop.ts';
import { localShard } from './local-shard.ts';
import { type KeepOptions, openScorer, type WeightsOrigin } from './open-scorer.ts';
import type { Shard } from './shard.ts';
import { type ServerOptions, startServer } from './start-server.ts';
import { usageOf } from './usage.ts';
import { workerShard } from './worker-shard.ts';

export interface ServeRunOptions extends Omit<ServerOptions, 'shards' | 'logFile' | 'deltas'> {
  readonly opened: OpenRun;
  readonly about: string;
  readonly backend: ReturnType<typeof checkBackendOptions>;
  readonly workers: number;
  readonly keep: KeepOptions;
  /** Default: in the folder of the run. */
  readonly log: string | undefined;
  /** A folder whose deltas are applied as they come. */
  readonly deltas?: string;
  /** A user to show requests with. */
  readonly someUser: string | undefined;
  readonly print: (text: string) => void;
}

/** Serves until a signal comes, then stops in order; 1 when a worker was lost. */
export async function serveRun(options: ServeRunOptions): Promise<number> {
  const { opened, print, note, log, about, workers } = options;
  const logFile = log ?? join(opened.run.path, 'serve', 'events.jsonl');
  makeFolder(dirname(logFile));
  const lock = lockRun({ ...opened.run, id: `${opened.run.id}, its service`, lock: `${logFile}.lock` });
  let stop: (code: number) => void = () => undefined;
  const stopped = new Promise<number>((resolve) => {
    stop = resolve;
  });
  const onLost = (error: Error): void => {
    note(`${error.message}; stopping`);
    stop(1);
  };
  try {
    const origin = options.deltas === undefined ? undefined : await originOf(opened.file);
    const shards = workers === 1 ? [await shardHere(options, origin)] : await shardsInWorkers(options, onLost, origin);
    const { deltas: folder, ...rest } = options;
    const data = opened.data.split.train.interactions.digest;
    const deltas = folder !== undefined && origin !== undefined ? { folder, place: origin.place, data } : undefined;
    const server = await startServer({ ...rest, shards, logFile, ...(deltas && { deltas }) });
    const signals = listenForStop((signal) => {
      note(`${signal}: stopping; what has arrived is answered first`);
      stop(0);
    });
    print(`serving ${about}; events go to ${logFile}`);
    const { catalogue, someUser: user, token } = options;
    const last = user === undefined ? undefined : catalogue.history(user)?.at(-1);
    const time = catalogue.hasTimes ? Math.floor(Date.now() / 1000) : (last?.time ?? -1) + 1;
    print(usageOf(server.url, { user, item: catalogue.external(1), time, token }));
    const code = await stopped;
    await server.close();
    signals.dispose();
    note('stopped; the log is written');
    return code;
  } finally {
    lock.release();
  }
}

/** A checkpoint as the base of a chain. */
async function originOf(file: string): Promise<WeightsOrigin> {
  const { digest } = await weightsDigest(file);
  return { name: file, place: { base: digest, latest: digest, deltas: 0 } };
}

async function shardHere(
  { opened, backend, keep }: ServeRunOptions,
  origin: WeightsOrigin | undefined,
): Promise<Shard> {
  await startBackend({ backend: backend.name, threads: backend.threads });
  const model = await loadModel(opened.file);
  return localShard(await openScorer(model, keep, { ...(origin && { origin }) }));
}

/** Threads with a model each, which share the processors unless the options or `SEQREC_THREADS` say otherwise. */
async function shardsInWorkers(
  { opened, backend, workers, keep }: ServeRunOptions,
  onLost: (error: Error) => void,
  origin: WeightsOrigin | undefined,
): Promise<Shard[]> {
  const share = Math.max(1, Math.floor(availableParallelism() / workers));
  const start = {
    checkpoint: opened.file,
    backend: backend.name,
    threads: backend.threads ?? (process.env.SEQREC_THREADS ? undefined : share),
    keep,
    ...(origin && { origin }),
    plugins: loadedPlugins().map(({ path }) => path),
  };
  const all = await Promise.allSettled(
    Array.from({ length: workers }, (_, i) => workerShard(`worker ${i}`, { ...start, worker: i }, onLost)),
  );
  const failed = all.find((each) => each.status === 'rejected');
  const shards = all.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  if (failed === undefined) return shards;
  await Promise.all(shards.map((shard) => shard.close()));
  throw failed.reason;
}
