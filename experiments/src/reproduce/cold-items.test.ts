import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { interactionsFromArrays, leaveLastOut } from '@seqrec/data';
import { describe, expect, it } from 'vitest';
import { readRanks, saveRanks } from '../runs/ranks.ts';
import { coldMetrics, trainedItems } from './cold-items.ts';

describe('coldMetrics', () => {
  it('divides the targets by whether training has an event of their item', () => {
    // Users a and b train on items 1 to 3; item 4 is a target of the test part alone.
    const users = [...'aaaaabbbbb'];
    const items = [1, 2, 3, 2, 4, 3, 2, 1, 3, 1];
    const split = leaveLastOut(
      interactionsFromArrays({ name: 'cold', users, items, timestamps: users.map((_, i) => i) }),
    );
    const trained = trainedItems(split);
    expect([...trained]).toEqual([0, 1, 1, 1, 0]);
    const ranks = { ranks: [1, 20, 3, 1], tied: [0, 0, 0, 0], ties: 'expected' as const };
    const metrics = coldMetrics({ ...ranks, items: [4, 4, 1, 2] }, trained);
    expect(metrics).toMatchObject({ 'HR@10, cold': 0.5, 'HR@10, warm': 1, 'cold targets': 2, 'NDCG@10, cold': 0.5 });
    expect(metrics['NDCG@10, warm']).toBeCloseTo((1 + 1 / Math.log2(4)) / 2, 12);
    expect(coldMetrics({ ...ranks, items: [1, 1, 1, 2] }, trained)).not.toHaveProperty('HR@10, cold');
  });

  it('counts ties under the rule of the run', () => {
    const trained = Uint8Array.of(0, 0);
    const tied = { ranks: [1], tied: [19], items: [1] };
    expect(coldMetrics({ ...tied, ties: 'expected' }, trained)['HR@10, cold']).toBeCloseTo(0.5, 12);
    expect(coldMetrics({ ...tied, ties: 'optimistic' }, trained)['HR@10, cold']).toBe(1);
  });

  it('finds the targets in the ranks that a run keeps', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'seqrec-cold-'));
    try {
      const file = join(folder, 'ranks.safetensors');
      const evaluation = {
        ranks: Float64Array.of(2, 5),
        tied: Int32Array.of(0, 1),
        ties: 'expected' as const,
        users: Int32Array.of(0, 1),
        items: Int32Array.of(7, 9),
        definition: [],
      };
      await saveRanks(file, evaluation, 'last');
      expect([...readRanks(file).items!]).toEqual([7, 9]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
