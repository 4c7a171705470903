import { useBackend } from '@seqrec/core';
import { impressionExamples, makeBatch } from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { parseConfig } from '../../config/parse.ts';
import { ConfigError } from '../../errors.ts';
import { fieldsOf, readField } from '../../features/fields.ts';
import { fitFields } from '../../features/fit-fields.ts';
import { workloadOf } from '../../flops/flops.ts';
import { uploadBatch } from '../../inputs.ts';
import { describeFuxiCtr, fuxiCtrFile } from '../../test-support/fuxictr-files.ts';
import { plainField, plainHidden, type Weights } from '../../test-support/plain-rows.ts';
import { ITEMS, NEW_ITEMS, ROW_FEATURES, rowWorld, USERS } from '../../test-support/row-world.ts';
import { type DssmConfigInput, dssmConfigSchema } from './config.ts';
import { createDssm } from './dssm.ts';
import { dssmFlops } from './flops.ts';

const INFERENCE = { training: false, step: 0, seed: 0 };
const { train } = rowWorld();
const examples = impressionExamples(train.interactions, { history: 'all' });
const features = fitFields({ features: ROW_FEATURES }, train);
const small = {
  kind: 'dssm',
  features: ROW_FEATURES,
  history: true,
  embeddingDim: 4,
  queryHiddenSizes: [6, 5],
  itemHiddenSizes: [7],
  outputDim: 3,
  embeddingStd: 0.5,
} as const;
const sizes = { numUsers: USERS, numItems: ITEMS };
const configOf = (settings: Partial<DssmConfigInput> = {}) => dssmConfigSchema.parse({ ...small, ...settings });
const make = (settings: Partial<DssmConfigInput> = {}) =>
  createDssm(configOf(settings), { ...sizes, seed: 2, features });
const rows = [0, 3, 7, 40, 90, 187];

beforeAll(async () => {
  await useBackend('auto');
});

describeFuxiCtr({ dssm: fuxiCtrFile('dssm') });

it('does not count the work of features', () => {
  const work = workloadOf([3], { itemRows: ITEMS + 1 });
  expect(() => dssmFlops(configOf(), work)).toThrow("flops: expected a 'dssm' without features");
  expect(dssmFlops(configOf({ features: undefined }), work).forward).toBe(
    2 * 3 * (2 * 4 * 6 + 6 * 5 + 5 * 3) + 2 * (ITEMS + 1) * (4 * 7 + 7 * 3),
  );
});

