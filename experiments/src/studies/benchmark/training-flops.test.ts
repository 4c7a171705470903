// Of a whole epoch of generation: the closed forms equal the work that the kernels count.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { useBackend } from '@seqrec/core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { recipeConfigSchema } from '../../config/schema.ts';
import type { CodedItems } from '../../data/coded-items.ts';
import { prepareData } from '../../data/dataset.ts';
import { runIds } from '../../run/loop/run-ids.ts';
import { makeTrainer } from '../../run/open/make-trainer.ts';
import { Progress } from '../../terminal/progress.ts';
import { codedShop, shopData, writeShop } from '../../testing/coded-shop.ts';
import { countedWork } from '../../testing/counted-work.ts';
import { checkCounted, trainingFlops } from './training-flops.ts';

const folder = mkdtempSync(join(tmpdir(), 'seqrec-training-flops-'));
const progress = new Progress({ quiet: true });
beforeAll(async () => {
  writeShop(folder);
  const [header, ...lines] = readFileSync(join(folder, 'shop.csv'), 'utf8').split('\n');
  const rated = [`${header},rating`, ...lines.map((line, i) => `${line},${1 + (i % 5)}`)];
  writeFileSync(join(folder, 'rated.csv'), rated.join('\n'));
  await useBackend('simd');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const ratedData = (of: string) => {
  const { columns, ...data } = shopData(of, 'rated');
  return { ...data, columns: { ...columns, rating: 'rating' } };
};

const t5 = {
  ...{ kind: 't5', embeddingDim: 26, numHeads: 3, headDim: 14, ffnDim: 45, maxSequenceLength: 5 },
  ...{ encoderBlocks: 2, decoderBlocks: 1 },
};
const dense = { width: 90, after: 0, temperature: 0.1 };
const language = { histories: 20, tasks: { retrieve: 1, masked: 1, preferred: 1, toTitle: 1 } };
const retrieval = { task: { kind: 'retrieval' } };

it.each([
  ['scalable cross-entropy', { ...retrieval, objective: { kind: 'sce' } }, 0.05],
  ['negatives of the batch, of which there are few', { ...retrieval, objective: { kind: 'pool-softmax' } }],
  [
    'labels of high ratings',
    { ...retrieval, objective: { labels: { kind: 'next-item', minRating: 4 } }, data: ratedData(folder) },
  ],
  [
    'masked labels of attention in both directions',
    {
      ...retrieval,
      ...{
        model: { kind: 'transformer', attention: 'bidirectional' },
        objective: { labels: { kind: 'masked', probability: 0.4 } },
      },
    },
  ],
  ['labels of any later day', { ...retrieval, objective: { labels: { kind: 'dense-all-action', windowDays: 28 } } }],
  // One draw for another.
  ['a label a history', { ...retrieval, objective: { labels: { kind: 'all-action', windowDays: 28 } } }, 0.08],
  ['a label a position', { ...retrieval, objective: { labels: { kind: 'sasrec' } } }],
  ['windows that move', { ...retrieval, windows: { policy: 'all-windows', stride: 2 } }],
  [
    'items that pass through a network',
    { ...retrieval, model: { kind: 'pinnerformer', modelDim: 20, itemHiddenDim: 60 } },
  ],
  ['codes alone', {}],
  ['vectors of content', { task: { dense: { ...dense, vectors: 'content' } } }],
  ['vectors of a table', { task: { dense: { ...dense, vectors: 'table' } } }],
  ['both, under a prefix', { task: { dense: { ...dense, vectors: 'both', after: 1 } } }],
  ['T5 on whole histories', { model: { ...t5, cuts: 'last' } }],
  // One draw for another.
  ['T5 on drawn starts of histories', { model: { ...t5, cuts: 'random' } }, 0.08],
  ['a language', { task: { language } }, 0.06],
] as [string, Partial<ReturnType<typeof codedShop>>, number?][])('%s', async (_, given, tolerance = 0.015) => {
  const shop = codedShop(folder);
  const { model, task, objective } = shop;
  const isT5 = given.model?.kind === 't5';
  const config = recipeConfigSchema().parse({
    ...{ ...shop, ...given },
    data: { ...shop.data, ...given.data, items: { ...shop.data.items, title: 'title' } },
    task: given.task?.kind === 'retrieval' ? given.task : { ...task, ...given.task },
    model: isT5 ? given.model : { ...model, ...given.model },
    objective: isT5 ? { ...objective, temperature: 1 } : { ...objective, ...given.objective },
  });
  const data = await prepareData(config.data, folder, progress);
  const generation = await runIds(config, data, { progress });
  const trainer = await makeTrainer(config, { ...data, ...(generation && { generation }) }, {}, { progress });
  const epochs = 4;
  const found = await countedWork(async () => {
    for (let epoch = 0; epoch < epochs; epoch++) await trainer.runEpoch();
  });
  trainer.dispose();
  trainer.model.dispose();
  const { content, ...coded } = generation ?? {};
  const formula = await trainingFlops(config, data.split.train, generation && (coded as CodedItems));
  expect(Math.abs(found / formula!(epochs) - 1)).toBeLessThan(tolerance);
});

it('is unknown of codes that are fitted later', async () => {
  const config = recipeConfigSchema().parse(codedShop(folder));
  const data = await prepareData(config.data, folder, progress);
  expect(await trainingFlops(config, data.split.train)).toBeUndefined();
});

it('says why operations are not counted, and nothing where they are', async () => {
  const config = recipeConfigSchema().parse({ ...codedShop(folder), ...retrieval });
  const { split } = await prepareData(config.data, folder, progress);
  const check = (changed: object, unit: 'flops' | 'seconds' = 'flops') =>
    checkCounted('tune', { unit, most: 1e9 }, { ...config, ...changed } as typeof config, split.train);
  const concat = { model: { ...config.model, combineFeatures: 'concat' } };
  await expect(check(concat)).rejects.toThrow(
    "--tune: expected a time such as 20m, since the operations of sasrec under full-softmax are not counted (flops: expected features that are summed, which is linear in the width; got combineFeatures 'concat', whose products are not counted; set --model.combineFeatures sum); got 1000000000",
  );
  await check(concat, 'seconds');
  await check({});
  await check({ objective: { ...config.objective, labels: { kind: 'next-action', cut: 'last' } } });
});

it('has the epochs of a schedule of windows one by one, in whole turns', async () => {
  const flopsOf = async (windows: object) => {
    const config = recipeConfigSchema().parse({ ...codedShop(folder), ...retrieval, windows });
    const { split } = await prepareData(config.data, folder, progress);
    return (await trainingFlops(config, split.train))!;
  };
  const sliding = { policy: 'all-windows', stride: 2 };
  const [control, all] = [await flopsOf({ policy: 'control' }), await flopsOf(sliding)];
  const mixed = await flopsOf({ ...sliding, schedule: { epochs: 20, controlEpochs: 12 } });
  expect(all(1)).toBeGreaterThan(2 * control(1));
  expect(mixed(12)).toBe(control(12));
  expect(mixed(14)).toBe(control(12) + all(2));
  expect(mixed(30)).toBe(control(22) + all(8));
});
