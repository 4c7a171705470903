import { describe, expect, it } from 'vitest';
import { world } from '../../test/world.ts';
import { holdOutUsers, leaveLastOut, stochasticLength, trainTest } from '../index.ts';

const split = leaveLastOut(world(Array.from({ length: 300 }, (_, u) => 5 + (u % 9))));

describe('holdOutUsers', () => {
  it('takes the same users out of training and validation, and none out of the test part', () => {
    const { train, validation, test, step } = holdOutUsers(split, { share: 0.2, seed: 1 });
    expect(new Set(validation!.users)).toEqual(new Set(train.users));
    expect(test).toBe(split.test);
    const held = 300 - train.targets.length;
    expect(Math.abs(held - 60)).toBeLessThan(5 * Math.sqrt(300 * 0.2 * 0.8));
    expect(step.detail).toContain(`${held} users held out of training and validation (a share of 0.2, seed 1).`);
    expect(step.counts.heldOutUsers).toBe(held);
    expect(holdOutUsers(trainTest(split.interactions), { share: 0.2, seed: 1 }).validation).toBeUndefined();
  });

  it('subsequences keep their own events', () => {
    const subsequences = stochasticLength({ maxLength: 4, alpha: 1.2, seed: 1 }).examples(split.train, 0);
    const { train } = holdOutUsers({ ...split, train: subsequences }, { share: 0.3, seed: 5 });
    const { userOffsets } = split.interactions;
    for (const [e, user] of train.users.entries()) {
      const { offsets, indices } = train.events!;
      const own = indices.subarray(offsets[e], offsets[e] + train.targets[e] - train.starts[e]);
      expect(own.every((event) => event >= userOffsets[user] && event < train.targets[e])).toBe(true);
    }
  });

  it('a user is held out whoever else is there', () => {
    const users = (part: typeof split) => new Set(holdOutUsers(part, { share: 0.3, seed: 5 }).train.users);
    const half = {
      ...split,
      train: {
        ...split.train,
        users: split.train.users.subarray(0, 150),
        starts: split.train.starts.subarray(0, 150),
        targets: split.train.targets.subarray(0, 150),
      },
    };
    expect([...users(half)]).toEqual([...users(split)].filter((user) => user <= half.train.users[149]));
  });

  it('refuses a share that leaves nobody on a side', () => {
    expect(() => holdOutUsers(split, { share: 0, seed: 1 })).toThrow(
      'holdOutUsers: expected a share between 0 and 1; got 0',
    );
    expect(() => holdOutUsers(split, { share: 1e-9, seed: 1 })).toThrow(
      'holdOutUsers: expected users on both sides; got 0 of 300 held out; change the share or the seed',
    );
    // Few validate: of these three all are held out, of 300 who train some stay.
    const { users, starts, targets } = split.validation!;
    const train = holdOutUsers(split, { share: 0.8, seed: 1 }).train.users;
    const held = [...users.keys()].filter((e) => !train.includes(users[e])).slice(0, 3);
    const some = (column: Int32Array) => Int32Array.from(held, (e) => column[e]);
    const few = { ...split.validation!, users: some(users), starts: some(starts), targets: some(targets) };
    expect(() => holdOutUsers({ ...split, validation: few }, { share: 0.8, seed: 1 })).toThrow(
      'expected users who validate; got 3 examples, all of users held out; change the share or the seed',
    );
  });
});
