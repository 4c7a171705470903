import type { RowStore, RowStoreStats } from '@seqrec/core';
import { pointExamples, zipfWorld } from '@seqrec/data';
import { createModel, createTrainer, isRanker, type Model, type Ranker, type Task, type Trainer } from '@seqrec/models';
import * as tf from '@tensorflow/tfjs-core';
import { RunError } from '../../errors.ts';
import type { Progress } from '../../terminal/progress.ts';

const MODEL_KIND = 'dcn-v2';
/** By which the rows of all contestants are trained. */
export const TABLE_RULE = { kind: 'adamw', learningRate: 1e-3, weightDecay: 0.01 } as const;

/** The training step that is measured: that of the recipe `ctr/ml-1m-dcn-v2`, with users and items for fields. */
export const MODEL_STEP = { batchSize: 4096, crossLayers: 3, hiddenSizes: [400, 400, 400], dropout: 0.2 } as const;

/** Training steps of a model whose item table has so many rows. */
export interface ModelSteps {
  readonly name: string;
  readonly rows: number;
  readonly milliseconds: readonly number[];
}

export interface ModelStepBench {
  readonly contestants: readonly ModelSteps[];
  /** Share of the items that the cache held, of all in the timed steps with a file and of the distinct ones. */
  readonly hitRate: { readonly lookups: number; readonly distinct: number };
}

interface Request {
  readonly rows: number;
  readonly width: number;
  readonly zipf: number;
  readonly steps: number;
  readonly rounds: number;
  /** Of the table that is in memory. */
  readonly memoryRows: number;
}

/** Events of a user. */
const LENGTH = 16;
/** Steps before the clock: kernels are compiled, moments are made. */
const WARM_UP = 4;

/**
 * A training step of DCN-V2 with the item table in a variable and in a store, without and with prefetch, in turn. All
 * train alike, each on batches of its own.
 *
 * @param store whose cache has filled with ids of the same popularity: `drawIds`.
 */
export async function modelSteps(request: Request, store: RowStore, progress: Progress): Promise<ModelStepBench> {
  const { rows, steps, rounds, memoryRows } = request;
  progress.note(`training steps: items by Zipf, of ${memoryRows} and of ${rows}`);
  const prefetching = { on: false };
  const inMemory = trainerOf(request, memoryRows);
  const inFile = trainerOf(request, rows, withPrefetch(store, prefetching));
  const subjects = [
    { name: 'in memory', rows: memoryRows, trainer: inMemory, prefetches: false },
    { name: 'file', rows, trainer: inFile, prefetches: false },
    { name: 'file, prefetched', rows, trainer: inFile, prefetches: true },
  ].map((subject) => ({ ...subject, milliseconds: [] as number[] }));
  for (const trainer of [inMemory, inFile]) for (let step = 0; step < WARM_UP; step++) await trainer.step();
  const before = store.stats();
  for (let round = 0; round < rounds; round++) {
    for (const { name, trainer, prefetches, milliseconds } of subjects) {
      progress.note(`training steps, round ${round + 1} of ${rounds}: ${name}`);
      prefetching.on = prefetches;
      for (let step = 0; step < steps; step++) milliseconds.push((await trainer.step()).seconds * 1000);
    }
  }
  for (const trainer of [inMemory, inFile]) {
    trainer.dispose();
    trainer.model.dispose();
  }
  return {
    contestants: subjects.map(({ name, rows: own, milliseconds }) => ({ name, rows: own, milliseconds })),
    hitRate: hitRates(before, store.stats(), 2 * steps * rounds * MODEL_STEP.batchSize),
  };
}

/** Calls of a step that ask for its rows: when it reads them, and when it updates them. */
const CALLS = 2;

/**
 * Hits of a store between two moments, of all lookups and of the distinct rows of each step: an id that a step names
 * again is a hit. A row that is gone by the time it is updated is a second miss.
 */
export function hitRates(
  before: RowStoreStats,
  after: RowStoreStats,
  lookups: number,
): { readonly lookups: number; readonly distinct: number } {
  const asked = after.lookups - before.lookups;
  const misses = asked - (after.hits - before.hits);
  return { lookups: 1 - misses / lookups, distinct: 1 - misses / (asked / CALLS) };
}

/** A model of users and items whose item table has `rows` rows, with that of the items nobody knows. */
function trainerOf({ width, zipf, steps, rounds }: Request, rows: number, store?: RowStore): Trainer<Ranker> {
  const { batchSize, ...shape } = MODEL_STEP;
  // Both contestants with a file take their batches from one trainer.
  const events = (WARM_UP + 2 * steps * rounds + 1) * batchSize;
  const world = { users: Math.ceil(events / LENGTH), items: rows - 1, length: LENGTH, exponent: zipf, seed: 1 };
  const examples = pointExamples(zipfWorld(world));
  const model: Model = createModel({ ...shape, kind: MODEL_KIND, embeddingDim: width } as { readonly kind: string }, {
    numItems: rows - 1,
    numUsers: world.users,
    seed: 1,
    ...(store && { stores: ({ name }) => (name === 'fields.item.weight' ? store : undefined) }),
  });
  if (!isRanker(model)) throw new RunError(`bench tables: expected a model of rows; got ${model.kind}`);
  return createTrainer<Ranker>({ model, examples, task, batchSize, ...TABLE_RULE, embeddings: 'rowwise', seed: 1 });
}

/** Cross-entropy of labels by chance: nothing to learn, and the work of a step of clicks. */
const task: Task<Ranker> = {
  name: 'labels by chance',
  identity: {},
  namesItems: true,
  readsEmptyHistories: true,
  loss: ({ model, batch, run }) => {
    const z = tf.reshape(model.logits(batch, run), [-1]);
    const y = tf.tensor1d(Float32Array.from(batch.host.users, (user, e) => (user + e) % 2));
    return { sum: tf.sum(tf.sub(tf.softplus(z), tf.mul(z, y))) as tf.Scalar, weight: batch.numSequences };
  },
};

/** A store whose prefetch can be switched off. */
function withPrefetch(store: RowStore, prefetching: { readonly on: boolean }): RowStore {
  return {
    layout: store.layout,
    gather: (ids) => store.gather(ids),
    records: (ids) => store.records(ids),
    write: (ids, records) => store.write(ids, records),
    prefetch: (ids) => (prefetching.on ? store.prefetch(ids) : undefined),
    flush: () => store.flush(),
    close: () => store.close(),
    stats: () => store.stats(),
  };
}
