import { readFileSync } from 'node:fs';
import { useBackend } from '@seqrec/core';
import { makeBatch } from '@seqrec/data';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { part } from '../../../../../test/part.ts';
import { fitFields } from '../../features/fit-fields.ts';
import { checkGolden } from '../../golden/check.ts';
import type { GoldenReport } from '../../golden/report.ts';
import { uploadBatch } from '../../inputs.ts';
import type { Ranker } from '../../model.ts';
import { createModel } from '../../registry.ts';
import { describeFuxiCtr, fuxiCtrFile } from '../../test-support/fuxictr-files.ts';
import { describeRowFormulas, type RowFormula } from '../../test-support/row-formulas.ts';
import { sequenceDefaults } from '../../test-support/row-models.ts';
import { ITEMS, rowWorld, USERS } from '../../test-support/row-world.ts';
import { plainSequence } from '../sequence/test-support/plain.ts';
import { transactConfigSchema } from './config.ts';
import { type PlainTransact, plainTransact } from './test-support/plain.ts';
import { checkTransactRows, transactNet } from './transact.ts';

function formula(own: object, plain: PlainTransact): RowFormula {
  const { blocks: numBlocks, latest, order } = plain;
  const config = transactConfigSchema.parse({
    ...{ kind: 'transact', embeddingDim: 2, embeddingStd: 0.7, hiddenSizes: [6, 4], feedForwardDim: 6 },
    ...{ numBlocks, latest, order, tower: 'mlp', ...own },
  });
  return {
    net: (options) => transactNet(config, options),
    plain: (w, rows) => plainSequence(w, rows, plainTransact(plain)),
    roundings: 3,
    maxEvents: 5,
  };
}
const formulas = {
  'transact, oldest first': formula({}, { blocks: 1, latest: 3, order: 'oldest-first' }),
  transact: formula({}, { blocks: 2, latest: 2, order: 'newest-first' }),
  'transact of pinterest': formula(
    { padding: 'pinterest' },
    { blocks: 2, latest: 2, order: 'newest-first', filled: 5 },
  ),
};
describeRowFormulas(Object.fromEntries(part(Object.entries(formulas), 3)));
describeFuxiCtr({ transact: fuxiCtrFile('transact-fuxictr') });

describe.each(['transact-pinterest', 'transact-pinterest-aligned'])('%s', (name) => {
  const url = new URL(`../../golden/fixtures/transact/${name}.json`, import.meta.url);

  it.each(['cpu', 'auto'] as const)(
    'has the outputs, the loss and every gradient of the reference on %s',
    async (on) => {
      await useBackend(on);
      const before = tf.memory().numTensors;
      const json = JSON.parse(readFileSync(url, 'utf8'));
      const { tolerance, maxima } = (await checkGolden(json)) as GoldenReport;
      expect(tf.memory().numTensors).toBe(before);
      for (const of of ['outputs', 'loss', 'gradients'] as const) {
        expect(tolerance[of]).toBeLessThan(1e-5);
        expect(maxima[of], of).toBeLessThan(tolerance[of]);
      }
      json.inputs.times.data = json.inputs.times.data.map((time: number) => time - 5000);
      const changed = (await checkGolden(json)) as GoldenReport;
      if (name === 'transact-pinterest') expect(changed.maxima.loss).toBeGreaterThan(tolerance.loss);
    },
  );
});

it('has the defaults that are documented', () => {
  const given = { kind: 'transact', embeddingDim: 4 } as const;
  expect(transactConfigSchema.parse(given)).toEqual({
    ...{ ...given, ...sequenceDefaults, tower: 'dcn-v2' },
    ...{ numBlocks: 2, numHeads: 2, feedForwardDim: 32, attentionDropout: 0, latest: 10, maxPool: true },
    ...{ timeWindow: 0, order: 'newest-first', padding: 'hidden' },
  });
});

it('asks for the times that its window hides events by, also where events have no time of their own', async () => {
  await useBackend('auto');
  const config = { kind: 'transact', embeddingDim: 2, embeddingStd: 1, numHeads: 1, latest: 2, feedForwardDim: 4 };
  const logits = (timeWindow: number): number[] => {
    const { train } = rowWorld();
    const given = {
      ...config,
      hiddenSizes: [4],
      tower: 'mlp',
      timeWindow,
      userHistory: { maxEvents: 5, times: false },
    };
    const sizes = { numUsers: USERS, numItems: ITEMS, seed: 2, features: fitFields(given, train) };
    const model = createModel(given, sizes) as unknown as Ranker;
    const indices = Array.from({ length: 20 }, (_, e) => 3 * e);
    const batch = uploadBatch(makeBatch(train, indices, model.columns));
    const values = tf.tidy(() => [...model.logits(batch, { training: true, step: 1, seed: 5 }).dataSync()]);
    batch.dispose();
    model.dispose();
    return values;
  };
  expect(logits(1e9)).not.toEqual(logits(0));
});

it('refuses a window of time over data without times', () => {
  const { train } = rowWorld();
  const without = { ...train, interactions: { ...train.interactions, hasTimestamps: false } };
  const config = (timeWindow: number) =>
    transactConfigSchema.parse({ kind: 'transact', embeddingDim: 2, hiddenSizes: [4], timeWindow });
  expect(() => checkTransactRows(config(60), without)).toThrow(
    'model config (transact): timeWindow: expected times, by which events are hidden; got none in rows; set model.timeWindow to 0',
  );
  expect(() => checkTransactRows(config(0), without)).not.toThrow();
  expect(() => checkTransactRows(config(60), train)).not.toThrow();
});
