import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { world } from '../../test/world.ts';
import {
  countWindows,
  type ExampleSet,
  latestWindow,
  leaveLastOut,
  oneRandomCoverage,
  scheduleOrders,
  slidingRules,
  slidingWindows,
  trainTest,
  windowCoverage,
  windowTestSets,
} from '../index.ts';

const lengths = fc.array(fc.integer({ min: 3, max: 60 }), { minLength: 1, maxLength: 8 });
const rule = fc.constantFrom(...slidingRules);
const options = fc.record({
  rule,
  maxLength: fc.integer({ min: 1, max: 12 }),
  extra: fc.option(fc.integer({ min: 0, max: 40 }), { nil: undefined }),
  stride: fc.integer({ min: 1, max: 9 }),
  seed: fc.nat({ max: 1000 }),
});
const policyOf = ({
  extra,
  ...rest
}: {
  extra?: number;
  rule: (typeof slidingRules)[number];
  maxLength: number;
  stride: number;
  seed: number;
}) => slidingWindows({ ...rest, ...(extra === undefined ? {} : { maxHistory: rest.maxLength + extra }) });
const plain = ({ users, starts, targets }: ExampleSet) => ({ users, starts, targets });

describe('slidingWindows', () => {
  it('cuts contiguous windows of exactly min(K, n) inside the history and its limit', () => {
    fc.assert(
      fc.property(lengths, options, fc.nat({ max: 20 }), (n, o, epoch) => {
        const { train } = trainTest(world(n));
        const windows = policyOf(o).examples(train, epoch);
        const limit = o.extra === undefined || o.rule === 'control' ? Number.POSITIVE_INFINITY : o.maxLength + o.extra;
        const whole = new Map([...train.users].map((user, e) => [user, [train.starts[e], train.targets[e]]]));
        windows.targets.forEach((target, w) => {
          const [start, last] = whole.get(windows.users[w]) as [number, number];
          expect(target - windows.starts[w]).toBe(Math.min(o.maxLength, last - start));
          expect(windows.starts[w]).toBeGreaterThanOrEqual(Math.max(start, last - limit));
          expect(target).toBeLessThanOrEqual(last);
        });
        expect(new Set(windows.users)).toEqual(new Set(train.users));
        if (policyOf(o).equalBudget) expect(windows.targets).toHaveLength(train.targets.length);
      }),
    );
  });

  it('has W windows, the newest that of control and the oldest at the start', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 3, max: 80 }),
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 1, max: 9 }),
        (n, maxLength, stride) => {
          const { train } = trainTest(world([n]));
          const all = slidingWindows({ rule: 'all-windows', maxLength, stride, seed: 1 }).examples(train, 0);
          const history = n - 2;
          expect(all.targets).toHaveLength(countWindows(history, maxLength, stride));
          expect(all.targets[0]).toBe(latestWindow(train, { maxLength }).targets[0]);
          expect(all.starts.at(-1)).toBe(train.starts[0]);
          expect(new Set(all.targets).size).toBe(all.targets.length);
        },
      ),
    );
  });

  it('is control, bit for bit, when every epoch is a control epoch or the history may not exceed the window', () => {
    fc.assert(
      fc.property(lengths, options, fc.nat({ max: 20 }), fc.constantFrom(...scheduleOrders), (n, o, epoch, order) => {
        const { train } = trainTest(world(n));
        const control = plain(latestWindow(train, { maxLength: o.maxLength }));
        const schedule = { epochs: 7, controlEpochs: 7, order };
        const { extra: _, ...rest } = o;
        expect(plain(slidingWindows({ ...rest, schedule }).examples(train, epoch))).toEqual(control);
        expect(plain(slidingWindows({ ...rest, maxHistory: o.maxLength }).examples(train, epoch))).toEqual(control);
      }),
    );
  });

  it('mixes X of N epochs in the three orders; X = 0 is all sliding', () => {
    const { train } = trainTest(world([50, 60]));
    const sliding = { rule: 'one-random', maxLength: 5, seed: 3 } as const;
    const control = JSON.stringify(plain(latestWindow(train, { maxLength: 5 })));
    const modes = (order: (typeof scheduleOrders)[number], controlEpochs = 3) => {
      const policy = slidingWindows({ ...sliding, schedule: { epochs: 7, controlEpochs, order } });
      return Array.from({ length: 7 }, (_, e) =>
        JSON.stringify(plain(policy.examples(train, e))) === control ? 'c' : 's',
      ).join('');
    };
    expect(modes('control-first')).toBe('cccssss');
    expect(modes('sliding-first')).toBe('ssssccc');
    expect([...modes('interleaved')].filter((mode) => mode === 'c')).toHaveLength(3);
    expect(modes('interleaved')).not.toContain('cc');
    expect(modes('control-first', 0)).toBe('sssssss');
    const mixed = slidingWindows({ ...sliding, rule: 'round-robin', schedule: { epochs: 9, controlEpochs: 0 } });
    const plainPolicy = slidingWindows({ ...sliding, rule: 'round-robin' });
    for (let e = 0; e < 12; e++) expect(plain(mixed.examples(train, e))).toEqual(plain(plainPolicy.examples(train, e)));
  });

  it('takes every window once in W sliding epochs with round-robin, control epochs between them or not', () => {
    const { train } = trainTest(world([43]));
    const maxLength = 6;
    const windows = countWindows(41, maxLength, 3);
    for (const schedule of [undefined, { epochs: 4, controlEpochs: 1, order: 'interleaved' as const }]) {
      const policy = slidingWindows({ rule: 'round-robin', maxLength, stride: 3, seed: 9, schedule });
      const seen = new Set<number>();
      const epochs = schedule === undefined ? windows : Math.ceil((windows * 4) / 3);
      let slid = 0;
      for (let e = 0; e < epochs && slid < windows; e++) {
        if (schedule !== undefined && e % 4 === 3) continue;
        seen.add(policy.examples(train, e).targets[0]);
        slid++;
      }
      expect(seen.size).toBe(windows);
    }
    const coverage = windowCoverage(
      train,
      slidingWindows({ rule: 'round-robin', maxLength, stride: 3, seed: 9 }),
      windows,
    );
    expect(coverage.at(-1)?.covered).toBe(1);
    expect(coverage.every((epoch) => epoch.cost === 1)).toBe(true);
  });

  it('draws the same windows whatever else is in the set, and again', () => {
    fc.assert(
      fc.property(lengths, options, fc.nat({ max: 20 }), (n, o, epoch) => {
        const { train } = trainTest(world(n));
        const all = policyOf(o).examples(train, epoch);
        expect(plain(policyOf(o).examples(train, epoch))).toEqual(plain(all));
        const last = train.targets.length - 1;
        const one = {
          ...train,
          users: train.users.slice(last),
          starts: train.starts.slice(last),
          targets: train.targets.slice(last),
        };
        const alone = policyOf(o).examples(one, epoch);
        expect(alone.targets).toEqual(all.targets.slice(-alone.targets.length));
      }),
    );
  });

  it('covers each depth as often as the closed form says', () => {
    const history = 40;
    const maxLength = 7;
    const { train } = trainTest(world([history + 2]));
    const policy = slidingWindows({ rule: 'one-random', maxLength, seed: 5 });
    const epochs = 20_000;
    const hits = new Float64Array(history);
    for (let e = 0; e < epochs; e++) {
      const { starts, targets } = policy.examples(train, e);
      for (let p = starts[0]; p < targets[0]; p++) hits[train.targets[0] - 1 - p]++;
    }
    for (let depth = 0; depth < history; depth++) {
      const chance = oneRandomCoverage(depth, history, maxLength);
      expect(Math.abs(hits[depth] / epochs - chance)).toBeLessThan(5 * Math.sqrt(chance / epochs) + 1e-9);
    }
  });

  it.each([5, 1e17])('draws weighted windows with the weights stated, decay %d', (decay) => {
    const { train } = trainTest(world([32]));
    const policy = slidingWindows({ rule: 'weighted', maxLength: 10, stride: 4, decay, seed: 2 });
    const windows = countWindows(30, 10, 4);
    const counts = new Float64Array(windows);
    const epochs = 20_000;
    for (let e = 0; e < epochs; e++) {
      const shift = train.targets[0] - policy.examples(train, e).targets[0];
      counts[Math.round(shift / 4)]++;
    }
    const weights = Array.from({ length: windows }, (_, i) => Math.exp((-i * 4) / decay));
    const sum = weights.reduce((a, b) => a + b);
    weights.forEach((weight, i) => {
      expect(Math.abs(counts[i] / epochs - weight / sum)).toBeLessThan(5 * Math.sqrt(weight / sum / epochs));
    });
  });

  it('tiles the history with strided-offset, and reaches all of it with all-windows', () => {
    const { train } = trainTest(world([102]));
    const tiled = slidingWindows({ rule: 'strided-offset', maxLength: 20, offsetEpochs: 4, seed: 1 });
    expect([...tiled.examples(train, 0).targets].map((t) => train.targets[0] - t)).toEqual([0, 20, 40, 60, 80]);
    expect([...tiled.examples(train, 1).targets].map((t) => train.targets[0] - t)).toEqual([5, 25, 45, 65, 80]);
    expect([...tiled.examples(train, 4).targets]).toEqual([...tiled.examples(train, 0).targets]);
    const all = windowCoverage(train, slidingWindows({ rule: 'all-windows', maxLength: 20, seed: 1 }), 1)[0];
    expect(all).toMatchObject({ covered: 1, examples: 81, cost: 81 });
  });

  it('refuses options that make no sense', () => {
    const good = { rule: 'one-random', maxLength: 10, seed: 1 } as const;
    expect(() => slidingWindows({ ...good, maxHistory: 9 })).toThrow(
      'slidingWindows: expected maxHistory of 10 or more, a whole number; got 9',
    );
    expect(() => slidingWindows({ ...good, rule: 'newest' as 'control' })).toThrow(
      'expected rule control, all-windows',
    );
    expect(() => slidingWindows({ ...good, schedule: { epochs: 2, controlEpochs: 3 } })).toThrow(
      'MixedSchedule: expected controlEpochs up to 2; got 3',
    );
    expect(() => slidingWindows({ ...good, decay: 0 })).toThrow('expected a finite decay above 0; got 0');
  });
});

