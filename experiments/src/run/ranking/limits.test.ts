// Rows whose law is known, through the command line: HSTU as a ranker beside what can be reached.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dlrmLimits } from '@seqrec/data';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { prepareData } from '../../data/dataset.ts';
import { Progress } from '../../terminal/progress.ts';
import { runMain } from '../../testing/run-main.ts';
import type { RunResults } from '../folder/results.ts';
import { openRunDir } from '../folder/run-dir.ts';

const folder = mkdtempSync(join(tmpdir(), 'seqrec-limits-'));
afterAll(() => rmSync(folder, { recursive: true }));
const out = join(folder, 'runs');
const yaml = join(folder, 'world.yaml');
const world = `{ users: 24, items: 96, seed: 3, steps: 8, categories: 4, eventsPerStep: 7, candidates: 4, testCandidates: 9,
  validationSteps: 0, validationShare: 0.2 }`;
writeFileSync(
  yaml,
  `task: { kind: ranking }
data: { format: synthetic-ranking, ${world.slice(1)}
model: { kind: hstu-ranker, embeddingDim: 8, numBlocks: 1, numHeads: 1, dqk: 4, dv: 4, preprocessorHidden: 8,
  towerHidden: 8, headHidden: 8, features: [category], userHistory: { maxEvents: 30 } }
optimizer: { learningRate: 0.01 }
training: { epochs: 2, batchSize: 16, shuffle: true, evaluateEvery: 1 }
evaluation: { batchSize: 50 }
seed: 1
`,
);
const names = dlrmLimits([7], 4).map(({ name }) => name);
let printed: Awaited<ReturnType<typeof runMain>>;
beforeAll(async () => {
  printed = await runMain('train', '--config', yaml, '--out', out);
});

it('prints the limits beside the model and the baselines, and keeps them', () => {
  expect(printed.errors).not.toContain('error');
  expect(printed.code).toBe(0);
  const run = openRunDir(out, 'latest');
  const { limits = [], definitions, final } = JSON.parse(readFileSync(run.results, 'utf8')) as RunResults;
  expect(limits.map(({ name }) => name)).toEqual(names.map((name) => `limit: ${name}`));
  expect(limits.every(({ split }) => split === 'test')).toBe(true);
  // Those of the world itself: step 7 tests, those before it train.
  expect(limits[1].metrics).toEqual(dlrmLimits([7], 4)[1].metrics);
  expect(definitions.filter((line) => line.startsWith('Limit '))).toHaveLength(names.length);
  expect(final?.metrics.NE).toBeGreaterThan(limits.at(-1)!.metrics.NE);
  const report = readFileSync(run.report, 'utf8');
  for (const name of names) {
    expect(printed.output).toContain(`limit: ${name}`);
    expect(report).toContain(`limit: ${name}`);
  }
});

it('gives the row that an evaluation reads the same prediction, whatever the batch', async () => {
  const figures = async (size: string) =>
    JSON.parse((await runMain('evaluate', 'latest', '--out', out, '--json', '--evaluation.batchSize', size)).output);
  const [one, many] = [await figures('1'), await figures('1000')];
  expect(one.metrics).toEqual(many.metrics);
  expect(one.limits.map(({ name }: { name: string }) => name)).toEqual(names.map((name) => `limit: ${name}`));
  const validation = await runMain('evaluate', 'latest', '--out', out, '--split', 'validation');
  expect(validation.output).not.toContain('limit: ');
});

it('refuses the world for models of sequences', async () => {
  const config = { format: 'synthetic-ranking' as const, users: 9, items: 9, seed: 1 };
  await expect(prepareData(config, folder, new Progress({ quiet: true }))).rejects.toThrow(
    'data.format: expected data of sequences, which the models train on; got synthetic-ranking, which is of rows for a ranker',
  );
});

it('refuses a world that does not fit into memory', async () => {
  const { code, errors } = await runMain('train', '--config', yaml, '--out', out, '--data.users', '10000000');
  expect(errors).toContain('data.users: expected at most 2^27 events');
  expect(code).toBe(2);
});
