import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { RunCost } from './cost.ts';
import { renderMarkdown } from './render.ts';
import { writeReproductionReport } from './report.ts';
import { defineTable } from './table.ts';

const table = defineTable({
  title: 'A < B',
  source: 'somebody 2024',
  notes: ['a note'],
  metrics: ['HR@10', 'older/MRR'],
  rows: [
    { name: 'control', recipe: 'ml-1m/hstu', paper: { 'HR@10': 0.3 } },
    { name: 'sliding', recipe: 'ml-1m/hstu', paper: { 'HR@10': 0.31 } },
  ],
  claims: [{ better: 'sliding', worse: 'control', metrics: ['HR@10'] }],
  gains: [{ over: 'control', rows: ['sliding'], metrics: ['HR@10', 'older/MRR'] }],
});
const run = (row: string, seed: number, hit: number, mrr: number) => ({
  row,
  seed,
  run: `${row}-${seed}`,
  metrics: { 'HR@10': hit, 'older/MRR': mrr },
});
const cost: RunCost = {
  row: 'control',
  machine: 'Abacus',
  epochs: 1,
  steps: 2,
  tokens: 30,
  trainingSeconds: 70,
  evaluationSeconds: 1,
  peakHeapBytes: 2 ** 21,
};

it('has a figure of gains, one of each published metric, and every table', () => {
  const out = mkdtempSync(join(tmpdir(), 'seqrec-reproduced-'));
  const runs = [
    run('control', 1, 0.2, 0.1),
    run('control', 2, 0.2, 0.1),
    run('sliding', 1, 0.22, 0.1),
    run('sliding', 2, 0.24, 0.1),
  ];
  const reproduction = {
    name: 'x/y',
    table,
    runs,
    seeds: [1, 2],
    remarks: ['Size: small.'],
    command: 'seqrec reproduce x/y',
  };
  writeReproductionReport(out, reproduction, [cost]);
  // Nothing is published of the second metric.
  expect(readdirSync(join(out, 'plots')).sort()).toEqual([
    'gains-1.png',
    'gains-1.svg',
    'metric-1.png',
    'metric-1.svg',
  ]);
  const report = readFileSync(join(out, 'report.html'), 'utf8');
  expect(report).toContain('<h1>A &lt; B</h1>');
  for (const title of [
    'Relative gains over control',
    'Figures',
    'Claims',
    'Every seed',
    'What each row took',
    'Protocol',
  ])
    expect(report).toContain(`<h2>${title}</h2>`);
  expect(report).toContain('gain over control (%)');
  expect(report).toContain('<td class="number">1\u00a0min\u00a010\u00a0s</td>');
  expect(report).toContain('<td class="number">2.0\u00a0MiB</td>');
  expect(report).toContain('<td class="number">(+15.0\u00a0%\u00a0±\u00a063.5)</td>');
  expect(report).not.toMatch(/https?:\/\/(?!www\.w3\.org)/);
  expect(report).toContain('HR@10: ours with the 95 % interval over seeds, and as published.');
  const first = runs.filter(({ seed }) => seed === 1);
  writeReproductionReport(out, { ...reproduction, runs: first, seeds: [1] }, [cost]);
  expect(readFileSync(join(out, 'report.html'), 'utf8')).toContain('HR@10: ours of one seed, and as published.');
});

it('says in how many seeds a row loses to a baseline', () => {
  const beside = (...outcomes: readonly ('beats' | 'loses' | 'mixed')[]) => ({
    beside: outcomes.map((outcome, i) => ({ baseline: ['popularity', 'item-knn'][i], outcome })),
  });
  const runs = [
    { ...run('control', 1, 0.2, 0.1), ...beside('beats', 'loses') },
    { ...run('control', 2, 0.2, 0.1), ...beside('beats', 'mixed') },
    run('sliding', 1, 0.2, 0.1),
  ];
  const page = renderMarkdown({ name: 'x/y', table, runs, seeds: [1, 2], remarks: [], command: 'c' });
  expect(page).toContain('## Beside baselines');
  expect(page).toMatch(/control +\| popularity +\| beats in 2 of 2 seeds/);
  expect(page).toMatch(/control +\| item-knn +\| loses in 1, ahead and behind, by metric, in 1 of 2 seeds/);
  expect(page).not.toMatch(/sliding +\| popularity/);
});
