import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { interactionsFromArrays, leaveLastOut } from '@seqrec/data';
import { describe, expect, it } from 'vitest';
import { resolveConfig } from '../../config/load-recipe.ts';
import { writeJson } from '../../run/folder/atomic.ts';
import { MetricsLog } from '../../run/folder/metrics-log.ts';
import { runDirAt } from '../../run/folder/run-dir.ts';
import { renderCosts, runCost } from './cost.ts';
import { rowReach } from './reach.ts';
import { renderMarkdown } from './render.ts';

const time = '2025-01-01T00:00:00.000Z';

/** A run of epochs of two steps with 10 and 30 tokens. */
function runOf(seconds: readonly number[], peaks: readonly (number | undefined)[], parameters?: number) {
  const run = runDirAt(mkdtempSync(join(tmpdir(), 'seqrec-cost-')));
  if (parameters !== undefined) writeJson(run.results, { parameters: { total: parameters, encoder: 1 } });
  writeJson(run.environment, { cpu: 'Abacus', node: 'v24' });
  const log = new MetricsLog(run.metrics);
  for (const [i, each] of seconds.entries()) {
    const epoch = i + 1;
    for (const tokens of [10, 30])
      log.append({ type: 'step', step: 1, epoch, loss: 1, tokens, tokensPerSecond: 1, time });
    const measured = {
      meanLoss: 1,
      tokensPerSecond: 1,
      split: 'validation',
      metrics: {},
      evaluationSeconds: 0.5,
      time,
    };
    const peakHeapBytes = peaks[i];
    log.append({
      type: 'epoch',
      step: 2 * epoch,
      epoch,
      seconds: each,
      ...measured,
      ...(peakHeapBytes && { peakHeapBytes }),
    });
  }
  log.close();
  return run;
}

describe('what a row took', () => {
  it('is summed over the epochs of a run; of the heap the highest peak', () => {
    expect(runCost('a', runOf([1, 2, 4], [2048, 4096, 1024], 77))).toEqual({
      row: 'a',
      machine: 'Abacus, Node v24',
      epochs: 3,
      steps: 6,
      tokens: 120,
      trainingSeconds: 7,
      evaluationSeconds: 1.5,
      peakHeapBytes: 4096,
      parameters: 77,
    });
  });

  it('is the mean over seeds, without a peak where no run has one', () => {
    const costs = [
      runCost('a', runOf([1, 1], [1024], 1234)),
      runCost('a', runOf([3, 3], [3072], 1234)),
      runCost('b', runOf([8], [])),
    ];
    const page = renderCosts(costs);
    expect(page).toMatch(/\| a +\| 2 +\| 1,234 +\| 4 +\| 80 +\| 4\.0 s +\| 20 +\| 1\.0 s +\| 3\.0 KiB +\|/);
    expect(page).toMatch(/\| b +\| 1 +\| - +\| 2 +\| 40 +\| 8\.0 s +\| 5 +\| 0\.5 s +\| - +\|/);
    expect(page).toContain('Wall time on Abacus, Node v24,');
  });
});

describe('what the windows of a row hold', () => {
  // Ten positions are left for training: 13 events less validation, test and the first input.
  const users = Array.from({ length: 13 }, () => 1);
  const { train } = leaveLastOut(
    interactionsFromArrays({
      name: 'one',
      users,
      items: users.map((_, i) => i + 1),
      timestamps: users.map((_, i) => i),
    }),
  );
  const positions = train.targets[0] - train.starts[0];

  it('newest windows hold the same in every epoch, neighbours all of it in turn', async () => {
    const { config } = await resolveConfig({ recipe: 'ml-1m/hstu', overrides: [] });
    const base = {
      ...config,
      model: { ...config.model, maxSequenceLength: 5 },
      training: { ...config.training, epochs: 20 },
    };
    expect(positions).toBe(10);
    expect(rowReach('control', base, train)).toEqual({
      row: 'control',
      epochs: 20,
      examples: 20,
      tokens: 100,
      cost: 1,
      coveredEarly: 0.5,
      covered: 0.5,
    });
    const windows = { policy: 'round-robin', maxHistory: 'all', stride: 5 } as const;
    expect(rowReach('in turn', { ...base, windows }, train)).toMatchObject({ cost: 1, coveredEarly: 1, covered: 1 });
    const all = { policy: 'all-windows', maxHistory: 'all', stride: 1, budget: 'epochs' } as const;
    expect(rowReach('all', { ...base, windows: all }, train)).toMatchObject({
      examples: 120,
      tokens: 600,
      cost: 6,
      covered: 1,
    });
  });

  it('stands in the page, with its seed', () => {
    const table = { title: 't', source: 's', notes: [], metrics: ['HR@10'], rows: [], claims: [] };
    const reach = [{ row: 'all', epochs: 20, examples: 120, tokens: 6000, cost: 6, coveredEarly: 0.5, covered: 1 }];
    const page = renderMarkdown({ name: 'x/y', table, runs: [], seeds: [7, 8], remarks: [], command: 'c', reach });
    expect(page).toMatch(/\| all +\| 20 +\| 120 +\| 6,000 +\| 6\.00 +\| 50\.0 % +\| 100\.0 % +\|/);
    expect(page).toContain('Windows and tokens of all epochs, seed 7;');
    expect(renderMarkdown({ name: 'x/y', table, runs: [], seeds: [7], remarks: [], command: 'c' })).not.toContain(
      'windows hold',
    );
  });
});
