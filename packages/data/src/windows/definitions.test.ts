import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { world } from '../../test/world.ts';
import {
  countWindows,
  type ExampleSet,
  equalSteps,
  holdOutUsers,
  latestWindow,
  leaveLastOut,
  oneRandomCoverage,
  type SlidingWindowOptions,
  slidingWindows,
  trainTest,
  windowCoverage,
  windowTestSets,
} from '../index.ts';

/** Shifts of an example's windows from the newest position, in their order. */
const shifts = (whole: ExampleSet, windows: ExampleSet): number[] =>
  Array.from(windows.targets, (target, w) => whole.targets[whole.users.indexOf(windows.users[w])] - target);

describe('windows as they are defined', () => {
  it('ceil((n - K) / r) + 1 windows, one when the history fits', () => {
    expect(countWindows(3, 10, 3)).toBe(1);
    expect(countWindows(10, 10, 3)).toBe(1);
    expect(countWindows(11, 10, 3)).toBe(2);
    expect(countWindows(13, 10, 3)).toBe(2);
    expect(countWindows(14, 10, 3)).toBe(3);
    expect(countWindows(14, 10, 1)).toBe(5);
  });

  it('of a history with two windows each is taken about half of the time', () => {
    // Histories of 5 positions, windows of 4.
    const { train } = trainTest(world(Array<number>(400).fill(7)));
    for (const rule of ['one-random', 'round-robin'] as const) {
      const taken = shifts(train, slidingWindows({ rule, maxLength: 4, seed: 1 }).examples(train, 0));
      const older = taken.filter((shift) => shift === 1).length;
      expect(taken.filter((shift) => shift === 0).length).toBe(400 - older);
      // Binomial: four standard deviations are 40.
      expect(Math.abs(older - 200)).toBeLessThan(40);
    }
  });

  it('all-windows: every r positions from the newest, the oldest moved to where it is whole', () => {
    const { train } = trainTest(world([16, 6, 4]));
    const at = (o: Partial<SlidingWindowOptions>) =>
      shifts(train, slidingWindows({ rule: 'all-windows', maxLength: 4, seed: 1, ...o }).examples(train, 3));
    // Histories of 14, 4 and 2 positions.
    expect(at({ stride: 4 })).toEqual([0, 4, 8, 10, 0, 0]);
    expect(at({ stride: 5 })).toEqual([0, 5, 10, 0, 0]);
    expect(at({})).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 0, 0]);
    expect(at({ stride: 4, maxHistory: 9 })).toEqual([0, 4, 5, 0, 0]);
  });

  it('strided-offset: neighbours of K behind floor(e K / epochs), one whole window at least', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 3, max: 50 }),
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 5 }),
        fc.nat(12),
        (length, maxLength, offsetEpochs, epoch) => {
          const { train } = trainTest(world([length]));
          const history = length - 2;
          const offset = Math.floor(((epoch % offsetEpochs) * maxLength) / offsetEpochs);
          const expected: number[] = [];
          if (history <= maxLength) expected.push(0);
          else {
            let shift = offset;
            while (shift < history - maxLength) {
              expected.push(shift);
              shift += maxLength;
            }
            expected.push(history - maxLength);
          }
          const policy = slidingWindows({ rule: 'strided-offset', maxLength, offsetEpochs, stride: 3, seed: 1 });
          expect(shifts(train, policy.examples(train, epoch))).toEqual(expected);
        },
      ),
    );
  });

  it('strided-offset slides in ten epochs unless told, and only in sliding epochs', () => {
    const { train } = trainTest(world([52]));
    const newest = (o: Partial<SlidingWindowOptions>, epoch: number) =>
      shifts(train, slidingWindows({ rule: 'strided-offset', maxLength: 20, seed: 1, ...o }).examples(train, epoch))[0];
    expect([0, 1, 9, 10, 11].map((epoch) => newest({}, epoch))).toEqual([0, 2, 18, 0, 2]);
    const schedule = { epochs: 3, controlEpochs: 1 };
    expect([0, 1, 2, 3, 4].map((epoch) => newest({ schedule }, epoch))).toEqual([0, 0, 2, 0, 4]);
  });

  it('weighted: a decay of K events unless told', () => {
    const { train } = trainTest(world([32]));
    const one = { rule: 'weighted', maxLength: 10, stride: 4, seed: 2 } as const;
    for (let epoch = 0; epoch < 20; epoch++) {
      expect(slidingWindows(one).examples(train, epoch).targets).toEqual(
        slidingWindows({ ...one, decay: 10 }).examples(train, epoch).targets,
      );
    }
  });

  it('one-random: a position is covered as often as windows that hold it', () => {
    for (const [history, maxLength] of [
      [3, 5],
      [4, 5],
      [5, 5],
      [6, 5],
      [12, 5],
      [12, 1],
    ]) {
      const starts = Array.from({ length: Math.max(1, history - maxLength + 1) }, (_, shift) => shift);
      for (let depth = 0; depth < history; depth++) {
        const holding = starts.filter((shift) => shift <= depth && depth < shift + maxLength).length;
        expect(oneRandomCoverage(depth, history, maxLength)).toBeCloseTo(holding / starts.length, 12);
      }
    }
  });
});

