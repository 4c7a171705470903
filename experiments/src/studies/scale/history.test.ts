import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { itInFull } from '../../../../test/part.ts';
import { runMain } from '../../testing/run-main.ts';
import type { StudyPlan, StudyPoint } from '../study/study.ts';

const cwd = mkdtempSync(join(tmpdir(), 'seqrec-history-'));
const lines = ['user,item,at'];
for (let user = 0; user < 80; user++)
  for (let e = 0; e < 12 + user; e++) lines.push(`u${user},i${(user * 3 + e * e + (e % 5) * user) % 70},${1000 * e}`);
writeFileSync(join(cwd, 'events.csv'), lines.join('\n'));

const study = [
  'scale',
  'history',
  '--recipe=csv/hstu',
  `--data.path=${join(cwd, 'events.csv')}`,
  '--data.columns.user=user',
];
const shape = [
  '--data.columns.item=item',
  '--data.columns.time=at',
  '--widths=16',
  '--depths=1',
  '--training.batchSize=16',
];

itInFull('compares the latest window with sliding policies at equal steps, on the same tested windows', async () => {
  const out = `--out=${join(cwd, 's')}`;
  const options = ['--lengths=8,20', '--policies=one-random,round-robin', '--steps=8', out, '--quiet'];
  const { code, errors, output } = await runMain(...study, ...shape, ...options);
  expect(code, errors).toBe(0);
  const { arms } = JSON.parse(readFileSync(join(cwd, 's/plan.json'), 'utf8')) as StudyPlan;
  expect(arms.map(({ id }) => id)).toEqual([
    'hstu-latest-8',
    'hstu-latest-20',
    'hstu-one-random-20',
    'hstu-round-robin-20',
  ]);
  expect(arms.map(({ config }) => config.model.maxSequenceLength)).toEqual([8, 20, 8, 8]);
  expect(arms.map(({ config }) => config.windows)).toEqual([
    undefined,
    undefined,
    { policy: 'one-random', maxHistory: 20, stride: 1 },
    { policy: 'round-robin', maxHistory: 20, stride: 4 },
  ]);
  const points = readdirSync(join(cwd, 's/points')).map(
    (name) => JSON.parse(readFileSync(join(cwd, 's/points', name), 'utf8')) as StudyPoint,
  );
  expect(points).toHaveLength(16);
  for (const { metrics } of points)
    expect(Object.keys(metrics)).toEqual(expect.arrayContaining(['older/MRR', 'older/perplexity', 'recent/HR@10']));
  expect(new Set(points.map(({ steps }) => steps))).toEqual(new Set([2, 4, 6, 8]));
  expect(output).toMatch(/hstu +one-random +20 +\d/);
  const page = readFileSync(join(cwd, 's/report.html'), 'utf8');
  expect(page).toContain('hstu, round-robin');
  expect(readdirSync(join(cwd, 's/plots'))).toContain('older-perplexity.svg');
});

it.each([
  [
    ['--policies=newest'],
    '--policies: expected names among all-windows, one-random, round-robin, strided-offset, weighted',
  ],
  [['--lengths=8,20', '--window=10'], '--lengths: expected at least --window 10; got 8'],
  [
    ['--windows.policy=weighted'],
    'scale history: expected a recipe without windows, which the study chooses; got weighted',
  ],
])('refuses %j', async (options, message) => {
  const { code, errors } = await runMain(...study, ...shape, ...options, '--quiet');
  expect(errors).toContain(message);
  expect(code).toBe(2);
});
