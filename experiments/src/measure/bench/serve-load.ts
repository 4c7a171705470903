import { streamKey } from '@seqrec/core';
import { createScorer, type TokenEncoder } from '@seqrec/models';
import { type BackendOptions, startBackend } from '../../run/process/backend.ts';
import { formatBytes, formatCount } from '../../terminal/format.ts';
import { figures, type Listing, lines } from '../../terminal/listing.ts';
import { Progress } from '../../terminal/progress.ts';
import { backendLine } from '../backend-facts.ts';
import { type Latency, latencyOf } from './latency.ts';
import { largestRate, poissonGaps, responseTimes, zipfDraws } from './open-loop.ts';
import { NOW, serveHistory, serveModel } from './serve-subject.ts';
import { keptBytes, type ServeShape } from './serve-work.ts';
import { percentile } from './statistics.ts';

/** Milliseconds within which 99 of 100 requests are answered: the bound of MLPerf's DLRM-v3, Server scenario. */
export const BOUND = 80;
const ZIPF = 1.05;
/** Of the keys and values of all users, what the store has room for. */
const ROOMS = [1 / 16, 1 / 8, 1 / 4, 1 / 2, 1] as const;
/** Shares of the largest rate of the server at which response times are told. */
const UTILISATIONS = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95] as const;
const REQUESTS = 4000;
const TOGETHER = 64;

export interface ServeLoadRequest {
  readonly backend: BackendOptions;
  readonly shape: ServeShape;
  readonly users: number;
  /** Events of a full history. */
  readonly window: number;
  readonly requests?: number;
  readonly quiet: boolean;
}

/** One size of the store. */
export interface LoadRow {
  readonly maxBytes: number;
  /** Share of the requests whose user's keys and values were there. */
  readonly hitRate: number;
  readonly service: Latency;
  /** Largest rate whose p99 is within the bound, requests a second, and the share of the time that it keeps busy. */
  readonly rate: number;
  readonly busy: number;
  /** 99th percentile of the response, milliseconds, by requests a second. */
  readonly curve: readonly { readonly rate: number; readonly p99: number }[];
}

export interface ServeLoadBench {
  readonly backend: string;
  readonly details: Readonly<Record<string, unknown>>;
  readonly shape: ServeShape;
  readonly users: number;
  readonly window: number;
  readonly requests: number;
  readonly bound: number;
  readonly rows: readonly LoadRow[];
}

/**
 * An open loop on a scorer in this process: users by Zipf, arrivals by Poisson. A request appends an event and asks for
 * the vector; all are served in order, one at a time. Service times are measured once for each size of the store, on
 * the same stream of users, and the waiting at any rate follows from them: nothing that is measured depends on it.
 */
export async function benchServeLoad(request: ServeLoadRequest): Promise<ServeLoadBench> {
  const { shape, users, window, requests = REQUESTS } = request;
  const choice = await startBackend(request.backend);
  const progress = new Progress({ quiet: request.quiet });
  const model = serveModel(shape, { events: window, actions: false });
  const warm = Math.ceil(requests / 4);
  const asked = zipfDraws(streamKey(1, 'users of a load'), { n: users, s: ZIPF }, warm + requests);
  const gaps = poissonGaps(streamKey(1, 'arrivals'), requests);
  const rows: LoadRow[] = [];
  progress.start();
  try {
    for (const room of ROOMS) {
      const label = `store for ${formatCount(Math.ceil(room * users))} users`;
      const onProgress = (done: number): void => progress.update({ label, done, total: asked.length, fields: [] });
      const maxBytes = Math.max(1, Math.ceil(room * users)) * keptBytes(shape, Math.ceil(window / 32) * 32);
      const { service, hits } = await serve(model, { maxBytes, asked, users, window, warm, onProgress });
      rows.push(rowOf({ maxBytes, service, hits }, gaps));
    }
  } finally {
    progress.clear();
    model.dispose();
  }
  const head = { backend: choice.name, details: choice.details, shape, users, window, requests };
  return { ...head, bound: BOUND, rows };
}