describe('what a policy says of itself', () => {
  const sliding = (o: Partial<SlidingWindowOptions>) =>
    slidingWindows({ rule: 'one-random', maxLength: 5, seed: 7, ...o });

  it('reach: all of a history, the limit, or the window when it never slides', () => {
    expect(sliding({}).reach).toBe(Number.POSITIVE_INFINITY);
    expect(sliding({ maxHistory: 9 }).reach).toBe(9);
    expect(sliding({ rule: 'control', maxHistory: 9 }).reach).toBe(5);
    expect(sliding({ maxHistory: 9, schedule: { epochs: 3, controlEpochs: 3 } }).reach).toBe(5);
    expect(sliding({ maxHistory: 9, schedule: { epochs: 3, controlEpochs: 2 } }).reach).toBe(9);
  });

  it('is control when it never slides', () => {
    const schedule = { epochs: 3, controlEpochs: 3 };
    expect(sliding({ rule: 'control' }).isControl).toBe(true);
    expect(sliding({ schedule }).isControl).toBe(true);
    expect(equalSteps(sliding({ rule: 'all-windows', maxHistory: 5 }), { seed: 3 }).isControl).toBe(true);
    expect(sliding({ maxHistory: 9, schedule: { ...schedule, controlEpochs: 2 } }).isControl).toBe(false);
  });

  it('equal budget: one window a history', () => {
    const budgets = (
      ['control', 'all-windows', 'one-random', 'round-robin', 'strided-offset', 'weighted'] as const
    ).map((rule) => sliding({ rule }).equalBudget);
    expect(budgets).toEqual([true, false, true, true, false, true]);
  });

  it('settings: every option with its default', () => {
    expect(sliding({})).toMatchObject({
      name: 'one-random',
      maxLength: 5,
      settings: { rule: 'one-random', maxLength: 5, maxHistory: 'all', stride: 1, decay: 5, offsetEpochs: 10, seed: 7 },
    });
    expect(sliding({ maxHistory: 8 }).settings.maxHistory).toBe(8);
    expect(equalSteps(sliding({ rule: 'all-windows' }), { seed: 3 })).toMatchObject({
      name: 'all-windows, equal steps',
      settings: { rule: 'all-windows', equalSteps: 3 },
    });
  });

  it.each([
    [{ maxLength: 0 }, 'slidingWindows: expected maxLength of 1 or more, a whole number; got 0'],
    [{ maxLength: 2.5 }, 'slidingWindows: expected maxLength of 1 or more, a whole number; got 2.5'],
    [{ stride: 0 }, 'slidingWindows: expected stride of 1 or more, a whole number; got 0'],
    [{ offsetEpochs: 0 }, 'slidingWindows: expected offsetEpochs of 1 or more, a whole number; got 0'],
    [{ decay: Number.NaN }, 'slidingWindows: expected a finite decay above 0; got NaN'],
    [
      { decay: Number.POSITIVE_INFINITY },
      'slidingWindows: expected a finite decay above 0; got Infinity; all windows have the same weight with the rule one-random',
    ],
    [{ schedule: { epochs: 0, controlEpochs: 0 } }, 'MixedSchedule: expected epochs of 1 or more'],
  ])('refuses %j', (options, message) => {
    expect(() => sliding(options)).toThrow(message);
  });

  it('takes what is just right', () => {
    expect(() => sliding({ maxLength: 1, maxHistory: 1, stride: 1, offsetEpochs: 1, decay: 1e-3 })).not.toThrow();
    const { train } = trainTest(world([9]));
    expect(() => sliding({}).examples(train, -1)).toThrow('slidingWindows: expected epoch of 0 or more');
  });
});