describe('windowTestSets', () => {
  it('tests users that training does not read, on windows that share no event', () => {
    const split = leaveLastOut(world(Array.from({ length: 200 }, (_, u) => 5 + (u % 60))));
    const maxLength = 10;
    const { train, recent, older, future, withoutOlder } = windowTestSets(split, { maxLength, heldOut: 0.3, seed: 4 });
    const trained = new Set(train.users);
    for (const set of [recent, older]) for (const user of set.users) expect(trained.has(user)).toBe(false);
    expect(train.targets.length + recent.targets.length).toBe(200);
    expect(recent.targets.length / 200).toBeCloseTo(0.3, 0);
    expect(future.targets).toEqual(split.test.targets);
    expect(older.targets.length + withoutOlder).toBe(recent.targets.length);
    older.users.forEach((user, e) => {
      const at = recent.users.indexOf(user);
      expect(older.targets[e]).toBeLessThan(recent.starts[at]);
      expect(older.targets[e] - older.starts[e]).toBe(maxLength);
      expect(older.starts[e]).toBeGreaterThanOrEqual(split.interactions.userOffsets[user]);
    });
    recent.users.forEach((user, e) => {
      expect(recent.targets[e]).toBeLessThan(future.targets[future.users.indexOf(user)]);
    });
  });
});
