import type { AddressInfo } from 'node:net';
import { UsageError } from '../errors.ts';
import { buildApp } from './app.ts';
import type { Catalogue } from './catalogue.ts';
import { DeltaFolder, type DeltaFolderOptions } from './delta-folder.ts';
import type { Limits } from './limits.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import { openService } from './open-service.ts';
import type { Service } from './service.ts';
import type { Shard } from './shard.ts';

export interface ServerOptions {
  readonly shards: readonly Shard[];
  readonly catalogue: Catalogue;
  readonly logFile: string;
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly token?: string;
  readonly limits: Limits;
  /** Milliseconds that the first request of a batch waits for others. */
  readonly windowMs: number;
  /** A folder whose deltas are applied as they come, those that are there before anybody is answered. */
  readonly deltas?: Omit<DeltaFolderOptions, 'update' | 'note'>;
  /** Told what a person should know: users of the log, defects. */
  readonly note: (text: string) => void;
}

export interface RunningServer {
  readonly url: string;
  /** Answers what has arrived, writes the log, and ends. */
  close(): Promise<void>;
}

/** Operations of one batch. */
const BATCH = 256;
/** What clients have to take their answers when the service stops. */
const STOP_MS = 10_000;
/** How often a service that stops looks for connections that have had their answers. */
const IDLE_MS = 50;

/** Opens a service and listens. @throws UsageError for a port that is taken; RunError for a log of other data. */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { catalogue, limits, note } = options;
  const metrics = createMetrics({ ofProcess: true });
  const service = await openService({
    shards: options.shards,
    logFile: options.logFile,
    catalogue,
    limits,
    batch: { windowMs: options.windowMs, size: BATCH },
    listener: metrics.listener,
    note,
  });
  try {
    return await listen(service, metrics, options);
  } catch (error) {
    await service.close();
    throw error;
  }
}

async function listen(service: Service, metrics: Metrics, options: ServerOptions): Promise<RunningServer> {
  const { catalogue, limits, token, host, port, note } = options;
  const deltas =
    options.deltas &&
    new DeltaFolder({ ...options.deltas, note, update: (bytes, name) => service.update(bytes, name) });
  await deltas?.look();
  const onDefect = (error: unknown): void =>
    note(error instanceof Error ? (error.stack ?? error.message) : String(error));
  const app = await buildApp({ service, catalogue, limits, metrics, onDefect, ...(token !== undefined && { token }) });
  try {
    await app.listen({ host, port });
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code !== 'EADDRINUSE' && code !== 'EACCES') throw error;
    throw new UsageError(`--port: expected a port that is free; got ${port} (${code})`, 'choose another, or 0');
  }
  deltas?.start();
  const { port: taken } = app.server.address() as AddressInfo;
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${taken}`,
    async close() {
      await deltas?.stop();
      // Who does not take an answer must not keep the rest from being written.
      const late = setTimeout(() => app.server.closeAllConnections(), STOP_MS);
      // A connection that was busy when the service closed stays open after its answer, for a next request.
      const idle = setInterval(() => app.server.closeIdleConnections(), IDLE_MS);
      try {
        await app.close();
      } finally {
        clearInterval(idle);
        clearTimeout(late);
      }
      await service.close();
    },
  };
}
