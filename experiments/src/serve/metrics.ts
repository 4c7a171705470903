import type { ScorerStats } from '@seqrec/models';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { Service, ServiceListener } from './service.ts';

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];
const BATCHES = [1, 2, 4, 8, 16, 32, 64, 128, 256];

const STATS: Readonly<Record<keyof ScorerStats, string>> = {
  users: 'Users with a history',
  cachedUsers: 'Users with keys and values, or states, in memory',
  settledTokens: 'Settled tokens of these users',
  pages: 'Pages of keys and values',
  freePages: 'Pages that are free',
  bytes: 'Bytes of keys, values and states in use',
  reservedBytes: 'Bytes of all pages, and of states',
  hits: 'Passes whose prefix was cached, since the start',
  misses: 'Passes whose prefix had to be computed, since the start',
  evictions: 'Users whose keys and values, or states, were dropped, since the start',
  reloads: 'Users read back from the spill file, since the start',
  computedTokens: 'Tokens that went through the model, since the start',
  fullTokens: 'Tokens that a full pass each time would have taken, since the start',
};

/** What the service counts, in the form of Prometheus. */
export interface Metrics {
  readonly listener: ServiceListener;
  readonly contentType: string;
  answered(route: string, method: string, status: number, seconds: number): void;
  /** Reads these figures from then on. */
  watch(service: Service): void;
  text(): Promise<string>;
}

/** @param ofProcess also memory, processor time and delays of this process */
export function createMetrics({ ofProcess = false } = {}): Metrics {
  const registry = new Registry();
  const registers = [registry];
  if (ofProcess) collectDefaultMetrics({ register: registry });
  const requests = new Counter({
    name: 'seqrec_requests_total',
    help: 'Requests answered',
    labelNames: ['route', 'method', 'status'],
    registers,
  });
  const latency = new Histogram({
    name: 'seqrec_request_seconds',
    help: 'From the head of a request to the end of its answer',
    labelNames: ['route', 'method'],
    buckets: SECONDS,
    registers,
  });
  const batches = new Histogram({
    name: 'seqrec_batch_size',
    help: 'Operations of a batch',
    buckets: BATCHES,
    registers,
  });
  const batchSeconds = new Histogram({
    name: 'seqrec_batch_seconds',
    help: 'Time of a batch in the model',
    buckets: SECONDS,
    registers,
  });
  const flushes = new Histogram({
    name: 'seqrec_log_flush_seconds',
    help: 'Time until records were on the disk',
    buckets: SECONDS,
    registers,
  });
  const logged = new Counter({ name: 'seqrec_log_records_total', help: 'Records written to the log', registers });
  return {
    contentType: registry.contentType,
    listener: {
      onBatch(operations, ms) {
        batches.observe(operations);
        batchSeconds.observe(ms / 1000);
      },
      onFlush(records, ms) {
        logged.inc(records);
        flushes.observe(ms / 1000);
      },
    },
    answered(route, method, status, seconds) {
      requests.inc({ route, method, status });
      latency.observe({ route, method }, seconds);
    },
    watch: (service) => watch(registry, service),
    text: () => registry.metrics(),
  };
}

function watch(registry: Registry, service: Service): void {
  const registers = [registry];
  new Gauge({
    name: 'seqrec_queue_length',
    help: 'Requests let in and not answered',
    labelNames: ['shard'],
    registers,
    collect() {
      for (const [shard, waiting] of service.waiting.entries()) this.set({ shard }, waiting);
    },
  });
  new Gauge({
    name: 'seqrec_log_bytes',
    help: 'Length of the log',
    registers,
    collect() {
      this.set(service.logBytes);
    },
  });
  // Asked for once a scrape, whatever the number of gauges.
  let asked: ReturnType<Service['stats']> | undefined;
  const stats = (): ReturnType<Service['stats']> => {
    asked ??= service.stats().finally(() => {
      asked = undefined;
    });
    return asked;
  };
  for (const [key, help] of Object.entries(STATS)) {
    new Gauge({
      name: `seqrec_scorer_${key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}`,
      help,
      labelNames: ['shard'],
      registers,
      async collect() {
        for (const [shard, each] of (await stats()).entries()) this.set({ shard }, each[key as keyof ScorerStats]);
      },
    });
  }
}