describe('latestWindow', () => {
  it('keeps the latest events of every history', () => {
    const { train } = trainTest(world([9, 3]));
    expect([...latestWindow(train, { maxLength: 4 }).starts]).toEqual([3, 9]);
    expect([...latestWindow(train, { maxLength: 7 }).starts]).toEqual([0, 9]);
    expect([...latestWindow(train, { maxLength: 1 }).starts]).toEqual([6, 9]);
  });

  it('refuses half an event, and what has been shortened already', () => {
    const { train } = trainTest(world([9]));
    expect(() => latestWindow(train, { maxLength: 1.5 })).toThrow(
      'latestWindow: expected maxLength of 1 or more; got 1.5',
    );
    const events = { offsets: Int32Array.of(0, 1), indices: Int32Array.of(3) };
    expect(() => latestWindow({ ...train, events }, { maxLength: 2 })).toThrow(
      'latestWindow: expected whole histories; got subsequences',
    );
  });
});

describe('holdOutUsers', () => {
  const split = leaveLastOut(world(new Array(40).fill(5)));

  it.each([0, 1, -0.5, 1.5, Number.NaN])('refuses a share of %d', (share) => {
    expect(() => holdOutUsers(split, { share, seed: 1 })).toThrow('expected a share between 0 and 1');
  });

  it('refuses to hold out everybody', () => {
    expect(() => holdOutUsers(split, { share: 1 - 1e-9, seed: 1 })).toThrow('got 40 of 40 held out');
  });

  it('says share, seed and count, and has no validation part where there was none', () => {
    const held = holdOutUsers(trainTest(split.interactions), { share: 0.3, seed: 5 });
    expect(held.step.params).toMatchObject({ heldOutShare: 0.3, heldOutSeed: 5 });
    expect(held.step.params).toMatchObject({ protocol: 'train-test' });
    expect(held.step.counts).toMatchObject({ users: 40, heldOutUsers: 40 - held.train.targets.length });
    expect(Object.keys(held)).not.toContain('validation');
  });
});

