import { describe, expect, it } from 'vitest';
import { makeBatch } from '../batches/batch.ts';
import { OptionError } from '../errors.ts';
import { dlrmBaseRate, dlrmLimits } from './dlrm-limits.ts';
import { categoryParts, itemQualities, quarterOf, ratingOf } from './dlrm-ratings.ts';
import { type DlrmWorldOptions, dlrmWorld } from './dlrm-world.ts';

const SMALL: DlrmWorldOptions = {
  users: 300,
  items: 6400,
  seed: 5,
  steps: 16,
  categories: 32,
  eventsPerStep: 12,
  candidates: 8,
  testCandidates: 24,
};
const world = dlrmWorld(SMALL);
const { interactions, split, itemQualities: qualities, userCategories } = world;
const PLACES = 4;
const BLOCK = 6400 / 32;
const TEST_STEPS = [14, 15];

const stepOf = (event: number): number => interactions.timestamps[event] - 1;
const placeOf = (user: number, event: number): number =>
  userCategories
    .subarray(user * PLACES, (user + 1) * PLACES)
    .indexOf(Math.floor((interactions.itemIds[event] - 1) / BLOCK));
const label = interactions.events.columns.get('like') as { readonly values: Float32Array };

describe('limits by enumeration', () => {
  const last = Array.from({ length: 10 }, (_, s) => 90 + s);

  it('are the published ones of the steps 90 to 99 of the whole benchmark', () => {
    const published: readonly [string, number, number, number][] = [
      ['place', 0.831, 0.7567, 0.709],
      ['place and phase', 0.7938, 0.7817, 0.7152],
      ['quality', 0.6204, 0.867, 0.7897],
      // Not published: the quality of items that were open before step 90 alone.
      ['seen quality', 0.64118, 0.85767, 0.77792],
      ['place and seen quality', 0.27482, 0.97275, 0.89187],
      ['place and quality', 0.2423, 0.9779, 0.9022],
      ['everything', 0.11, 0.9952, 0.9752],
    ];
    const limits = dlrmLimits(last, 4);
    expect(limits.map(({ name }) => name)).toEqual(published.map(([name]) => name));
    for (const [i, [, NE, AUC, accuracy]] of published.entries()) {
      const { metrics } = limits[i];
      for (const [got, expected] of [
        [metrics.NE, NE],
        [metrics.AUC, AUC],
        [metrics.accuracy, accuracy],
      ])
        expect(Math.abs(got - expected)).toBeLessThan(1.1e-4);
    }
    expect(dlrmBaseRate(last, 4)).toBeCloseTo(0.4262, 4);
  });

  it('get better with what is known', () => {
    const [place, phase, quality, seenQuality, seen, both, all] = dlrmLimits([8, 9, 10, 11, 12, 13, 14, 15], 4).map(
      ({ metrics }) => metrics.NE,
    );
    expect(place).toBeGreaterThan(phase);
    expect(seenQuality).toBeGreaterThan(quality);
    expect(Math.min(phase, seenQuality)).toBeGreaterThan(seen);
    expect(seen).toBeGreaterThan(both);
    expect(both).toBeGreaterThan(all);
  });
});

describe('the law of a world', () => {
  /** Rows of all parts with what decides their label. */
  const rows = [split.train, split.validation!, split.test].flatMap(({ users, targets }) =>
    Array.from(targets, (event, e) => ({
      user: users[e],
      place: placeOf(users[e], event),
      step: stepOf(event),
      quality: qualities[interactions.itemIds[event] - 1],
      liked: label.values[event],
    })),
  );

  it('has labels as often as the enumeration says, cell by cell', () => {
    const cells = Map.groupBy(rows, ({ place, step, quality }) => `${place} ${step % 8} ${quality}`);
    let squares = 0;
    let uncertain = 0;
    for (const own of cells.values()) {
      const { place, step, quality } = own[0];
      const expected = categoryParts(quarterOf(place, PLACES), step).reduce(
        (sum, [part, probability]) => sum + (ratingOf(part, quality) >= 3.5 ? probability : 0),
        0,
      );
      const liked = own.reduce((sum, row) => sum + row.liked, 0);
      if (expected < 1e-9 || expected > 1 - 1e-9) {
        expect(liked / own.length).toBeCloseTo(expected, 9);
        continue;
      }
      uncertain++;
      const z = (liked - expected * own.length) / Math.sqrt(own.length * expected * (1 - expected));
      squares += z * z;
    }
    // A sum of squares of `uncertain` normal numbers, within three standard errors.
    expect(Math.abs(squares - uncertain)).toBeLessThan(3 * Math.sqrt(2 * uncertain));
    expect(uncertain).toBeGreaterThan(20);
  });

  it('has qualities and places as often as it says', () => {
    for (const [quality, probability] of itemQualities) {
      const share = qualities.reduce((count, value) => count + Number(value === quality), 0) / qualities.length;
      expect(Math.abs(share - probability)).toBeLessThan(3 * Math.sqrt((probability * (1 - probability)) / 6400));
    }
    // Rows of a user share the urn: users are the sample.
    const shares = Map.groupBy(rows, ({ user }) => user);
    for (let k = 0; k < PLACES; k++) {
      const each = Array.from(shares.values(), (own) => own.filter(({ place }) => place === k).length / own.length);
      const mean = each.reduce((sum, share) => sum + share, 0) / each.length;
      const variance = each.reduce((sum, share) => sum + (share - mean) ** 2, 0) / each.length;
      expect(Math.abs(mean - 1 / PLACES)).toBeLessThan(3 * Math.sqrt(variance / each.length));
    }
  });

  it('is what its limits say on its test rows: the best that knows place and quality', () => {
    const tested = rows.filter(({ step }) => TEST_STEPS.includes(step));
    const both = split.limits!.find(({ name }) => name === 'place and quality')!;
    let [sum, squares] = [0, 0];
    for (const { place, quality, liked } of tested) {
      const p = TEST_STEPS.reduce(
        (mean, step) =>
          mean +
          categoryParts(quarterOf(place, PLACES), step).reduce(
            (at, [part, chance]) => at + (ratingOf(part, quality) >= 3.5 ? chance : 0),
            0,
          ) /
            TEST_STEPS.length,
        0,
      );
      const loss = -Math.log(liked === 1 ? p : 1 - p);
      sum += loss;
      squares += loss * loss;
    }
    const mean = sum / tested.length;
    // Rows of an item share its quality, and those of a user its places: ten rows count as one.
    const error = Math.sqrt((squares / tested.length - mean ** 2) / (tested.length / 10));
    expect(Math.abs(mean - both.metrics.logloss)).toBeLessThan(3 * error);
  });

  it("takes items of the open part of the user's categories", () => {
    for (let u = 0; u < interactions.numUsers; u++) {
      for (let e = interactions.userOffsets[u]; e < interactions.userOffsets[u + 1]; e++) {
        expect(placeOf(u, e)).toBeGreaterThanOrEqual(0);
        const open = Math.max(1, Math.floor((BLOCK * Math.max(stepOf(e) + 1, 1)) / 16));
        expect((interactions.itemIds[e] - 1) % BLOCK).toBeLessThan(open);
      }
    }
  });
});

