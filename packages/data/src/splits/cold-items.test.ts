import { describe, expect, it } from 'vitest';
import type { Interactions } from '../interactions.ts';
import { zipfWorld } from '../synthetic/zipf-world.ts';
import { trainingRows } from '../transforms/training-rows.ts';
import { drawColdItems, withColdItems } from './cold-items.ts';
import { globalTime } from './global-time.ts';
import { leaveLastOut, trainTest } from './leave-last-out.ts';

const world = () => zipfWorld({ users: 200, items: 60, length: 12, seed: 3 });

describe('withColdItems', () => {
  it.each([leaveLastOut, trainTest])('takes the events of a share of the items out of training alone', (split) => {
    const before = split(world());
    const data = withColdItems(before, { share: 0.2, seed: 1 });
    const after = split(data);
    const { counts, detail } = data.steps.at(-1)!;
    const trained = new Set(Array.from(trainingRows(after.train).items, (row) => row + 1));
    const cold = (set: typeof after.test) => Array.from(set.targets, (event) => !trained.has(data.itemIds[event]));
    const coldTargets = [after.test, ...(after.validation ? [after.validation] : [])].flatMap(cold).filter(Boolean);
    expect(coldTargets.length).toBe(counts.coldTargets);
    expect(counts.coldTargets).toBeGreaterThan(10);
    expect(counts.coldItems).toBeGreaterThan(5);
    expect(counts.coldItems).toBeLessThan(20);
    expect(detail).toContain(`${counts.coldTargets} targets are of them`);
    // Each user's target is the one from before.
    const targetOf = ({ test, interactions }: typeof before) =>
      new Map(
        Array.from(test.users, (user, e) => [interactions.users.external(user), interactions.itemIds[test.targets[e]]]),
      );
    const [old, now] = [targetOf(before), targetOf(after)];
    for (const [user, item] of now) expect(item).toBe(old.get(user));
    expect(now.size).toBe(old.size - Number(counts.shortUsers));
    expect(now.size).toBeGreaterThan(0.9 * old.size);
  });

  it.each([
    ['leave-last-out', leaveLastOut, 5],
    ['train-test', trainTest, 4],
    ['train-test from 5 events on', (data: Interactions) => trainTest(data, { minLength: 5 }), 6],
  ] as const)('counts users who are then too short for %s, and none of their targets', (_, split, length) => {
    // Every user has one event more than the split needs: without two of them it is too short.
    const before = split(zipfWorld({ users: 400, items: 60, length, seed: 3 }));
    const options = { share: 0.3, seed: 1 };
    const data = withColdItems(before, options);
    const after = split(data);
    const { counts, detail } = data.steps.at(-1)!;
    const isCold = drawColdItems(data, options, 'test');
    const sets = [after.test, ...(after.validation ? [after.validation] : [])];
    const events = sets.flatMap((set) => [...set.targets]);
    expect(counts.coldTargets).toBe(events.filter((event) => isCold[data.itemIds[event]] === 1).length);
    expect(counts.shortUsers).toBe(before.test.targets.length - after.test.targets.length);
    expect(counts.shortUsers).toBeGreaterThan(20);
    const { minLength } = after.step.params;
    expect(detail).toContain(
      `; ${counts.shortUsers} users have fewer than ${minLength} events then and leave the split`,
    );
  });

  it('depends on the seed, and refuses what cannot be', () => {
    const split = leaveLastOut(world());
    const digest = (seed: number) => withColdItems(split, { share: 0.2, seed }).digest;
    expect(digest(1)).toBe(digest(1));
    expect(digest(1)).not.toBe(digest(2));
    expect(() => withColdItems(split, { share: 1, seed: 1 })).toThrow('expected a share between 0 and 1; got 1');
    expect(() => withColdItems(globalTime(world(), { testFraction: 0.1 }), { share: 0.2, seed: 1 })).toThrow(
      'expected the split leave-last-out or train-test; got global-time',
    );
  });
});
