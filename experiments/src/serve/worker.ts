// The program of a worker thread: a model and its scorer, for the users of one shard.
import { parentPort, workerData } from 'node:worker_threads';
import { loadModel } from '@seqrec/models';
import { loadPlugin } from '../plugins/load-plugins.ts';
import { startBackend } from '../run/process/backend.ts';
import { localShard } from './local-shard.ts';
import { openScorer } from './open-scorer.ts';
import type { Shard } from './shard.ts';
import type { WorkerReply, WorkerRequest, WorkerStart } from './worker-messages.ts';

async function open({ checkpoint, backend, threads, plugins, keep, worker, origin }: WorkerStart): Promise<Shard> {
  for (const plugin of plugins) await loadPlugin(plugin, process.cwd(), 'worker');
  await startBackend({ backend, threads });
  const model = await loadModel(checkpoint);
  return localShard(await openScorer(model, keep, { worker, ...(origin && { origin }) }));
}

function send(reply: WorkerReply): void {
  parentPort?.postMessage(reply);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function answerOf(shard: Shard, request: WorkerRequest) {
  switch (request.kind) {
    case 'run':
      return shard.run(request.operations);
    case 'stats':
      return shard.stats();
    case 'prepare':
      return shard.weights?.prepare(request.bytes, request.name).then(() => undefined);
    case 'commit':
      return shard.weights?.commit().then(() => undefined);
    case 'discard':
      return shard.weights?.discard().then(() => undefined);
    case 'close':
      return shard.close().then(() => undefined);
  }
}

async function answer(shard: Shard, request: WorkerRequest): Promise<void> {
  try {
    send({ id: request.id, value: await answerOf(shard, request) });
  } catch (error) {
    send({ id: request.id, error: messageOf(error) });
  }
  if (request.kind === 'close') process.exit();
}

try {
  const shard = await open(workerData as WorkerStart);
  parentPort?.on('message', (request: WorkerRequest) => void answer(shard, request));
  send({ ready: shard.capabilities });
} catch (error) {
  send({ failed: messageOf(error) });
}
