import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { z } from 'zod';
import { shopData, writeShop } from '../../testing/coded-shop.ts';
import { runMain } from '../../testing/run-main.ts';
import { type RunResults, savedResults } from '../folder/results.ts';
import { openRunDir } from '../folder/run-dir.ts';
import { bestSettings, describeTuned, settingsToTry } from './tune-baseline.ts';

const schema = z.strictObject({
  alpha: z.number().default(2),
  beta: z.number().default(5),
  rest: z.number().default(0),
});
const about = { key: 'own', schema, tries: { alpha: [1, 2], beta: [4, 5] } };
const given = schema.parse({});

it('tries what is given, then every other combination', () => {
  expect(settingsToTry(given, about)).toEqual([
    { alpha: 2, beta: 5, rest: 0 },
    { alpha: 1, beta: 4, rest: 0 },
    { alpha: 1, beta: 5, rest: 0 },
    { alpha: 2, beta: 4, rest: 0 },
  ]);
  expect(settingsToTry({ ...given, alpha: 9 }, about)).toHaveLength(5);
});

it('takes the best, the first of equal ones, and tells what was chosen', async () => {
  const best = await bestSettings(settingsToTry(given, about), 'HR@10', async ({ alpha, beta }) =>
    alpha === 1 && beta === 4 ? 'no inverse' : 1 / beta,
  );
  expect(best).toEqual({ settings: { alpha: 2, beta: 4, rest: 0 }, tried: 3, metric: 'HR@10', value: 0.25 });
  expect(describeTuned(best as never, about.tries)).toBe(
    'alpha 2, beta 4: the best HR@10 of 3 settings on the validation set',
  );
  expect(await bestSettings(settingsToTry(given, about), 'HR@10', async () => 0.1)).toMatchObject({ settings: given });
});

it('tells why nothing can be fitted', async () => {
  let measured = 0;
  const why = await bestSettings(settingsToTry(given, about), 'HR@10', async () => `no inverse ${++measured}`);
  expect(why).toBe('no inverse 1');
});

it('stands beside a run with the settings that are best on its validation set', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'seqrec-tuned-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  writeShop(folder);
  const config = {
    data: shopData(folder),
    model: { kind: 'sasrec', embeddingDim: 8, maxSequenceLength: 5, numBlocks: 1, numHeads: 1, ffnDim: 8 },
    objective: { kind: 'full-softmax' },
    optimizer: { learningRate: 0.02 },
    training: { epochs: 1, batchSize: 8, shuffle: true, evaluateEvery: 1 },
    evaluation: {
      ...{ ks: [3], batchSize: 16, excludeSeen: false, selectBy: 'NDCG@3' },
      ...{ baselines: ['item-knn', 'popularity'], itemKnn: { last: 5, decay: 0.9 }, tuneBaselines: true },
    },
    seed: 1,
  };
  writeFileSync(join(folder, 'shop.yaml'), JSON.stringify(config));
  const at = ['--out', join(folder, 'runs'), '--quiet'];
  const trained = await runMain('train', '--config', join(folder, 'shop.yaml'), ...at);
  expect([trained.code, trained.errors]).toEqual([0, '']);
  const { definitions, baselines } = savedResults(openRunDir(join(folder, 'runs'), 'latest'))!;
  const line =
    /^Baseline item-knn: last (\d+), decay ([\d.]+): the best NDCG@3 of 13 settings on the validation set\.$/;
  const [, last, decay] = definitions.map((each) => line.exec(each)).find((each) => each !== null)!;

  const value = async (split: string, ...settings: (readonly [string, unknown])[]): Promise<number> => {
    const asked = settings.flatMap(([key, own]) => [`--evaluation.${key}`, String(own)]);
    const { output } = await runMain('evaluate', 'latest', '--split', split, '--json', ...asked, ...at);
    const [{ differences }] = (JSON.parse(output) as { verdict: NonNullable<RunResults['verdict']> }).verdict;
    return differences.find(({ metric }) => metric === 'NDCG@3')!.a;
  };
  const untuned = ['tuneBaselines', false] as const;
  const of = (own: readonly [number | string, number | string]) =>
    [untuned, ['itemKnn.last', own[0]], ['itemKnn.decay', own[1]]] as const;
  const pairs = [1, 3, 10, 50].flatMap((own) => [0.6, 0.8, 1].map((weight) => [own, weight] as const));
  const values: number[] = [];
  for (const own of [[5, 0.9] as const, ...pairs]) values.push(await value('validation', ...of(own)));
  expect(new Set(values).size).toBeGreaterThan(2);
  expect(await value('validation', ...of([last, decay]))).toBe(Math.max(...values));
  const own = baselines.find(({ name, split }) => name === 'item-knn' && split === 'test')!.metrics['NDCG@3'];
  expect(await value('test', ...of([last, decay]))).toBeCloseTo(own, 12);
  // Kept with the run, and made again.
  expect(await value('test')).toBeCloseTo(own, 12);
  expect(await value('test', ['itemKnn.last', 1])).toBeCloseTo(own, 12);
  const given = await value('test', untuned);
  expect(given).not.toBeCloseTo(own, 12);
  expect(given).toBe(await value('test', ...of([5, 0.90000001])));
});
