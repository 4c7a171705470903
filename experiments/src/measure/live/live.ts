import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadModel } from '@seqrec/models';
import { UsageError } from '../../errors.ts';
import { openRun } from '../../run/open/open-run.ts';
import { type BackendOptions, startBackend } from '../../run/process/backend.ts';
import { catalogueOf } from '../../serve/catalogue.ts';
import type { Progress } from '../../terminal/progress.ts';
import { percentile } from '../bench/statistics.ts';
import { type AnswerCheck, checkAnswers } from './check-answers.ts';
import { LoadClient, type Stretch } from './client.ts';
import { httpClient } from './http-client.ts';
import { type ServerProcess, startServerProcess } from './server-process.ts';

export interface LiveRequest {
  readonly run: string;
  readonly out: string;
  readonly dataFolder?: string;
  readonly backend: BackendOptions;
  readonly minutes: number;
  /** Requests a second; default: a share of the largest that is found first. */
  readonly rate?: number;
  readonly workers: number;
  readonly progress: Progress;
}

/** Of the largest rate, what is asked for then. */
const SHARE = 0.8;
/** Milliseconds within which 99 of 100 requests are answered. */
const BOUND = 80;
/** Seconds of a try at a rate, and the first one. */
const TRY = 8;
const FIRST_RATE = 50;
const STEP = 1.25;
/** Seconds between looks at the memory. */
const LOOK = 15;
/** Answers that are compared with full passes, about. */
const CHECKED = 300;

export interface RateTry {
  readonly rate: number;
  readonly p99: number;
  readonly refused: number;
}

/** One life of the service, from a start to its end. */
export interface Life {
  readonly startup: number;
  readonly requests: number;
  readonly seconds: number;
  /** Milliseconds from arrival to answer. */
  readonly p50: number;
  readonly p99: number;
  /** Answers that were not 200, by status; 0: the connection was lost. */
  readonly refused: Readonly<Record<string, number>>;
  /** Resident bytes at the looks, and requests by then. */
  readonly memory: readonly { readonly requests: number; readonly bytes: number }[];
}

export interface LiveBench {
  readonly run: string;
  readonly minutes: number;
  readonly workers: number;
  readonly tries: readonly RateTry[];
  readonly rate: number;
  readonly lives: readonly Life[];
  /** Acknowledged events that were not there after `kill -9`. */
  readonly lost: number;
  readonly check: AnswerCheck;
  readonly logBytes: number;
}

/**
 * A service and a client of it, as two processes: finds the largest rate whose p99 holds 80 ms, asks at 80 % of it,
 * kills the service in the middle, starts it again, and compares what it answered with full passes.
 */
export async function benchLive(request: LiveRequest): Promise<LiveBench> {
  const { progress, minutes, workers } = request;
  const opened = await openRun(request);
  const { interactions } = opened.data.split;
  if (!interactions.hasTimestamps)
    throw new UsageError('bench serve: expected data with times, by which events of users are sent; got none');
  const catalogue = catalogueOf(interactions);
  const numbers = Array.from({ length: interactions.numUsers }, (_, user) => user);
  const users = numbers.map((user) => interactions.users.external(user));
  const lastTimes = Float64Array.from(
    numbers,
    (user) => interactions.timestamps[interactions.userOffsets[user + 1] - 1],
  );
  const items = Array.from({ length: interactions.numItems }, (_, i) => interactions.items.external(i + 1));
  const folder = mkdtempSync(join(tmpdir(), 'seqrec-live-'));
  const log = join(folder, 'events.jsonl');
  const removeFolder = (): void => rmSync(folder, { recursive: true, force: true });
  process.once('exit', removeFolder);
  const start = (): Promise<ServerProcess> => startServerProcess(serveArguments(request, log));
  const client = new LoadClient({ users, lastTimes, items, share: 1 });
  let server = await start();
  try {
    const tries = request.rate === undefined ? await findRate(server.url, client, progress) : [];
    const passed = tries.filter(holds).map(({ rate }) => rate);
    const rate = request.rate ?? SHARE * Math.max(FIRST_RATE / STEP, ...passed);
    const half = 30 * minutes;
    const lives: Life[] = [];
    // Killed while requests are on their way.
    const dying = live(server, client, { rate, seconds: half + 1, progress, label: 'first half' });
    await new Promise((resolve) => setTimeout(resolve, 1000 * half));
    await server.end('SIGKILL');
    lives.push(await dying);
    server = await start();
    const http = httpClient(server.url);
    const lost = await client.reconcile(
      http,
      (user) => interactions.userOffsets[user + 1] - interactions.userOffsets[user],
    );
    http.close();
    lives.push(await live(server, client, { rate, seconds: half, progress, label: 'second half' }));
    await server.end('SIGTERM');
    progress.note('comparing answers with full passes');
    await startBackend(request.backend);
    const model = await loadModel(opened.file);
    const answers = evenly(client.answers, CHECKED);
    const check = await checkAnswers(model, answers, { client, catalogue, users });
    const logBytes = readFileSync(log).byteLength;
    return { run: opened.run.id, minutes, workers, tries, rate, lives, lost, check, logBytes };
  } finally {
    progress.clear();
    await server.end('SIGKILL');
    process.off('exit', removeFolder);
    removeFolder();
  }
}

