import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createModel, createScorer, type TokenEncoder, type UserEvent, type UserScorer } from '@seqrec/models';
import { buildApp } from '../app.ts';
import type { Catalogue } from '../catalogue.ts';
import { defaultLimits, type Limits } from '../limits.ts';
import { localShard } from '../local-shard.ts';
import { createMetrics } from '../metrics.ts';
import { openService } from '../open-service.ts';
import type { Shard } from '../shard.ts';

export const NUM_ITEMS = 20;

/** A model that is made in a moment. */
export function tinyModel(seed = 1): TokenEncoder {
  const config = { kind: 'sasrec', maxSequenceLength: 6, embeddingDim: 8, numBlocks: 1, numHeads: 1, ffnDim: 8 };
  return createModel(config, { numItems: NUM_ITEMS, seed }) as TokenEncoder;
}

/** Items `film-1`..., of which the first ten have titles, and one user. */
export const catalogue: Catalogue = {
  name: 'tiny',
  digest: 'd1'.repeat(32),
  numItems: NUM_ITEMS,
  hasTimes: true,
  dense(item) {
    const number = Number(/^film-(\d+)$/.exec(item)?.[1]);
    return number >= 1 && number <= NUM_ITEMS ? number : undefined;
  },
  external: (item) => `film-${item}`,
  title: (item) => (item <= 10 ? `Film ${item}` : undefined),
  history: (user) => (user === 'ada' ? adaHistory : undefined),
};

export const adaHistory: readonly UserEvent[] = [
  { item: 3, time: 100, rating: 4 },
  { item: 5, time: 200, rating: 5 },
];

export interface WorldOptions {
  readonly catalogue?: Catalogue;
  readonly limits?: Partial<Limits>;
  readonly token?: string;
  readonly log?: string;
  /** Around the shard, to slow it down or to let it fail. */
  readonly around?: (shard: Shard) => Shard;
  readonly scorer?: UserScorer;
  readonly windowMs?: number;
  readonly batchSize?: number;
}

export function newLog(): string {
  return join(mkdtempSync(join(tmpdir(), 'seqrec-serve-')), 'serve', 'events.jsonl');
}

/** A service over a small model, and its HTTP side. */
export async function openWorld(options: WorldOptions = {}) {
  const model = tinyModel();
  const served = options.catalogue ?? catalogue;
  const scorer = options.scorer ?? createScorer(model);
  const shard = localShard({ scorer, close: async () => scorer.dispose() });
  const limits = { ...defaultLimits, ...options.limits };
  const metrics = createMetrics();
  const log = options.log ?? newLog();
  const notes: string[] = [];
  const defects: unknown[] = [];
  const service = await openService({
    shards: [options.around?.(shard) ?? shard],
    logFile: log,
    catalogue: served,
    limits,
    batch: { windowMs: options.windowMs ?? 1, size: options.batchSize ?? 64 },
    listener: metrics.listener,
    note: (text) => notes.push(text),
  });
  const { token } = options;
  const onDefect = (error: unknown): void => void defects.push(error);
  const app = await buildApp({
    ...{ service, limits, metrics, onDefect },
    catalogue: served,
    ...(token !== undefined && { token }),
  });
  return {
    app,
    service,
    log,
    notes,
    defects,
    scorer,
    model,
    async close() {
      await app.close();
      await service.close();
      model.dispose();
    },
  };
}

export type World = Awaited<ReturnType<typeof openWorld>>;

/** A scorer of a small model with some members of its own. */
export function scorerWith(changes: (plain: UserScorer) => Partial<UserScorer>): UserScorer {
  const plain = createScorer(tinyModel());
  return Object.assign(Object.create(plain) as UserScorer, changes(plain));
}
