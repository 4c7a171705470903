import { describe, expect, it } from 'vitest';
import { type ExampleSet, latestWindow, leakageReport, makeBatch, markovWorld, streamingWorld } from '../index.ts';

describe('streamingWorld', () => {
  const options = { records: 400, items: 2000, categories: 20, length: 32, seed: 5 } as const;
  const world = streamingWorld(options);
  const { interactions: i, openItems, itemCategories } = world;

  it('is the same for the same seed', () => {
    expect(streamingWorld(options).interactions.digest).toBe(i.digest);
    expect(streamingWorld({ ...options, seed: 6 }).interactions.digest).not.toBe(i.digest);
  });

  it('opens items linearly: 40 % at the start, 70 % in the middle, and never uses a closed one', () => {
    expect([openItems[0], openItems[200], openItems[399]]).toEqual([800, 1400, 1997]);
    for (let r = 0; r < 400; r++) {
      const items = i.itemIds.subarray(i.userOffsets[r], i.userOffsets[r + 1]);
      expect(items.length).toBe(32);
      for (const item of items) expect(item >= 1 && item <= openItems[r]).toBe(true);
    }
  });

  it('gives a record 1 to 5 categories, or exactly 5 available to it', () => {
    const counts = (w: typeof world) =>
      Array.from({ length: 400 }, (_, r) => {
        const items = w.interactions.itemIds.subarray(r * 32, (r + 1) * 32);
        return new Set(Array.from(items, (item) => w.itemCategories[item - 1])).size;
      });
    const uniform = counts(world);
    expect(Math.max(...uniform)).toBeLessThanOrEqual(5);
    const ones = uniform.filter((n) => n === 1).length;
    // A record is drawn one category in a fifth of the cases, and a few more never show their others.
    expect(ones).toBeGreaterThan(60);
    expect(ones).toBeLessThan(140);
    const exact = counts(streamingWorld({ ...options, categoryCount: 'exact' }));
    expect(exact.filter((n) => n === 1).length).toBeLessThan(20);
  });

  it('reinforces: a small alpha repeats categories more than a large one', () => {
    const distinct = (alpha: readonly [number, number]) => {
      const w = streamingWorld({ ...options, alpha, categoryCount: 'exact' });
      let sum = 0;
      for (let r = 0; r < 400; r++) {
        const items = w.interactions.itemIds.subarray(r * 32, (r + 1) * 32);
        sum += new Set(Array.from(items, (item) => w.itemCategories[item - 1])).size;
      }
      return sum / 400;
    };
    expect(distinct([0.5, 0.5])).toBeLessThan(distinct([500, 500]) - 1);
  });

  it('splits in order, trains on the first 90 %, has no times and no leak', () => {
    const { split } = world;
    expect(split.protocol).toBe('streaming');
    expect([split.train.targets.length, split.test.targets.length]).toEqual([360, 40]);
    expect([...split.train.users.subarray(0, 3), split.test.users[0]]).toEqual([0, 1, 2, 360]);
    expect(i.hasTimestamps).toBe(false);
    expect([...i.timestamps.subarray(30, 34)]).toEqual([30, 31, 0, 1]);
    expect(leakageReport(split).leaks).toBe(false);
    const batch = makeBatch(split.test, [0]);
    expect(batch.itemIds.length).toBe(31);
    expect(i.catalogue?.categories(7)).toEqual([`category ${itemCategories[6]}`]);
  });

  it('knows the most that a predictor can expect', () => {
    const hitRate = (w: typeof world, cutoff: number) => w.ceilings.find((c) => c.cutoff === cutoff)!.hitRate;
    // One category: any open items are as good, all open ones are enough.
    const flat = streamingWorld({ ...options, items: 40, categories: 1, openAtStart: 1 });
    expect(hitRate(flat, 10)).toBeCloseTo(10 / 40, 12);
    expect(hitRate(flat, 50)).toBeCloseTo(1, 12);

    // A predictor that lists open items of the categories seen most, against it on many events.
    const many = streamingWorld({ ...options, records: 6000, trainShare: 0.5 });
    const { itemIds } = many.interactions;
    const openOf = (category: number, most: number) =>
      Array.from({ length: most }, (_, n) => n + 1).filter((item) => many.itemCategories[item - 1] === category);
    let hits = 0;
    for (let r = 3000; r < 6000; r++) {
      const record = itemIds.subarray(r * 32, (r + 1) * 32);
      const counts = new Float64Array(20);
      for (const item of record.subarray(0, 31)) counts[many.itemCategories[item - 1]]++;
      const list = openOf(counts.indexOf(Math.max(...counts)), many.openItems[r]).slice(0, 10);
      if (list.includes(record[31])) hits++;
    }
    expect(hits / 3000).toBeLessThan(hitRate(many, 10) * 1.1);
    expect(hits / 3000).toBeGreaterThan(hitRate(many, 10) * 0.8);
    expect(many.split.step.detail).toContain(`HR@10 ${hitRate(many, 10).toFixed(4)} or HR@50`);
    expect(many.split.step.detail).toMatch(
      /no predictor can .* over all positions of these with seen items among the candidates; at the last ones, which are the targets, it may be a little more\.$/,
    );
  });

  it('handles categories without an open item as told', () => {
    const sparse = { records: 10, items: 12, categories: 10, length: 4, seed: 1 } as const;
    expect(streamingWorld(sparse).interactions.numEvents).toBe(40);
    expect(() => streamingWorld({ ...sparse, emptyCategory: 'error' })).toThrow(
      'streamingWorld: expected an open item in every category; got none in category',
    );
    expect(() => streamingWorld({ ...sparse, records: 1 })).toThrow('expected records of 2 or more; got 1');
    expect(() => streamingWorld({ ...sparse, trainShare: 1 })).toThrow('expected a trainShare that leaves both parts');
  });
});