describe('windowTestSets', () => {
  const K = 3;
  /** Many users of one length: 2 K + 1 training positions have one place for an older target, two more have three. */
  const sets = (positions: number, heldOut?: number) =>
    windowTestSets(leaveLastOut(world(new Array(200).fill(positions + 3))), { maxLength: K, heldOut, seed: 4 });

  it('older targets reach every place between the oldest whole window and the recent one', () => {
    const placesOf = (positions: number) => {
      const { older, recent } = sets(positions, 0.5);
      expect(older.targets.length).toBe(recent.targets.length);
      // Position of the target in its history.
      return [...new Set(Array.from(older.targets, (target) => target % (positions + 3)))].sort((a, b) => a - b);
    };
    expect(placesOf(2 * K + 1)).toEqual([K]);
    expect(placesOf(2 * K + 3)).toEqual([K, K + 1, K + 2]);
  });

  it('a history of 2 K positions is too short for an older window', () => {
    const { older, recent, withoutOlder } = sets(2 * K, 0.5);
    expect(older.targets).toHaveLength(0);
    expect(withoutOlder).toBe(recent.targets.length);
    expect(sets(2 * K + 1, 0.5).withoutOlder).toBe(0);
  });

  it('holds out a tenth of the users unless told; all sets are test sets of at most K events', () => {
    const { train, recent, older, future } = sets(9);
    expect(recent.targets.length).toBe(200 - train.targets.length);
    expect(Math.abs(recent.targets.length - 20)).toBeLessThan(5 * Math.sqrt(200 * 0.1 * 0.9));
    for (const set of [recent, older, future]) {
      expect(set.name).toBe('test');
      set.targets.forEach((target, e) => {
        expect(target - set.starts[e]).toBe(K);
      });
    }
    // Events of a user: 0..11; 9 is the training target and 11 the test target.
    expect(new Set(recent.targets.map((target) => target % 12))).toEqual(new Set([9]));
    expect(new Set(future.targets.map((target) => target % 12))).toEqual(new Set([11]));
    const split = leaveLastOut(world(new Array(200).fill(12)));
    const [plain, tenth] = [undefined, 0.1].map((heldOut) => windowTestSets(split, { maxLength: 2, heldOut, seed: 4 }));
    expect(plain.recent.users).toEqual(tenth.recent.users);
    expect(() => windowTestSets(leaveLastOut(world([9])), { maxLength: 0, seed: 1 })).toThrow(
      'windowTestSets: expected maxLength of 1 or more',
    );
  });
});

describe('windowCoverage', () => {
  it('counts examples, tokens, cost and what was reached so far', () => {
    // Histories of 10 and 3 positions; round-robin takes one window of 4 of the first, all of the second.
    const { train } = trainTest(world([12, 5]));
    const policy = slidingWindows({ rule: 'round-robin', maxLength: 4, stride: 3, seed: 1 });
    const reached = new Set<number>();
    for (const { epoch, examples, tokens, cost, covered } of windowCoverage(train, policy, 3)) {
      const windows = policy.examples(train, epoch);
      windows.targets.forEach((target, w) => {
        for (let p = windows.starts[w]; p < target; p++) reached.add(p);
      });
      expect({ examples, tokens, cost, covered }).toEqual({
        examples: 2,
        tokens: 7,
        cost: 1,
        covered: expect.closeTo(reached.size / 13, 12),
      });
    }
    expect(reached.size).toBe(13);
    const all = windowCoverage(train, slidingWindows({ rule: 'all-windows', maxLength: 4, stride: 3, seed: 1 }), 1);
    expect(all).toEqual([{ epoch: 0, examples: 4, tokens: 15, cost: 15 / 7, covered: 1 }]);
  });

  it('counts a position of overlapping histories once, and the events of subsequences', () => {
    const { train } = trainTest(world([12]));
    const twice: ExampleSet = {
      ...train,
      users: Int32Array.of(0, 0),
      starts: Int32Array.of(0, 2),
      targets: Int32Array.of(8, 10),
    };
    const policy = slidingWindows({ rule: 'control', maxLength: 3, seed: 1 });
    // 3 and 3 of the ten positions 0..9: 5..7 and 7..9.
    expect(windowCoverage(twice, policy, 1)[0].covered).toBe(0.5);
    const sparse = {
      ...policy,
      examples: (set: ExampleSet) => ({
        ...set,
        starts: set.targets.map((target) => target - 2),
        events: { offsets: Int32Array.of(0, 2), indices: Int32Array.of(1, 9) },
      }),
    };
    // The same length, other events: what was reached are the events, whatever range stands for their number.
    const moving = {
      ...sparse,
      examples: (set: ExampleSet, epoch: number) => ({
        ...sparse.examples(set),
        events: { offsets: Int32Array.of(0, 2), indices: Int32Array.of(epoch, 5 + epoch) },
      }),
    };
    expect(windowCoverage(train, moving, 2).map(({ covered }) => covered)).toEqual([0.2, 0.4]);
    expect(windowCoverage(train, sparse, 2)).toEqual([
      { epoch: 0, examples: 1, tokens: 2, cost: 2 / 3, covered: 0.2 },
      { epoch: 1, examples: 1, tokens: 2, cost: 2 / 3, covered: 0.2 },
    ]);
  });
});
