import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { world } from '../../test/world.ts';
import {
  type ExampleSet,
  equalSteps,
  leaveLastOut,
  slidingWindows,
  stochasticLength,
  takeExamples,
  type WindowPolicy,
} from '../index.ts';

const { train } = leaveLastOut(world(Array.from({ length: 60 }, (_, u) => 5 + u)));
const all = slidingWindows({ rule: 'all-windows', maxLength: 10, seed: 1 });

const doubled = (set: ExampleSet): ExampleSet =>
  takeExamples(
    set,
    Int32Array.from({ length: 2 * set.targets.length }, (_, e) => e >> 1),
  );

describe('equalSteps', () => {
  it('takes as many of the windows as there are histories, each at most once, in order', () => {
    fc.assert(
      fc.property(fc.nat(50), fc.nat(1000), (epoch, seed) => {
        const chosen = equalSteps(all, { seed }).examples(train, epoch);
        expect(chosen.targets).toHaveLength(train.targets.length);
        const windows = all.examples(train, epoch);
        const key = (set: typeof chosen, e: number) => `${set.users[e]} ${set.starts[e]} ${set.targets[e]}`;
        const places = new Map(Array.from(windows.targets, (_, e) => [key(windows, e), e]));
        const at = Array.from(chosen.targets, (_, e) => places.get(key(chosen, e)) ?? -1);
        expect(at.every((place, e) => place > (at[e - 1] ?? -1))).toBe(true);
      }),
    );
  });

  it('takes each subsequence with its own events', () => {
    const short = stochasticLength({ maxLength: 10, alpha: 1.2, seed: 1 });
    // Two of each history, so that some are left out.
    const twice: WindowPolicy = { ...short, examples: (set, epoch) => short.examples(doubled(set), epoch) };
    const events = (set: ExampleSet, e: number): string => {
      const { offsets, indices } = set.events!;
      return indices.slice(offsets[e], offsets[e] + set.targets[e] - set.starts[e]).join();
    };
    const windows = twice.examples(train, 3);
    const known = new Set(Array.from(windows.targets, (target, e) => `${target}: ${events(windows, e)}`));
    const chosen = equalSteps(twice, { seed: 4 }).examples(train, 3);
    expect(chosen.targets).toHaveLength(train.targets.length);
    for (const [e, target] of chosen.targets.entries()) expect(known).toContain(`${target}: ${events(chosen, e)}`);
  });

  it('takes every window equally often', () => {
    const total = all.examples(train, 0).targets.length;
    const last = train.targets.at(-1)!;
    const epochs = 4000;
    const chance = train.targets.length / total;
    let hits = 0;
    for (let e = 0; e < epochs; e++) if (equalSteps(all, { seed: 2 }).examples(train, e).targets.includes(last)) hits++;
    expect(Math.abs(hits / epochs - chance)).toBeLessThan(5 * Math.sqrt(chance / epochs));
  });

  it('takes every selection of few windows equally often', () => {
    // Five positions are left for training, three windows of three; the other history has one: two of four are taken.
    const { train: few } = leaveLastOut(world([8, 4]));
    const three = slidingWindows({ rule: 'all-windows', maxLength: 3, seed: 1 });
    const windows = three.examples(few, 0);
    expect(windows.targets).toHaveLength(4);
    const epochs = 6000;
    const counts = new Map<string, number>();
    for (let epoch = 0; epoch < epochs; epoch++) {
      const selection = equalSteps(three, { seed: 3 }).examples(few, epoch).targets.join(' ');
      counts.set(selection, (counts.get(selection) ?? 0) + 1);
    }
    const pairs = [...windows.targets].flatMap((a, i) => [...windows.targets.subarray(i + 1)].map((b) => `${a} ${b}`));
    expect([...counts.keys()].sort()).toEqual(pairs.sort());
    const deviation = Math.sqrt((epochs * 5) / 36);
    for (const count of counts.values()) expect(Math.abs(count - epochs / 6)).toBeLessThan(5 * deviation);
  });

  it('leaves out a single window too many', () => {
    // One history with two windows of four.
    const { train: one } = leaveLastOut(world([8]));
    const two = slidingWindows({ rule: 'all-windows', maxLength: 4, seed: 1 });
    expect(two.examples(one, 0).targets).toHaveLength(2);
    expect(equalSteps(two, { seed: 1 }).examples(one, 0).targets).toHaveLength(1);
  });

  it('leaves a policy of one window as it is', () => {
    const one = slidingWindows({ rule: 'one-random', maxLength: 10, seed: 1 });
    expect(equalSteps(one, { seed: 1 }).examples(train, 3)).toEqual(one.examples(train, 3));
  });
});
