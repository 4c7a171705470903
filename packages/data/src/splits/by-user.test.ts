import { describe, expect, it } from 'vitest';
import { byUser, globalTime, interactionsFromArrays, leakageReport } from '../index.ts';

const users = 400;
const i = interactionsFromArrays({
  name: 'many',
  users: Array.from({ length: users * 6 }, (_, e) => Math.floor(e / 6)),
  items: Array.from({ length: users * 6 }, (_, e) => (e * 7) % 31),
  timestamps: Array.from({ length: users * 6 }, (_, e) => 100 * (e % 6) + Math.floor(e / 6)),
});

describe('the split by user', () => {
  const split = byUser(i, { testShare: 0.2, validationShare: 0.1, seed: 3 });

  it('trains on all events of some users and tests the last ones of others', () => {
    const parts = [split.train, split.validation, split.test].map((set) => new Set(set?.users));
    expect(parts.reduce((sum, part) => sum + part.size, 0)).toBe(users);
    expect(new Set(parts.flatMap((part) => [...part])).size).toBe(users);
    for (const set of [split.train, split.test]) {
      set.users.forEach((u, e) => {
        expect([set.starts[e], set.targets[e]]).toEqual([i.userOffsets[u], i.userOffsets[u + 1] - 1]);
      });
    }
    // 80 and 40 are expected; four standard deviations.
    expect(Math.abs(split.test.users.length - 80)).toBeLessThan(32);
    expect(Math.abs((split.validation?.users.length ?? 0) - 40)).toBeLessThan(24);
    expect(leakageReport(split).leaks).toBe(false);
  });

  it('depends on the seed and the user alone', () => {
    const again = byUser(i, { testShare: 0.2, validationShare: 0.1, seed: 3 });
    expect(again.test.users).toEqual(split.test.users);
    expect(byUser(i, { testShare: 0.2, validationShare: 0.1, seed: 4 }).test.users).not.toEqual(split.test.users);
    expect(byUser(i, { testShare: 0.2, seed: 3 }).test.users).toEqual(split.test.users);
    expect(byUser(i, { testShare: 0.2, seed: 3 }).validation).toBeUndefined();
  });

  it('refuses shares that leave nobody, and counts users that are too short', () => {
    expect(() => byUser(i, { testShare: 1 })).toThrow('expected testShare between 0 and 1; got 1');
    expect(() => byUser(i, { testShare: 0.5, validationShare: 0.5 })).toThrow('got 0.5 and 0.5');
    const pairs = Array.from({ length: 40 }, (_, e) => 2 + (e >> 1));
    const short = interactionsFromArrays({ name: 's', users: [1, ...pairs], items: [1, ...pairs.map((_, e) => e)] });
    expect(() => byUser(short, { testShare: 1e-9 })).toThrow('users with 2 events in the test part');
    expect(byUser(short, { testShare: 0.5, seed: 1 }).step.counts.droppedUsers).toBe(1);
  });
});

describe('one target at random after a cut', () => {
  const targets = (seed: number) => globalTime(i, { testTime: 200, targets: 'random', seed }).test.targets;

  it('is each of them about as often, and depends on the seed', () => {
    const places = new Map<number, number>();
    for (let seed = 0; seed < 30; seed++) {
      for (const target of targets(seed)) places.set(target % 6, (places.get(target % 6) ?? 0) + 1);
    }
    // Users differ by when they begin; all have the last three events after the cut.
    const last = [3, 4, 5].map((place) => places.get(place) ?? 0);
    for (const count of last) expect(Math.abs(count / ((last[0] + last[1] + last[2]) / 3) - 1)).toBeLessThan(0.05);
    expect(targets(1)).toEqual(targets(1));
    expect(targets(1)).not.toEqual(targets(2));
  });

  it('says its seed, and refuses a rule that there is not', () => {
    const { step } = globalTime(i, { testTime: 200, targets: 'random', seed: 7 });
    expect(step.detail).toContain('targets: random (seed 7)');
    expect(step.params.seed).toBe(7);
    expect(() => globalTime(i, { testTime: 200, targets: 'all' as never })).toThrow(
      'expected targets first, last, random, successive; got all',
    );
  });
});
