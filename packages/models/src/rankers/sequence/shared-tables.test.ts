// Models of sequences whose ids share rows of tables.
import { useBackend } from '@seqrec/core';
import { interactionsFromArrays, makeBatch, pointExamples, withHistories } from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { fitFields } from '../../features/fit-fields.ts';
import { hashedRows } from '../../features/hash-rows.ts';
import { uploadBatch } from '../../inputs.ts';
import type { Ranker } from '../../model.ts';
import { parseModelConfig } from '../../registry.ts';
import { makeRanker, rowModels, sequenceVariants } from '../../test-support/row-models.ts';

const events = Array.from({ length: 60 }, (_, e) => ({ user: Math.floor(e / 10), at: e % 10 }));
const interactions = interactionsFromArrays({
  ...{ name: 'shared', users: events.map(({ user }) => user), timestamps: events.map(({ at }) => 1000 + at) },
  items: events.map(({ user, at }) => 1 + ((user * 5 + at * 7) % 9)),
  columns: { clicked: { kind: 'number', values: events.map(({ user, at }) => (user + at) % 2) } },
  labels: ['clicked'],
  itemColumns: {
    ids: Array.from({ length: 9 }, (_, i) => i + 1),
    columns: { genres: { kind: 'ids', values: Array.from({ length: 9 }, (_, i) => [`g${i % 3}`, `h${i % 2}`]) } },
  },
});
const set = withHistories(pointExamples(interactions), { maxEvents: 5 });
const ROWS = 99_991;
const settings = { embeddingStd: 0.5, features: ['genres'], userHistory: { maxEvents: 5, times: true } };

const models = Object.entries({ ...rowModels, ...sequenceVariants }).filter(
  ([, { config }]) => config.kind !== 'hstu-ranker' && 'userHistory' in parseModelConfig({ ...config } as never),
);

beforeAll(async () => {
  await useBackend('auto');
});

function scores(model: Ranker): number[] {
  const batch = uploadBatch(makeBatch(set, [9, 19, 3, 47], model.columns));
  const logits = tf.tidy(() => model.logits(batch, { training: false, step: 0, seed: 0 }).dataSync());
  batch.dispose();
  return [...logits];
}

describe.each(models)('%s', (_, small) => {
  const { numUsers, numItems } = interactions;
  const made = (tables?: object): Ranker => {
    const own = { ...settings, ...(tables && { tables }) };
    const features = fitFields(parseModelConfig({ ...small.config, ...own } as never) as never, set);
    return makeRanker(small, own, { numUsers, numItems, seed: 3, features });
  };

  it('with one table of many rows is the model of a table a field', () => {
    const separate = made();
    const unified = made({ kind: 'unified', rows: ROWS });
    const from = separate.variables();
    const own = new Set(from.keys());
    for (const [name, variable] of unified.variables()) {
      if (name !== 'fields.unified.weight') variable.assign(from.get(name) as tf.Variable);
      own.delete(name);
    }
    // What is left is what the shared table is made of.
    const fields = [...own];
    expect(fields.every((name) => name.startsWith('fields.'))).toBe(true);
    const tables = fields.map((name) => from.get(name) as tf.Variable<tf.Rank.R2>);
    const places = fields.flatMap((name, f) => [
      ...hashedRows(name.slice('fields.'.length, -'.weight'.length), 0, tables[f].shape[0], ROWS),
    ]);
    expect(new Set(places).size).toBe(places.length);
    tf.tidy(() => {
      const { shape } = unified.variables().get('fields.unified.weight')!;
      const rows = tf.scatterND(tf.tensor2d(places, [places.length, 1], 'int32'), tf.concat(tables), shape);
      unified.variables().get('fields.unified.weight')!.assign(rows);
    });
    expect(scores(unified)).toEqual(scores(separate));
    separate.dispose();
    unified.dispose();
  });

  it('with hashed rows has no more of them than told', () => {
    const hashed = made({ kind: 'hashed', rows: 12 });
    const rows = [...hashed.variables()].filter(([name]) => name.startsWith('fields.'));
    expect(rows.reduce((sum, [, { shape }]) => sum + shape[0], 0)).toBe(12);
    const batch = makeBatch(set, [9, 19], hashed.columns);
    for (const [name, { idsOf, variable }] of hashed.tables())
      for (const ids of idsOf(batch)) expect(Math.max(...ids), name).toBeLessThan(variable.shape[0]);
    expect(scores(hashed).every(Number.isFinite)).toBe(true);
    hashed.dispose();
  });
});
