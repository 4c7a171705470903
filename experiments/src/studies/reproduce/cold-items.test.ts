import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { interactionsFromArrays, leaveLastOut, takeExamples, trainedItems } from '@seqrec/data';
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

/** A model of one dimension: the vectors of items by id, and every query has one value. */
const modelOf = (vectors: ArrayLike<number>, query = 1): TokenEncoder =>
  ({
    config: { kind: 'known' },
    numItems: vectors.length - 1,
    maxSequenceLength: 10,
    itemVectors: () => tf.tensor2d(Float32Array.from(vectors), [vectors.length, 1]),
    encodeLast: ({ numSequences }: { numSequences: number }) => tf.fill([numSequences, 1], query),
  }) as unknown as TokenEncoder;

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
    const trained = trainedItems(split.train);
    // Ranks 1 to 14 by id: ten of them are hits, whatever the warm items have.
    const hits = { 'HR@10, cold among cold': 10 / 14 };
    expect(await coldAmongCold(modelOf(vectors), split, trained)).toEqual(hits);
    expect(await coldAmongCold(modelOf(vectors, -1), split, trained)).toEqual(hits);
    const tied = await coldAmongCold(modelOf(vectors, 0), split, trained);
    expect(tied['HR@10, cold among cold']).toBeCloseTo(10 / 14, 12);
    const optimistic = await coldAmongCold(modelOf(vectors, 0), split, trained, { ties: 'optimistic' });
    expect(optimistic).toEqual({ 'HR@10, cold among cold': 1 });
    expect(await coldAmongCold(modelOf(vectors), split, new Uint8Array(interactions.numItems + 1).fill(1))).toEqual({});
  });

  /** The first user was at c0 before c1, its target; the other targets are c2 to c10. All of c0 to c10 are cold. */
  function coldHistory() {
    const users = [0, ...Array.from({ length: 9 }, (_, k) => k + 2)].flatMap((user) => [user, user, user, user]);
    const others = Array.from({ length: 9 }, (_, k) => ['w0', 'w1', 'w0', `c${k + 2}`]).flat();
    const items = ['w0', 'w1', 'c0', 'c1', ...others];
    const split = leaveLastOut(
      interactionsFromArrays({ name: 'cold', users, items, timestamps: users.map((_, i) => i) }),
    );
    const { numItems, items: names } = split.interactions;
    const score = (item: string): number => ({ c0: 10, c1: 5 })[item] ?? (item.startsWith('c') ? 6 : 0);
    const vectors = Array.from({ length: numItems + 1 }, (_, id) => (id === 0 ? 0 : score(String(names.external(id)))));
    return { split, vectors, trained: trainedItems(split.train) };
  }

  it('closes the items of the history, as the evaluation does', async () => {
    const { split, vectors, trained } = coldHistory();
    const test = takeExamples(split.test, Int32Array.of(0));
    const of = (rules?: object) => coldAmongCold(modelOf(vectors), { test }, trained, rules);
    // Nine cold items are above c1; with c0, which stands in the history, there are ten.
    expect(await of()).toEqual({ 'HR@10, cold among cold': 1 });
    expect(await of({ excludeSeen: false })).toEqual({ 'HR@10, cold among cold': 0 });
  });

  it('has the candidates of each example of the test set', async () => {
    const { split, vectors, trained } = coldHistory();
    const { itemIds, numItems } = split.interactions;
    const test = takeExamples(split.test, Int32Array.of(1, 0));
    const asked: number[] = [];
    const candidates = (example: number): number => {
      asked.push(example);
      return numItems;
    };
    // The target of the first example counts as trained: the second alone is a query.
    await coldAmongCold(modelOf(vectors), { test }, trained.with(itemIds[test.targets[0]], 1), { candidates });
    expect(new Set(asked)).toEqual(new Set([1]));
  });

  it('counts a user without a history as a miss, as the metrics beside it do', async () => {
    const { split, vectors, trained } = coldHistory();
    const two = takeExamples(split.test, Int32Array.of(0, 1));
    const test = { ...two, starts: Int32Array.of(two.starts[0], two.targets[1]) };
    expect(await coldAmongCold(modelOf(vectors), { test }, trained)).toEqual({ 'HR@10, cold among cold': 0.5 });
  });
});
