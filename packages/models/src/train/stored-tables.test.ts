import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RowStore, useBackend } from '@seqrec/core';
import { fileRows } from '@seqrec/core/row-files';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { part, partOf } from '../../../../test/part.ts';
import { fitFields } from '../features/fit-fields.ts';
import type { TableStores } from '../features/table-stores.ts';
import type { Ranker } from '../model.ts';
import { readParameters } from '../parameters.ts';
import { createModel, modelKinds } from '../registry.ts';
import { rankingTask } from '../tasks/ranking/task.ts';
import { makeRanker, rowModels, type SmallRanker } from '../test-support/row-models.ts';
import { ITEMS, ROW_FEATURES, rowWorld, USERS } from '../test-support/row-world.ts';
import { tinyConfigs } from '../test-support/tiny.ts';
import { saveCheckpoint } from './checkpoint.ts';
import { storedStateOf } from './groups.ts';
import { createTrainer } from './trainer.ts';

const folder = mkdtempSync(join(tmpdir(), 'seqrec-tables-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
beforeAll(async () => {
  await useBackend('auto');
});

const { train, test } = rowWorld();
const features = fitFields({ features: ROW_FEATURES }, train);
const sizes = { numUsers: USERS, numItems: ITEMS, seed: 3, features };
const settings = { features: ROW_FEATURES, embeddingStd: 0.3 };
const task = rankingTask({ loss: 'binary' }, ['clicked']);
const sharing = { kind: 'mlp', embeddingDim: 8, hiddenSizes: [8] };
const storing = [
  ...Object.entries(rowModels).filter(([, { config }]) => config.kind !== 'dssm' && config.kind !== 'hstu-ranker'),
  ...Object.entries({
    'one table': { config: { ...sharing, tables: { kind: 'unified', rows: 30, chunks: 2, signs: true } } },
    'tables of hashes': { config: { ...sharing, tables: { kind: 'hashed', rows: 24 } } },
    'quotients and remainders': { config: { ...sharing, tables: { kind: 'qr', remainders: 5 } } },
  }),
];

/** Stores for all tables of ids, with little room in memory. */
function storesIn(
  path: string,
  options: Parameters<typeof storedStateOf>[1],
  opened: Map<string, RowStore>,
): TableStores {
  return ({ name, rows, width, initial }) => {
    const file = join(folder, `${path}-${name}`.replaceAll(/[^\w.-]/g, '-'));
    const layout = { rows, width, initial, ...storedStateOf(width, options) };
    const store = fileRows({ ...layout, path: file, cacheRows: 4 });
    opened.set(name, store);
    return store;
  };
}

const rules = ['adamw', 'adagrad'] as const;

describe.each(part(storing, 4))('%s with its tables in files', (name, small) => {
  // Some by both, the others by the one or the other: what a rule does to a table is not the model's.
  const place = storing.findIndex(([each]) => each === name);
  it.each(place < 4 ? rules : [rules[place % 2]])(
    'has the bits of one in memory after training by %s',
    async (kind) => {
      const { learningRate = 0.05 } = small as SmallRanker;
      const options = { kind, learningRate, weightDecay: 0.01, clipNorm: 1, batchSize: 16, parts: 2, seed: 2 };
      const before = tf.memory().numTensors;
      const opened = new Map<string, RowStore>();
      const inMemory = makeRanker(small, settings, sizes);
      const stores = storesIn(`${name}-${kind}`, options, opened);
      const inFiles = makeRanker(small, settings, { ...sizes, stores });
      expect(opened.size).toBeGreaterThanOrEqual(inMemory.tables().size);
      const trainers = [inMemory, inFiles].map((model) =>
        createTrainer<Ranker>({ model, examples: train, task, ...options, embeddings: 'rowwise' }),
      );
      // Into a second epoch: rows come again.
      for (let step = 0; step < partOf(2 * trainers[0].stepsPerEpoch, 2) + 3; step++) {
        const [theirs, ours] = [await trainers[0].step(), await trainers[1].step()];
        expect(ours.loss).toBe(theirs.loss);
      }
      const [expected, actual] = [await readParameters(inMemory), await readParameters(inFiles)];
      for (const [weight, { data: values }] of Object.entries(expected)) {
        const store = opened.get(weight);
        if (store === undefined) expect(actual[weight].data, weight).toEqual(values);
        else {
          const all = Int32Array.from({ length: store.layout.rows }, (_, id) => id);
          expect(await store.gather(all), weight).toEqual(values);
          // Ages of events are of few octaves, which stay in memory.
          const isLarge = store.layout.rows > 4 && !weight.startsWith('history.');
          expect(store.stats().rowsRead, weight).toBeGreaterThan(isLarge ? 0 : -1);
        }
      }
      const [theirs, ours] = [
        await task.evaluate({ model: inMemory, examples: test, batchSize: 7 }),
        await task.evaluate({ model: inFiles, examples: test, batchSize: 7 }),
      ];
      expect(ours.metrics).toEqual(theirs.metrics);
      for (const trainer of trainers) trainer.dispose();
      for (const model of [inMemory, inFiles]) model.dispose();
      for (const store of opened.values()) await store.close();
      expect(tf.memory().numTensors).toBe(before);
    },
  );
});

it('fetches the rows of the next step while this one runs, and changes nothing by it', async () => {
  const options = { kind: 'adamw', learningRate: 0.05, weightDecay: 0, batchSize: 16 } as const;
  const asked: string[] = [];
  const opened = new Map<string, RowStore>();
  const files = storesIn('order', options, opened);
  const stores: TableStores = (table) => {
    const store = files(table);
    if (store === undefined || table.name !== 'fields.user.weight') return store;
    const prefetch = (ids: Int32Array): void => {
      asked.push(`prefetch ${ids}`);
      store.prefetch(ids);
    };
    const gather = (ids: Int32Array): Promise<Float32Array> => {
      asked.push(`gather ${ids}`);
      return store.gather(ids);
    };
    return {
      ...store,
      layout: store.layout,
      gather,
      prefetch,
      records: (ids) => store.records(ids),
      write: (i, r) => store.write(i, r),
    } as RowStore;
  };
  const model = makeRanker(rowModels.mlp, settings, { ...sizes, stores });
  const trainer = createTrainer<Ranker>({ model, examples: train, task, ...options });
  for (let step = 0; step < 3; step++) await trainer.step();
  expect(asked.map((line) => line.split(' ')[0])).toEqual([
    'gather',
    'prefetch',
    'gather',
    'prefetch',
    'gather',
    'prefetch',
  ]);
  expect(asked[2]).toBe(asked[1].replace('prefetch', 'gather'));
  expect(asked[4]).toBe(asked[3].replace('prefetch', 'gather'));
  trainer.dispose();
  model.dispose();
  for (const store of opened.values()) await store.close();
});

it('refuses what reads every row, word for word', async () => {
  const options = { kind: 'adamw', learningRate: 0.05, weightDecay: 0, batchSize: 16 } as const;
  const opened = new Map<string, RowStore>();
  const stores = storesIn('refused', options, opened);
  const model = makeRanker(rowModels.lr, settings, { ...sizes, stores });
  const trainer = (own: object) => createTrainer<Ranker>({ model, examples: train, task, ...options, ...own });
  expect(() => trainer({ embeddings: 'dense' })).toThrow(
    "trainer: embeddings: expected embeddings 'rowwise' without weightAverage for 'linear.user.weight', which lies in a store; got 'dense', which moves every row",
  );
  expect(() => trainer({ weightAverage: { decay: 0.9 } })).toThrow(
    "trainer: weightAverage: expected embeddings 'rowwise' without weightAverage for 'linear.user.weight', which lies in a store; got weightAverage, which reads every row",
  );
  const file = join(folder, 'model.safetensors');
  await expect(saveCheckpoint(file, trainer({}))).rejects.toThrow(
    `checkpoint: ${file}: expected tables in variables; got 'linear.user.weight' in a store of ${USERS + 1} rows; snapshot the store, and keep the other weights by readParameters`,
  );
  model.dispose();
  for (const store of opened.values()) await store.close();
  expect(() => createModel(tinyConfigs.sasrec, { numItems: 5, stores })).toThrow(
    "createModel: stores: expected a model whose tables may lie in stores (lr, fm, mlp, dcn-v2, fcn, gdcn, finalmlp, finalnet, autoint, field-attention, mean-pooling, din, bst, transact, cross-attention, sim, eta, mmoe, ple); got 'sasrec'; leave stores out",
  );
  expect(modelKinds('rank')).toContain('dssm');
});
