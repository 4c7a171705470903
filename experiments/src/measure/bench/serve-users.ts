import { integers, streamKey } from '@seqrec/core';
import { createScorer } from '@seqrec/models';
import { type BackendOptions, startBackend } from '../../run/process/backend.ts';
import { backendHeap } from '../../run/process/heap.ts';
import { formatBytes, formatCount } from '../../terminal/format.ts';
import { figures, type Listing, lines } from '../../terminal/listing.ts';
import { Progress } from '../../terminal/progress.ts';
import { backendLine } from '../backend-facts.ts';
import { type Latency, latencyOf } from './latency.ts';
import { NOW, serveHistory, serveModel } from './serve-subject.ts';
import { keptBytes, type ServeShape } from './serve-work.ts';

/** The published HSTU of ML-1M. */
export const ML_1M_SHAPE: ServeShape = { blocks: 2, heads: 1, width: 50, dim: 50 };
export const ML_1M_WINDOW = 200;
/** Calls of each kind. */
const CALLS = 2000;
const WARM_UP = 200;
/** Users that are read, or appended to, in one call. */
const TOGETHER = 64;

export interface ServeUsersRequest {
  readonly backend: BackendOptions;
  readonly shape: ServeShape;
  readonly users: number;
  /** Events of a history, the newest included: the window is full after the append that is timed. */
  readonly window: number;
  readonly calls?: number;
  readonly quiet: boolean;
}

export interface ServeUsersBench {
  readonly backend: string;
  readonly details: Readonly<Record<string, unknown>>;
  readonly shape: ServeShape;
  readonly users: number;
  readonly window: number;
  /** Seconds in which all histories were read, a batch of users a pass. */
  readonly fillSeconds: number;
  /** Milliseconds of one call: an event of one user, the same and the user's vector, an event of each of 64 users. */
  readonly append: Latency;
  readonly appendEncode: Latency;
  readonly appendMany: Latency & { readonly users: number };
  /** Keys and values in use, those of pages that are taken whole, all pages there are, and the formula. */
  readonly bytes: number;
  readonly reservedBytes: number;
  readonly formulaBytes: number;
  /** Growth of the backend's heap, and of the process. */
  readonly heapBytes?: number;
  readonly residentBytes: number;
}

/**
 * Events a second of many users with full windows, on one thread unless told otherwise, and the memory that they take.
 */
export async function benchServeUsers(request: ServeUsersRequest): Promise<ServeUsersBench> {
  const { shape, users, window, calls = CALLS } = request;
  const choice = await startBackend({ threads: 1, ...withoutUndefined(request.backend) });
  const progress = new Progress({ quiet: request.quiet });
  const model = serveModel(shape, { events: window, actions: false });
  const heap = backendHeap();
  const before = { heap: heap?.used ?? 0, resident: process.memoryUsage.rss() };
  // Pages are taken whole, and one more for what is asked in between.
  const scorer = createScorer(model, { maxBytes: (users + 1) * keptBytes(shape, window + 32) });
  const name = (user: number): string => `user ${user}`;
  progress.start();
  const begin = performance.now();
  for (let first = 0; first < users; first += TOGETHER) {
    progress.update({ label: 'histories of users', done: first, total: users, fields: [] });
    const batch = Array.from({ length: Math.min(TOGETHER, users - first) }, (_, i) => first + i);
    await scorer.append(...batch.map((user) => ({ user: name(user), events: serveHistory(user, window - 1) })));
  }
  const fillSeconds = (performance.now() - begin) / 1000;
  const { bytes, reservedBytes } = scorer.stats();
  const memory = {
    ...(heap !== undefined && { heapBytes: heap.used - before.heap }),
    residentBytes: process.memoryUsage.rss() - before.resident,
  };
  const event = { item: 1, time: NOW };
  /** Times calls about users who are drawn anew for each; histories are as before after it. */
  const timed = async (stream: number, each: number, call: (names: readonly string[]) => Promise<unknown>) => {
    const drawn = integers(streamKey(1, 'asked users'), stream, (WARM_UP + calls) * each, 0, users);
    const milliseconds: number[] = [];
    for (let i = 0; i < WARM_UP + calls; i++) {
      const names = [...new Set(drawn.subarray(i * each, (i + 1) * each))].map(name);
      const start = performance.now();
      await call(names);
      if (i >= WARM_UP) milliseconds.push(performance.now() - start);
      for (const user of names) await scorer.truncate(user, window - 1);
      if (i % 64 === 0) progress.update({ label: 'appends', done: i, total: WARM_UP + calls, fields: [] });
    }
    return latencyOf(milliseconds);
  };
  const append = (names: readonly string[]): Promise<void> =>
    scorer.append(...names.map((user) => ({ user, events: [event] })));
  const both = async (names: readonly string[]): Promise<unknown> => {
    await append(names);
    return scorer.encode(...names.map((user) => ({ user, at: NOW })));
  };
  try {
    return {
      ...{ backend: choice.name, details: choice.details, shape, users, window, fillSeconds },
      append: await timed(0, 1, append),
      appendEncode: await timed(1, 1, both),
      appendMany: { ...(await timed(2, TOGETHER, append)), users: TOGETHER },
      ...{ bytes, reservedBytes, formulaBytes: users * keptBytes(shape, window - 1), ...memory },
    };
  } finally {
    progress.clear();
    scorer.dispose();
    model.dispose();
  }
}

function withoutUndefined({ backend, threads, precision }: BackendOptions): BackendOptions {
  return {
    ...(backend !== undefined && { backend }),
    ...(threads !== undefined && { threads }),
    ...(precision !== undefined && { precision }),
  };
}

export function listServeUsersBench(bench: ServeUsersBench): Listing {
  const { shape, users, window, append, appendEncode, appendMany } = bench;
  const row = (what: string, { median, p99, calls }: Latency, events = 1): string[] => [
    what,
    median.toFixed(3),
    p99.toFixed(3),
    formatCount(Math.round((1000 * events) / median)),
    formatCount(calls),
  ];
  const pairs: [string, string][] = [
    ['histories', `${formatCount(users)} users, read in ${bench.fillSeconds.toFixed(1)} s`],
    ['keys and values', `${formatBytes(bench.bytes)} in pages; ${formatBytes(bench.formulaBytes)} by 4 L l h (A + C)`],
    ['all pages', formatBytes(bench.reservedBytes)],
  ];
  if (bench.heapBytes !== undefined) pairs.push(['heap', `${formatBytes(bench.heapBytes)} more than before`]);
  pairs.push(['process', `${formatBytes(bench.residentBytes)} more than before, histories and garbage included`]);
  return [
    ...lines(
      `HSTU of ${shape.blocks} blocks, ${shape.heads} heads of ${shape.width}, D = ${shape.dim}, window ${window}, position and time bias, weights fresh; backend ${backendLine(bench.backend, bench.details)}`,
    ),
    figures(
      ['call', 'p50 ms', 'p99 ms', 'events/s at p50', 'calls'],
      [
        row('append', append),
        row('append, vector', appendEncode),
        row(`append, ${appendMany.users} users`, appendMany, appendMany.users),
      ],
      { title: `an event of users drawn anew, histories of ${formatCount(window - 1)} events before it` },
    ),
    { pairs },
  ];
}