describe('markovWorld', () => {
  const world = markovWorld({ users: 4000, items: 60, length: 12, seed: 2 });
  const { interactions: i, split } = world;

  it('has transition probabilities that sum to one', () => {
    for (const last of [1, 30, 60]) {
      let sum = 0;
      for (let item = 1; item <= 60; item++) sum += world.probability(last, item);
      expect(sum).toBeCloseTo(1, 12);
      expect(new Set(world.successors(last)).size).toBe(4);
      // Weights 8, 4, 2, 1 of 15, then the noise that every item has.
      world.successors(last).forEach((item, n) => {
        expect(world.probability(last, item)).toBeCloseTo((0.9 * 2 ** (3 - n)) / 15 + 0.1 / 60, 12);
      });
    }
  });

  it('generates what it says: transitions occur as often as their probability', () => {
    const from = new Float64Array(61);
    let expected = 0;
    let seen = 0;
    for (let u = 0; u < i.numUsers; u++) {
      for (let e = i.userOffsets[u] + 1; e < i.userOffsets[u + 1]; e++) {
        const last = i.itemIds[e - 1];
        from[last]++;
        expected += world.probability(last, world.successors(last)[0]);
        if (i.itemIds[e] === world.successors(last)[0]) seen++;
      }
    }
    expect(Math.abs(seen - expected)).toBeLessThan(4 * Math.sqrt(expected));
    expect(Math.min(...from.subarray(1))).toBeGreaterThan(100);
  });

  /** HR@k of ranking by the true probabilities, item by item. */
  function oracle(k: number, set: ExampleSet, excludeSeen: boolean): number {
    let hits = 0;
    for (let e = 0; e < set.targets.length; e++) {
      const history = i.itemIds.subarray(set.starts[e], set.targets[e]);
      const last = history[history.length - 1];
      const candidates = Array.from({ length: 60 }, (_, n) => n + 1)
        .filter((item) => !(excludeSeen && history.includes(item)))
        .sort((a, b) => world.probability(last, b) - world.probability(last, a));
      if (candidates.slice(0, k).includes(i.itemIds[set.targets[e]])) hits++;
    }
    return hits / set.targets.length;
  }

  it.each([
    [1, false],
    [3, true],
    [10, true],
  ])('knows the best HR@%i (excludeSeen %s): an oracle reaches it within sampling error', (k, excludeSeen) => {
    const set = latestWindow(split.test, { maxLength: 6 });
    const best = world.bestHitRate(k, { set, excludeSeen });
    const error = 4 * Math.sqrt((best * (1 - best)) / set.targets.length);
    expect(Math.abs(oracle(k, set, excludeSeen) - best)).toBeLessThan(error);
  });

  it('is certain of a hit when k is the catalogue, and refuses more', () => {
    expect(world.bestHitRate(60)).toBeCloseTo(1, 12);
    expect(() => world.bestHitRate(61)).toThrow('bestHitRate: expected k in 1..60; got 61');
    expect(() => markovWorld({ users: 1, items: 3, length: 5, seed: 1, branching: 4 })).toThrow(
      'markovWorld: expected branching in 1..3; got 4',
    );
  });
});
