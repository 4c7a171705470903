import { useBackend } from '@seqrec/core';
import { makeBatch } from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { fitFields } from '../features/fit-fields.ts';
import { idMask } from '../features/id-mask.ts';
import { uploadBatch } from '../inputs.ts';
import { createModel } from '../registry.ts';
import { makeRanker, rowModels } from '../test-support/row-models.ts';
import { ITEMS, rowWorld, USERS } from '../test-support/row-world.ts';

const { train, test } = rowWorld();
const features = fitFields({}, train);
const options = { numUsers: USERS, numItems: ITEMS, features };
const settings = { embeddingStd: 0.5 };
const ROWS = Array.from({ length: 12 }, (_, i) => 3 * i);
const TRAINING = { training: true, step: 1, seed: 4 };

beforeAll(async () => {
  await useBackend('auto');
});

describe.each(Object.entries(rowModels))('idDropout of %s', (_, small) => {
  it('reads a share of the items as not known, in a training step alone', () => {
    const model = makeRanker(small, { ...settings, idDropout: 0.5 }, options);
    const host = makeBatch(train, ROWS, model.columns);
    const batch = uploadBatch(host);
    const known = idMask(features.trained, 0.5, TRAINING);
    const read = new Set([...host.exampleItems!, ...host.itemIds]);
    expect([...host.exampleItems!].filter((item) => known[item] === 0).length).toBeGreaterThan(1);
    const tables = [...model.variables()].filter(([name]) => /(^|\.)item(\.weight)?$/.test(name));
    expect(tables.length).toBeGreaterThan(0);
    for (const [name, variable] of tables) {
      const { value, grads } = tf.variableGrads(
        () => tf.sum(tf.square(model.logits(batch, TRAINING))) as tf.Scalar,
        [variable as tf.Variable],
      );
      const slopes = tf.tidy(() => tf.sum(tf.abs(grads[variable.name]), -1).arraySync()) as number[];
      const moved = slopes.flatMap((slope, item) => (slope > 0 ? [item] : []));
      expect(moved, name).toContain(0);
      for (const item of moved.slice(1)) expect([known[item], read.has(item)], `${name} ${item}`).toEqual([1, true]);
      // Row-wise training reads every row that has a gradient.
      const table = model.tables().get(name);
      if (table !== undefined) {
        const rows = new Set(table.idsOf(host).flatMap((ids) => [...ids]));
        expect(moved.filter((row) => !rows.has(row))).toEqual([]);
      }
      tf.dispose([value, grads]);
    }
    batch.dispose();
    model.dispose();
  });

  it('changes nothing but training', () => {
    const scores = [0, 0.5].map((idDropout) => {
      const model = makeRanker(small, { ...settings, idDropout }, options);
      const batch = uploadBatch(makeBatch(test, [5, 1, 20, 7, 12], model.columns));
      const logits = tf.tidy(() => model.logits(batch, { training: false, step: 1, seed: 4 }).arraySync());
      batch.dispose();
      model.dispose();
      return logits;
    });
    expect(scores[1]).toEqual(scores[0]);
  });
});

it('asks for the id of the item', () => {
  const make = (kind: object) => () => createModel({ ...kind, itemId: false, idDropout: 0.1 } as never, options);
  const message = 'idDropout: expected it with itemId alone; got 0.1 and itemId false';
  expect(make({ kind: 'lr' })).toThrow(`model config (lr): ${message}`);
});
