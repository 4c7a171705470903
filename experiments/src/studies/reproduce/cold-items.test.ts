import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { interactionsFromArrays, leaveLastOut, trainedItems } from '@seqrec/data';
import type { TokenEncoder } from '@seqrec/models';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { readRanks, saveRanks } from '../../run/folder/ranks.ts';
import { coldAmongCold, coldMetrics } from './cold-items.ts';

describe('coldMetrics', () => {
  it('divides the targets by whether training has an event of their item', () => {
    // Users a and b train on items 1 to 3; item 4 is a target of the test part alone.
    const users = [...'aaaaabbbbb'];
    const items = [1, 2, 3, 2, 4, 3, 2, 1, 3, 1];
    const split = leaveLastOut(
      interactionsFromArrays({ name: 'cold', users, items, timestamps: users.map((_, i) => i) }),
    );
    const trained = trainedItems(split.train);
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

describe('coldAmongCold', () => {
  beforeAll(() => tf.setBackend('cpu'));

  it('ranks cold targets among the cold items alone', async () => {
    // 14 cold items at the ends of histories; the vector of item i is one number, its id, and every query is 1.
    const users = Array.from({ length: 14 }, (_, user) => [user, user, user, user]).flat();
    const items = Array.from({ length: 14 }, (_, user) => [100 + (user % 3), 101, 102, 200 + user]).flat();
    const split = leaveLastOut(
      interactionsFromArrays({ name: 'cold', users, items, timestamps: users.map((_, i) => i) }),
    );
    const { interactions } = split;
    const vectors = Float32Array.from({ length: interactions.numItems + 1 }, (_, item) =>
      item === 0 ? 0 : Number(interactions.items.external(item)),
    );
    const model = {
      maxSequenceLength: 10,
      itemVectors: () => tf.tensor2d(vectors, [vectors.length, 1]),
      encodeLast: ({ numSequences }: { numSequences: number }) => tf.ones([numSequences, 1]),
    } as unknown as TokenEncoder;
    // Ranks 1 to 14 by id: ten of them are hits, although no warm item has a higher score either.
    expect(await coldAmongCold(model, split, trainedItems(split.train))).toEqual({ 'HR@10, cold among cold': 10 / 14 });
    const lower = {
      ...model,
      encodeLast: ({ numSequences }: { numSequences: number }) => tf.fill([numSequences, 1], -1),
    };
    expect(await coldAmongCold(lower as unknown as TokenEncoder, split, trainedItems(split.train))).toEqual({
      'HR@10, cold among cold': 10 / 14,
    });
    const constant = {
      ...model,
      encodeLast: ({ numSequences }: { numSequences: number }) => tf.zeros([numSequences, 1]),
    };
    const tied = await coldAmongCold(constant as unknown as TokenEncoder, split, trainedItems(split.train));
    expect(tied['HR@10, cold among cold']).toBeCloseTo(10 / 14, 12);
    expect(await coldAmongCold(model, split, new Uint8Array(interactions.numItems + 1).fill(1))).toEqual({});
  });
});
