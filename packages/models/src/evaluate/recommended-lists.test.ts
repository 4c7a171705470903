import { useBackend } from '@seqrec/core';
import { latestWindow } from '@seqrec/data';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { createModel } from '../registry.ts';
import { expectNothingStays } from '../test-support/throwing-model.ts';
import { tinyConfigs, tinySplit } from '../test-support/tiny.ts';
import { evaluate } from './evaluate.ts';
import { coverage, leftOut, popularityRatio, recommendedLists } from './recommended-lists.ts';

beforeAll(async () => {
  await useBackend('auto');
});

describe('recommended lists', () => {
  it.each([true, false, 'all' as const])(
    'hold a target where its exact rank says so, seen items left out: %s',
    async (excludeSeen) => {
      const examples = latestWindow(tinySplit().test, { maxLength: 3 });
      const model = createModel(tinyConfigs.hstu, { numItems: examples.interactions.numItems, seed: 3 });
      const k = 7;
      const evaluation = await evaluate({ model, examples, ks: [k], excludeSeen, ties: 'lower-id' as never });
      const lists = await recommendedLists({ model, examples, k, excludeSeen, batchSize: 3 });
      expect(lists).toHaveLength(evaluation.ranks.length);
      for (const [q, e] of evaluation.examples.entries()) {
        const { itemIds } = examples.interactions;
        const target = itemIds[examples.targets[e]];
        expect(lists[q].indexOf(target) + 1, `query ${q}`).toBe(evaluation.ranks[q] <= k ? evaluation.ranks[q] : 0);
        expect(new Set(lists[q]).size).toBe(lists[q].length);
        if (!excludeSeen) continue;
        const { userOffsets } = examples.interactions;
        const start = excludeSeen === 'all' ? userOffsets[examples.users[e]] : examples.starts[e];
        const seen = new Set(itemIds.subarray(start, examples.targets[e]));
        for (const item of lists[q]) expect(seen.has(item) && item !== target).toBe(false);
      }
      await expect(recommendedLists({ model, examples, k: 99, excludeSeen })).rejects.toThrow(
        'recommendedLists: expected k from 1 to 20; got 99',
      );
      model.dispose();
    },
  );

  it('hold no item beyond the candidates of an example', async () => {
    const examples = latestWindow(tinySplit().test, { maxLength: 3 });
    const model = createModel(tinyConfigs.hstu, { numItems: examples.interactions.numItems, seed: 3 });
    const asked = { model, examples, excludeSeen: true, batchSize: 3 };
    const all = await recommendedLists({ ...asked, k: 20 });
    const lists = await recommendedLists({ ...asked, k: 4, candidates: (e) => 6 + e });
    for (const [e, list] of lists.entries())
      expect([...list]).toEqual([...all[e]].filter((item) => item <= 6 + e).slice(0, 4));
    model.dispose();
  });

  it('leave out each seen item and each that is no candidate, the last ones too, and each once', () => {
    const examples = latestWindow(tinySplit().test, { maxLength: 3 });
    const { itemIds, numItems } = examples.interactions;
    const all = Array.from({ length: numItems }, (_, i) => i + 1);
    for (const last of all)
      for (const [e, target] of examples.targets.entries()) {
        const seen = itemIds.subarray(examples.starts[e], target);
        const left = [...leftOut(e, { examples, excludeSeen: true, candidates: () => last }, numItems)];
        expect(left.toSorted((a, b) => a - b)).toEqual(all.filter((item) => seen.includes(item) || item > last));
      }
  });

  it('cover the items that are in one of them, and are as popular as they are', () => {
    expect(coverage([[1, 2], [2, 3], []], 6)).toBe(0.5);
    expect(popularityRatio([[1, 2], [1]], [2, 2], [0, 4, 1])).toBeCloseTo(3, 12);
    expect(popularityRatio([[], []], [2, 2], [0, 4, 1])).toBe(0);
    // New items alone, and no target at all.
    expect(popularityRatio([[1]], [2, 2], [0, 4, 0])).toBeUndefined();
    expect(popularityRatio([[1]], [], [0, 4, 0])).toBeUndefined();
    fc.assert(
      fc.property(fc.array(fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }), { minLength: 1 }), (lists) => {
        // Everybody alike popular: no lean, whatever the lists.
        expect(popularityRatio(lists, [1, 2], new Int32Array(10).fill(5))).toBeCloseTo(1, 12);
        expect(coverage(lists, 9)).toBe(new Set(lists.flat()).size / 9);
      }),
    );
  });
});

describe('lists that cannot be', () => {
  const examples = latestWindow(tinySplit().test, { maxLength: 3 });
  const model = createModel(tinyConfigs.hstu, { numItems: examples.interactions.numItems, seed: 3 });
  it.each([0, -1, 1.5, Number.NaN])('a batch size of %s is refused', async (batchSize) => {
    await expect(recommendedLists({ model, examples, k: 3, excludeSeen: true, batchSize })).rejects.toThrow(
      `recommendedLists: batchSize: expected an integer >= 1; got ${batchSize}`,
    );
  });

  it('nothing stays where the model throws', () =>
    expectNothingStays(model, (broken) => recommendedLists({ model: broken, examples, k: 3, excludeSeen: true })));

  it('histories longer than the model reads are refused', async () => {
    const short = { ...model, maxSequenceLength: 2 };
    await expect(recommendedLists({ model: short, examples, k: 3, excludeSeen: true })).rejects.toThrow(
      /recommendedLists: expected histories of at most 2 events; got 3 in example/,
    );
  });
});