describe('rows and histories', () => {
  it('ask for so many candidates a step, about what came before it', () => {
    for (const [set, first, count] of [
      [split.train, 0, 8],
      [split.validation!, 13, 8],
      [split.test, 14, 24],
    ] as const) {
      const requests = Map.groupBy(set.targets.keys(), (e) => `${set.users[e]} ${stepOf(set.targets[e])}`);
      for (const own of requests.values()) expect(own.length).toBe(count);
      expect(Math.min(...Array.from(set.targets, stepOf))).toBe(first);
    }
    expect(Math.max(...Array.from(split.train.targets, stepOf))).toBe(12);
  });

  it('hold whole steps in order, all of them before the request', () => {
    const picked = Array.from({ length: 40 }, (_, k) => (k * 977) % split.test.targets.length);
    const batch = makeBatch(split.test, picked);
    for (const [b, e] of picked.entries()) {
      const times = batch.timestamps.subarray(batch.offsets[b], batch.offsets[b + 1]);
      expect(times.length).toBeGreaterThan(8);
      for (let t = 1; t < times.length; t++) expect(times[t]).toBeGreaterThanOrEqual(times[t - 1]);
      expect(times[times.length - 1]).toBeLessThan(interactions.timestamps[split.test.targets[e]]);
    }
  });

  it('are a function of the options, and can be cut', () => {
    expect(dlrmWorld(SMALL).interactions.digest).toBe(interactions.digest);
    expect(dlrmWorld({ ...SMALL, seed: 6 }).interactions.digest).not.toBe(interactions.digest);
    const { test } = dlrmWorld({ ...SMALL, maxHistory: 7, validationSteps: 0 }).split;
    expect(Math.max(...Array.from(test.targets, (target, e) => target - test.starts[e]))).toBe(7);
  });

  it('validate on whole requests of all steps where that is asked for', () => {
    const { train, validation } = dlrmWorld({ ...SMALL, validationSteps: 0, validationShare: 0.25 }).split;
    expect(validation!.targets.length / (validation!.targets.length + train.targets.length)).toBeCloseTo(0.25, 1);
    expect(new Set(Array.from(validation!.targets, stepOf)).size).toBe(14);
    for (const set of [train, validation!]) {
      const requests = Map.groupBy(set.targets.keys(), (e) => `${set.users[e]} ${stepOf(set.targets[e])}`);
      for (const rows of requests.values()) expect(rows.length).toBe(8);
    }
  });

  it.each<[Partial<DlrmWorldOptions>, string]>([
    [{ validationShare: 1 }, 'expected validationShare from 0, below 1; got 1'],
    [{ users: 0 }, 'expected users of 1 or more; got 0'],
    [{ items: 100 }, 'expected items of 512 or more; got 100'],
    [{ categoriesPerUser: 3 }, 'expected categoriesPerUser of 4 or more; got 3'],
    [{ categoriesPerUser: 40 }, 'expected categoriesPerUser of 32 or fewer; got 40'],
    [{ presence: 0 }, 'expected presence above 0, at most 1; got 0'],
    [{ trainShare: 1 }, 'expected trainShare that leaves a step to test on; got 1'],
    [{ validationSteps: 14 }, 'expected validationSteps that leaves a step to train on; got 14'],
  ])('refuse %j', (options, message) => {
    expect(() => dlrmWorld({ ...SMALL, ...options })).toThrow(OptionError);
    expect(() => dlrmWorld({ ...SMALL, ...options })).toThrow(`dlrmWorld: ${message}`);
  });
});
