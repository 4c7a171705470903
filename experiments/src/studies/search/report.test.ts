import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { parseSpace } from '../../config/search-space.ts';
import type { Segment } from './halving.ts';
import { writeSearchReport } from './report.ts';
import { type SearchResult, trialRows } from './result.ts';

const folder = mkdtempSync(join(tmpdir(), 'seqrec-search-report-'));
afterAll(() => rmSync(folder, { recursive: true }));

const request = { recipe: 'csv/sasrec', config: { task: { kind: 'next-item' } }, eta: 3, seed: 1 };

it('has the first rung where its epochs are those by which a budget in time was planned', () => {
  const key = 'optimizer.learningRate';
  const rates = ['0.001', '0.01', '0.1'];
  const segment = (trial: number, rung: number, epochs: number): Segment => ({
    ...{ trial, rung, epochs, value: 0.1 + 0.01 * trial, bestEpoch: epochs, seconds: 1, ended: false },
  });
  const result = {
    request: { ...request, trials: 3, space: parseSpace({ [key]: rates }, () => '') },
    ...{ metric: 'NDCG@10', isComplete: true, spent: 4, unit: 'seconds' },
    journal: [segment(0, -1, 1), segment(1, -1, 1), segment(2, -1, 1), segment(2, 1, 3)],
    rungs: [
      { epochs: 1, trials: 3 },
      { epochs: 3, trials: 1 },
    ],
    trials: rates.map((rate, i) => ({
      ...{ trial: i + 1, settings: { [key]: rate }, state: 'left', epochs: 1, value: 0.1 + 0.01 * i, seconds: 1 },
      curve: [[1, 0.1]],
    })),
  } as unknown as SearchResult;
  writeSearchReport(folder, result, { command: 'seqrec search' });
  const plot = join(folder, 'plots', 'key-1.svg');
  expect(existsSync(plot)).toBe(true);
  const named = readFileSync(plot, 'utf8').match(/epoch [13]/g);
  expect(new Set(named)).toEqual(new Set(['epoch 1', 'epoch 3']));
});

it('draws a trial at the compute that its own epochs took, also where they differ and it failed later', () => {
  // Four epochs of 1 G each, then of 10 G.
  const flopsOf = (epochs: number): number => 1e9 * (Math.min(epochs, 4) + 10 * Math.max(0, epochs - 4));
  const curve = [2, 4, 6].map((epoch) => [epoch, epoch / 10] as const);
  const reached = { trial: 0, rung: 0, epochs: 6, value: 0.6, bestEpoch: 6, seconds: 1, curve, ended: true };
  const journal: Segment[] = [{ ...reached, begun: 8, failed: 'the loss is no number' }];
  const rungs = [{ epochs: 8, trials: 1 }];
  const result = {
    request: { ...request, trials: 1, space: [] },
    ...{ metric: 'NDCG@10', isComplete: true, spent: 44e9, unit: 'flops', journal, rungs },
    trials: trialRows([{}], { journal, rungs, refused: new Map(), flops: [flopsOf] }),
  } as unknown as SearchResult;
  expect(result.trials[0].flops).toBe(44e9);
  writeSearchReport(folder, result, { command: 'seqrec search' });
  const page = readFileSync(join(folder, 'report.html'), 'utf8');
  const stops = page.match(/(?<=FLOP, log scale\) )[\d.]+G/g);
  expect(new Set(stops)).toEqual(new Set(['2G', '4G', '24G']));
});