describe('DSSM', () => {
  it.each(['dot', 'cosine'] as const)('has the vectors of the formula in float64 (%s)', (similarity) => {
    const model = make({ similarity });
    const weights: Weights = new Map(
      Array.from(model.variables(), ([name, variable]) => [
        name,
        { shape: variable.shape, data: Float64Array.from(variable.dataSync()) },
      ]),
    );
    const host = makeBatch(examples, rows, model.columns);
    const batch = uploadBatch(host);
    const queries = tf.tidy(() => model.queries(batch, INFERENCE).arraySync());
    const logits = tf.tidy(() => model.logits(batch, INFERENCE).arraySync());
    const vectors = tf.tidy(() => model.itemVectors().arraySync());
    const fields = fieldsOf({ config: configOf(), ...sizes, features });
    const scaled = (x: number[]): number[] => (similarity === 'dot' ? x : x.map((value) => value / Math.hypot(...x)));
    const lengths = new Set<number>();
    for (const b of rows.keys()) {
      const values = (tower: 'query' | 'item'): number[][] =>
        fields
          .filter(({ table }) => (table === 'items') === (tower === 'item'))
          .map((field) =>
            plainField(weights, `${tower}.fields.${field.name}.weight`, readField(field, host, 'dssm'), b, 'mean'),
          );
      const history = Array.from(host.itemIds.subarray(host.offsets[b], host.offsets[b + 1]), (item) =>
        NEW_ITEMS.includes(Number(train.interactions.items.external(item))) ? 0 : item,
      );
      lengths.add(history.length);
      const table = weights.get('item.fields.item.weight')!.data;
      const mean = [0, 1, 2, 3].map((d) => history.reduce((s, i) => s + table[i * 4 + d] / history.length, 0));
      const query = scaled(plainHidden(weights, 'query.tower', [...values('query').flat(), ...mean], 2));
      const item = scaled(plainHidden(weights, 'item.tower', values('item').flat(), 1));
      for (const [d, value] of query.entries()) expect(queries[b][d]).toBeCloseTo(value, 5);
      for (const [d, value] of item.entries()) expect(vectors[host.exampleItems![b]][d]).toBeCloseTo(value, 5);
      expect(logits[b]).toHaveLength(1);
      expect(logits[b][0]).toBeCloseTo(
        query.reduce((s, x, d) => s + x * item[d], 0),
        5,
      );
    }
    expect(lengths.has(0)).toBe(true);
    expect(lengths.size).toBeGreaterThan(3);
    batch.dispose();
    model.dispose();
  });

  it('gives some items the rows of all', () => {
    const model = make();
    tf.tidy(() => {
      const all = model.itemVectors().arraySync();
      const some = model.itemRows(Int32Array.of(3, 9, 3), INFERENCE).arraySync();
      expect(all).toHaveLength(ITEMS + 1);
      for (const [at, item] of [3, 9, 3].entries()) {
        for (const [d, value] of all[item].entries()) expect(some[at][d]).toBeCloseTo(value, 6);
      }
    });
    model.dispose();
  });

  it('reads dropped ids as those not known, in the history as well, and drops them in training alone', () => {
    const plain = createDssm(configOf({ idDropout: 0.5, features: undefined, userId: false }), {
      ...sizes,
      features: fitFields({}, train),
    });
    const batch = uploadBatch(makeBatch(examples, rows, plain.columns));
    const run = { training: true, step: 4, seed: 9 };
    tf.tidy(() => {
      const all = plain.itemVectors().arraySync();
      const unknown = all[0];
      const dropped = plain.itemVectors(run).arraySync();
      const isUnknown = dropped.map((row) => row.every((x, d) => Math.abs(x - unknown[d]) < 1e-6));
      expect(isUnknown[0] && isUnknown[ITEMS]).toBe(true);
      const count = isUnknown.filter(Boolean).length;
      expect(count).toBeGreaterThan(4);
      expect(count).toBeLessThan(ITEMS - 1);
      for (const [item, row] of dropped.entries()) if (!isUnknown[item]) expect(row).toEqual(all[item]);
      expect(plain.itemVectors({ ...run, step: 5 }).arraySync()).not.toEqual(dropped);
      expect(plain.queries(batch, run).arraySync()).not.toEqual(plain.queries(batch, INFERENCE).arraySync());
    });
    batch.dispose();
    plain.dispose();
  });

  it('does not let the history see the target', () => {
    const model = make();
    const host = makeBatch(examples, rows, model.columns);
    const [batch, other] = [host, { ...host, exampleItems: host.exampleItems!.map((item) => (item % 13) + 1) }].map(
      uploadBatch,
    );
    tf.tidy(() => {
      expect(model.queries(other, INFERENCE).arraySync()).toEqual(model.queries(batch, INFERENCE).arraySync());
      expect(model.logits(other, INFERENCE).arraySync()).not.toEqual(model.logits(batch, INFERENCE).arraySync());
    });
    for (const each of [batch, other]) each.dispose();
    model.dispose();
  });

  it.each([
    [{ history: true, itemId: false }, 'history: expected it with itemId alone'],
    [{ idDropout: 0.1, itemId: false, history: false }, 'idDropout: expected it with itemId alone'],
    [{ outputDim: 0 }, 'outputDim: expected number >= 1; got 0'],
  ])('refuses %j', (settings, message) => {
    expect(() => parseConfig(dssmConfigSchema, { ...small, ...settings }, 'model config (dssm)')).toThrow(message);
  });

  it.each([
    [{ userId: false, history: false }, 'userId: expected the query tower to read the user id'],
    [{ itemId: false, history: false }, 'itemId: expected the item tower to read its id'],
  ])('refuses towers without input: %j', (settings, message) => {
    const config = configOf({ features: undefined, ...settings });
    expect(() => createDssm(config, sizes)).toThrow(ConfigError);
    expect(() => createDssm(config, sizes)).toThrow(`model config (dssm): ${message}`);
  });
});
