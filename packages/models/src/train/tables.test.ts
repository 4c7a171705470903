import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { useBackend } from '@seqrec/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fitFields } from '../features/fit-fields.ts';
import type { Ranker } from '../model.ts';
import { createModel } from '../registry.ts';
import { rankingTask } from '../tasks/ranking/task.ts';
import { ITEMS, NEW_ITEMS, NEW_USERS, rowWorld, USERS } from '../test-support/row-world.ts';
import { loadCheckpoint, saveCheckpoint } from './checkpoint.ts';
import { loadTables } from './load-tables.ts';
import { createTrainer, type Trainer } from './trainer.ts';

const folder = mkdtempSync(join(tmpdir(), 'seqrec-tables-'));
afterAll(() => rmSync(folder, { recursive: true }));
const { train } = rowWorld();
const ids = { 'fields.user.weight': 'fields.user.weight', 'fields.item.weight': 'fields.item.weight' };

function trainerOf(kind: 'fm' | 'mlp', options: object = {}, width = 4): Trainer<Ranker> {
  const { tables, ...own } = options as { readonly tables?: object };
  const net = { ...(kind === 'mlp' && { hiddenSizes: [6] }), ...(tables && { tables }) };
  const config = { kind, embeddingDim: width, embeddingStd: 0.3, ...net };
  const sizes = { numUsers: USERS, numItems: ITEMS, seed: 2, features: fitFields({}, train) };
  const model = createModel(config, sizes) as unknown as Ranker;
  const task = rankingTask({}, ['clicked']);
  return createTrainer({ model, examples: train, task, batchSize: 40, learningRate: 0.05, seed: 1, ...own });
}

const table = ({ model }: Trainer<Ranker>, field: string): number[][] =>
  model.variables().get(`fields.${field}.weight`)!.arraySync() as number[][];

beforeAll(async () => {
  await useBackend('auto');
});

describe('tables of another model', () => {
  const file = join(folder, 'ids.safetensors');
  let ids1: Trainer<Ranker>;
  beforeAll(async () => {
    ids1 = trainerOf('fm');
    await ids1.steps(10);
    await saveCheckpoint(file, ids1);
  });

  it('are taken in the rows that it was trained on, and in no others', async () => {
    const ranker = trainerOf('mlp');
    const [users, items] = ['user', 'item'].map((field) => table(ranker, field));
    const hidden = ranker.model.variables().get('deep.0.weight')!.arraySync();
    const loaded = await loadTables(file, ranker.model, { tables: ids });
    const { interactions } = train;
    const isNew = {
      user: (row: number) => NEW_USERS.includes(Number(interactions.users.external(row - 1))),
      item: (row: number) => NEW_ITEMS.includes(Number(interactions.items.external(row))),
    };
    for (const [field, before] of [
      ['user', users],
      ['item', items],
    ] as const) {
      const from = table(ids1, field);
      for (const [row, values] of table(ranker, field).entries()) {
        const taken = row > 0 && !isNew[field](row);
        expect(values, `${field} ${row}`).toEqual(taken ? from[row] : before[row]);
      }
    }
    expect(loaded).toEqual([
      { table: 'fields.user.weight', rows: USERS - NEW_USERS.length, of: USERS + 1 },
      { table: 'fields.item.weight', rows: ITEMS - NEW_ITEMS.length, of: ITEMS + 1 },
    ]);
    expect(ranker.model.variables().get('deep.0.weight')!.arraySync()).toEqual(hidden);
  });

  it('are taken whole where rows are hashes, which are no ids', async () => {
    const tables = { kind: 'hashed', rows: 6 };
    const from = trainerOf('fm', { tables });
    await from.steps(10);
    const shared = join(folder, 'hashed.safetensors');
    await saveCheckpoint(shared, from);
    const ranker = trainerOf('mlp', { tables });
    const names = [...ranker.model.tables().keys()];
    const loaded = await loadTables(shared, ranker.model, {
      tables: Object.fromEntries(names.map((name) => [name, name])),
    });
    expect(loaded.length).toBeGreaterThan(0);
    for (const { rows, of } of loaded) expect(rows).toBe(of);
    for (const name of names)
      expect(ranker.model.variables().get(name)!.arraySync()).toEqual(from.model.variables().get(name)!.arraySync());
  });

  it('are refused when they are not there, or of another size', async () => {
    const wide = trainerOf('mlp', {}, 5);
    await expect(loadTables(file, wide.model, { tables: ids })).rejects.toThrow(
      /expected fields.user.weight of \[25, 5\], for fields.user.weight; got \[25, 4\]; it must be of the same data and as wide/,
    );
    await expect(loadTables(file, wide.model, { tables: { 'fields.city.weight': 'x' } })).rejects.toThrow(
      'loadTables: expected tables of ids (fields.user.weight, fields.item.weight); got fields.city.weight',
    );
  });
});

describe('renewTables', () => {
  it('begins every epoch with tables made anew, while the layers go on', async () => {
    // Nothing is learned, so that what a table is after an epoch is what it began with.
    const trainer = trainerOf('mlp', { renewTables: true, learningRate: 0 });
    const [first, layers] = [table(trainer, 'user'), trainer.model.variables().get('deep.0.weight')!.arraySync()];
    await trainer.runEpoch();
    expect(table(trainer, 'user')).toEqual(first);
    await trainer.runEpoch();
    const second = table(trainer, 'user');
    expect(second).not.toEqual(first);
    await trainer.runEpoch();
    expect(table(trainer, 'user')).not.toEqual(second);
    expect(trainer.model.variables().get('deep.0.weight')!.arraySync()).toEqual(layers);
    const spread = Math.sqrt(second.flat().reduce((sum, x) => sum + x * x, 0) / second.flat().length);
    expect(spread).toBeCloseTo(0.3, 1);
  });

  it('leaves nothing of the moments, and a resumed run is one left alone', async () => {
    const options = { renewTables: true };
    const whole = trainerOf('mlp', options);
    for (let epoch = 0; epoch < 3; epoch++) await whole.runEpoch();
    const half = trainerOf('mlp', options);
    for (let epoch = 0; epoch < 2; epoch++) await half.runEpoch();
    const file = join(folder, 'half.safetensors');
    await saveCheckpoint(file, half);
    const resumed = trainerOf('mlp', options);
    await loadCheckpoint(file, resumed);
    await resumed.runEpoch();
    expect(table(resumed, 'user')).toEqual(table(whole, 'user'));
    const plain = trainerOf('mlp');
    for (let epoch = 0; epoch < 3; epoch++) await plain.runEpoch();
    expect(table(plain, 'user')).not.toEqual(table(whole, 'user'));
  });

  it('is refused with averages and with row-wise tables', () => {
    expect(() => trainerOf('mlp', { renewTables: true, weightAverage: { decay: 0.9 } })).toThrow(
      "trainer: renewTables: expected it with embeddings 'dense' and without weightAverage; got weightAverage",
    );
    expect(() => trainerOf('mlp', { renewTables: true, embeddings: 'rowwise' })).toThrow(
      "trainer: renewTables: expected it with embeddings 'dense' and without weightAverage; got embeddings 'rowwise'",
    );
  });
});