interface Stream {
  readonly maxBytes: number;
  readonly asked: Int32Array;
  readonly users: number;
  readonly window: number;
  /** Requests at the beginning that are not counted. */
  readonly warm: number;
  readonly onProgress: (done: number) => void;
}

/** Serves the stream; milliseconds of each request, and how many found their user's keys and values. */
async function serve(model: TokenEncoder, stream: Stream): Promise<{ service: number[]; hits: number }> {
  const { maxBytes, asked, users, window, warm, onProgress } = stream;
  const scorer = createScorer(model, { maxBytes });
  const name = (user: number): string => String(user);
  // The most frequent users last: they are those whose keys and values stay.
  for (let past = users; past > 0; past -= TOGETHER) {
    const batch = Array.from({ length: Math.min(TOGETHER, past) }, (_, i) => past - 1 - i);
    await scorer.append(...batch.map((user) => ({ user: name(user), events: serveHistory(user, window - 1) })));
  }
  const service: number[] = [];
  let hits = 0;
  for (const [i, number] of asked.entries()) {
    const user = name(number);
    const { misses } = scorer.stats();
    const begin = performance.now();
    await scorer.append({ user, events: [{ item: 1 + (i % 100), time: NOW }] });
    await scorer.encode({ user, at: NOW });
    const milliseconds = performance.now() - begin;
    if (i >= warm) {
      service.push(milliseconds);
      if (scorer.stats().misses === misses) hits++;
    }
    // The window stays as full as it was; what is settled stays in the store.
    await scorer.truncate(user, window - 1);
    if (i % 64 === 0) onProgress(i);
  }
  scorer.dispose();
  return { service, hits };
}

function rowOf(
  { maxBytes, service, hits }: { readonly maxBytes: number; readonly service: number[]; readonly hits: number },
  gaps: Float64Array,
): LoadRow {
  const mean = service.reduce((sum, x) => sum + x, 0) / service.length;
  const rate = largestRate(service, gaps, { bound: BOUND, share: 0.99 });
  const curve = UTILISATIONS.map((busy) => ({
    rate: (1000 * busy) / mean,
    p99: percentile(responseTimes(service, gaps, busy / mean), 0.99),
  }));
  const own = { hitRate: hits / service.length, service: latencyOf(service) };
  return { maxBytes, ...own, rate, busy: (rate * mean) / 1000, curve };
}

export function listServeLoadBench(bench: ServeLoadBench): Listing {
  const { shape, users, window, requests, bound, rows } = bench;
  const cells = rows.map(({ maxBytes, hitRate, service, rate, busy, curve }) => [
    formatBytes(maxBytes),
    `${(100 * hitRate).toFixed(1)} %`,
    service.median.toFixed(2),
    service.p99.toFixed(2),
    rate.toFixed(0),
    `${(100 * busy).toFixed(0)} %`,
    (curve.find((_, i) => UTILISATIONS[i] === 0.5)?.p99 ?? Number.NaN).toFixed(1),
  ]);
  return [
    ...lines(
      `HSTU of ${shape.blocks} blocks, ${shape.heads} heads of ${shape.width}, D = ${shape.dim}, histories of ${formatCount(window)} events, weights fresh; backend ${backendLine(bench.backend, bench.details)}`,
      `${formatCount(requests)} requests, each an event and the vector after it, of ${formatCount(users)} users by Zipf (${ZIPF}); arrivals by Poisson, served in order, one at a time`,
      'service times are measured; the waiting at a rate is computed from them, so that no rate is measured under another weather than the next',
    ),
    figures(
      ['maxBytes', 'hits', 'service p50 ms', 'p99 ms', `requests/s, p99 <= ${bound} ms`, 'busy', 'p99 half busy'],
      cells,
      { left: [] },
    ),
  ];
}
