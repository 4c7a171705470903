import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rowsWorld } from '../../test/rows-world.ts';
import { type Interactions, type RandomSplitOptions, randomSplit } from '../index.ts';

const row = fc.record({ user: fc.nat(2), time: fc.nat(9), request: fc.nat(9), click: fc.constantFrom(0, 1) });
const sequence = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, k) => from + k);
const requestOf = (i: Interactions): ((event: number) => string) => {
  const column = i.events.columns.get('shown');
  if (column?.kind !== 'id') throw new Error('no column');
  return (event) => (column.values[event] === 0 ? `row ${event}` : String(column.values[event]));
};
const parts = (i: Interactions, options: RandomSplitOptions) => {
  const { train, validation, test } = randomSplit(i, options);
  return [train, validation, test].map((set) => [...(set?.targets ?? [])]);
};

describe('randomSplit', () => {
  it('puts every row in one part, and all rows of a request in the same; shares are exact to rounding', () => {
    fc.assert(
      fc.property(fc.array(row, { minLength: 12, maxLength: 60 }), fc.boolean(), fc.nat(5), (rows, grouped, seed) => {
        const i = rowsWorld(rows, grouped);
        const of = grouped ? requestOf(i) : String;
        const count = new Set(rows.map((_, e) => of(e))).size;
        fc.pre(count >= 7);
        const [train, validation, test] = parts(i, { testShare: 0.25, validationShare: 0.15, seed });
        expect([...train, ...validation, ...test].sort((a, b) => a - b)).toEqual(sequence(0, rows.length));
        for (const part of [train, validation, test]) expect(part).toEqual(part.toSorted((a, b) => a - b));
        const requests = [train, validation, test].map((part) => new Set(part.map(of)));
        const sizes = [Math.round(count * 0.15), Math.round(count * 0.25)];
        expect(requests.map(({ size }) => size)).toEqual([count - sizes[0] - sizes[1], ...sizes]);
        expect(new Set(requests.flatMap((own) => [...own])).size).toBe(count);
      }),
    );
  });

  it('gives histories of the training part alone, strictly before the request', () => {
    fc.assert(
      fc.property(fc.array(row, { minLength: 12, maxLength: 60 }), fc.nat(3), (rows, seed) => {
        const i = rowsWorld(rows);
        const of = requestOf(i);
        fc.pre(new Set(rows.map((_, e) => of(e))).size >= 7);
        const split = randomSplit(i, { testShare: 0.3, validationShare: 0.2, seed });
        expect(split.examples).toBe('impressions');
        const trains = new Set(split.train.targets);
        const click = i.events.columns.get('click')?.values as Float32Array;
        for (const set of [split.train, split.validation, split.test]) {
          if (set?.events === undefined) throw new Error('no histories');
          for (let e = 0; e < set.targets.length; e++) {
            const target = set.targets[e];
            const together = sequence(0, rows.length).filter((event) => of(event) === of(target));
            const time = Math.min(...together.map((event) => i.timestamps[event]));
            const own = sequence(i.userOffsets[set.users[e]], i.userOffsets[set.users[e] + 1]);
            const expected = own.filter((k) => i.timestamps[k] < time && click[k] > 0 && trains.has(k));
            const at = set.events.offsets[e];
            expect([...set.events.indices.subarray(at, at + target - set.starts[e])]).toEqual(expected);
          }
        }
      }),
    );
  });

  it('depends on the seed, and gives every row its chance', () => {
    const i = rowsWorld(
      sequence(0, 40).map((time) => ({ user: 1, time, request: 0, click: 0 })),
      false,
    );
    expect(parts(i, { seed: 3 })).toEqual(parts(i, { seed: 3 }));
    expect(parts(i, { seed: 3 })).not.toEqual(parts(i, { seed: 4 }));
    // So that a split of today is the split of tomorrow.
    expect(parts(i, { seed: 3 }).slice(1)).toEqual([
      [17, 24, 26, 36],
      [1, 6, 20, 23],
    ]);
    const [tested, validated] = [new Float64Array(40), new Float64Array(40)];
    for (let seed = 0; seed < 1000; seed++) {
      const [, validation, test] = parts(i, { seed });
      for (const e of test) tested[e]++;
      for (const e of validation) validated[e]++;
    }
    // 100 each in the mean, with a deviation of 9.5.
    for (const times of [...tested, ...validated]) expect(Math.abs(times - 100)).toBeLessThan(45);
  });

  it('says what it did', () => {
    const rows = sequence(0, 30).map((k) => ({ user: k % 3, time: k, request: 1 + Math.floor(k / 4), click: k % 2 }));
    const split = randomSplit(rowsWorld(rows), { testShare: 0.25, validationShare: 0.25, seed: 7, maxHistory: 5 });
    const sizes = [split.train, split.validation, split.test].map((set) => set?.targets.length);
    expect(split.step.detail).toBe(
      `random: of 8 requests 4 (${sizes[0]} rows) train, 2 (${sizes[1]} rows) validate and 2 (${sizes[2]} rows) test ` +
        "(seed 7), the rows of a request stay together; a history is the latest 5 of its user's events with click above 0 " +
        'strictly before the request, those of the training part alone.',
    );
    expect(split.step.params).toEqual({
      ...{
        protocol: 'random',
        testShare: 0.25,
        validationShare: 0.25,
        seed: 7,
        examples: 'impressions',
        maxHistory: 5,
      },
    });
    expect(split.step.counts).toEqual({ train: sizes[0], validation: sizes[1], test: sizes[2], requests: 8 });
    const plain = randomSplit(rowsWorld(rows, false), { validationShare: 0 });
    expect(plain.validation).toBeUndefined();
    expect(plain.examples).toBe('points');
    expect(plain.train.events).toBeUndefined();
    expect(plain.step.detail).toBe(
      'random: of 30 rows 27 train, 0 validate and 3 test (seed 0); examples have no history.',
    );
    expect(randomSplit(rowsWorld(rows), { examples: 'points' }).train.starts).toEqual(
      randomSplit(rowsWorld(rows), { examples: 'points' }).train.targets,
    );
  });

  it('refuses shares that leave nothing', () => {
    const i = rowsWorld(sequence(0, 4).map((time) => ({ user: 1, time, request: 0, click: 0 })));
    expect(() => randomSplit(i, { testShare: 0.25, validationShare: 0.25, examples: 'points', maxHistory: 5 })).toThrow(
      'randomSplit: expected maxHistory with impressions alone, points have no history; got 5',
    );
    expect(() => randomSplit(i, { testShare: 1 })).toThrow('randomSplit: expected testShare between 0 and 1; got 1');
    expect(() => randomSplit(i, { testShare: 0.6, validationShare: 0.4 })).toThrow(
      'randomSplit: expected shares that leave rows to train on; got 0.6 and 0.4',
    );
    expect(() => randomSplit(i)).toThrow(
      'randomSplit: expected enough of the 4 requests for one in the validation part; got none',
    );
    expect(() => randomSplit(i, { validationShare: 0 })).toThrow('for one in the test part');
    expect(() => randomSplit(i, { testShare: 0.5, validationShare: 0.45 })).toThrow('for one in the train part');
  });
});