function serveArguments({ run, out, dataFolder, backend, workers }: LiveRequest, log: string): string[] {
  return [
    ...[run, '--out', out, '--log', log, '--workers', String(workers)],
    ...(dataFolder === undefined ? [] : ['--data', dataFolder]),
    ...Object.entries({ backend: backend.backend, threads: backend.threads }).flatMap(([name, value]) =>
      value === undefined ? [] : [`--${name}`, String(value)],
    ),
  ];
}

/** Rates that grow by a quarter until one does not hold, twice: a machine has other work now and then. */
async function findRate(url: string, client: LoadClient, progress: Progress): Promise<RateTry[]> {
  const http = httpClient(url);
  const tries: RateTry[] = [];
  // The first requests compile and fill.
  await client.run(http, { rate: FIRST_RATE, seconds: TRY });
  for (let rate = FIRST_RATE, failures = 0; failures < 2; ) {
    const { milliseconds, refused } = await client.run(http, { rate, seconds: TRY });
    const lost = [...refused.values()].reduce((sum, count) => sum + count, 0);
    const p99 = milliseconds.length > 0 ? percentile(milliseconds, 0.99) : Number.POSITIVE_INFINITY;
    tries.push({ rate, p99, refused: lost });
    progress.note(`${rate.toFixed(0)} requests/s: p99 ${p99.toFixed(1)} ms${lost > 0 ? `, ${lost} refused` : ''}`);
    failures = holds(tries[tries.length - 1]) ? 0 : failures + 1;
    if (failures === 0) rate *= STEP;
  }
  http.close();
  return tries;
}

const holds = ({ p99, refused }: RateTry): boolean => p99 <= BOUND && refused === 0;

async function live(
  server: ServerProcess,
  client: LoadClient,
  { rate, seconds, progress, label }: { rate: number; seconds: number; progress: Progress; label: string },
): Promise<Life> {
  const http = httpClient(server.url);
  const memory: { requests: number; bytes: number }[] = [];
  const began = performance.now();
  const look = (): void => {
    const done = (performance.now() - began) / 1000;
    progress.update({ label: `${label}, seconds`, done: Math.min(done, seconds), total: seconds });
    const bytes = server.memory();
    if (bytes !== undefined) memory.push({ requests: Math.round(rate * done), bytes });
  };
  const timer = setInterval(look, 1000 * LOOK);
  progress.start();
  try {
    return { startup: server.startup, ...figuresOf(await client.run(http, { rate, seconds })), memory };
  } finally {
    clearInterval(timer);
    http.close();
  }
}

function figuresOf({ requests, seconds, milliseconds, refused }: Stretch): Omit<Life, 'startup' | 'memory'> {
  const at = (share: number): number => (milliseconds.length === 0 ? Number.NaN : percentile(milliseconds, share));
  return { requests, seconds, p50: at(0.5), p99: at(0.99), refused: Object.fromEntries(refused) };
}

function evenly<T>(all: readonly T[], count: number): T[] {
  if (all.length <= count) return [...all];
  return Array.from({ length: count }, (_, i) => all[Math.floor(((i + 0.5) * all.length) / count)]);
}
