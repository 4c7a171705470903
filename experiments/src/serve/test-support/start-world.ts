import { createScorer } from '@seqrec/models';
import { defaultLimits, type Limits } from '../limits.ts';
import { localShard } from '../local-shard.ts';
import { type ServerOptions, startServer } from '../start-server.ts';
import { catalogue, newLog, tinyModel } from './world.ts';

/** A server over a small model, on a free port. */
export async function startWorld(
  limits: Partial<Limits> = {},
  { log = newLog(), port = 0, deltas }: { log?: string; port?: number; deltas?: ServerOptions['deltas'] } = {},
) {
  const model = tinyModel();
  const scorer = createScorer(model);
  const notes: string[] = [];
  const server = await startServer({
    shards: [localShard({ scorer, close: async () => scorer.dispose() })],
    catalogue,
    logFile: log,
    host: '127.0.0.1',
    port,
    limits: { ...defaultLimits, ...limits },
    windowMs: 2,
    ...(deltas && { deltas }),
    note: (text) => notes.push(text),
  });
  return { ...server, port: Number(new URL(server.url).port), log, scorer, notes };
}

/** Posts JSON; the status and the body of the answer. */
export async function post(url: string, body: unknown): Promise<{ readonly status: number; readonly body: unknown }> {
  const headers = { 'content-type': 'application/json' };
  const reply = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
  return { status: reply.status, body: await reply.json() };
}
