import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Row, rowsWorld } from '../../test/rows-world.ts';
import {
  type ExampleSet,
  type Interactions,
  interactionsFromArrays,
  leakageReport,
  type RowsByTimeOptions,
  rowsByTime,
} from '../index.ts';

const plainRows = (...times: number[]): Row[] => times.map((time) => ({ user: 1, time, request: 0, click: time % 2 }));
const row = fc.record({ user: fc.nat(2), time: fc.nat(19), request: fc.nat(9), click: fc.constantFrom(0, 1) });
const worlds = fc.array(row, { minLength: 12, maxLength: 60 });
const shares = fc.record({
  testShare: fc.constantFrom(0.1, 0.25, 0.3),
  validationShare: fc.constantFrom(0, 0.1, 0.2),
});
const requestOf = (i: Interactions): ((event: number) => string) => {
  const column = i.events.columns.get('shown');
  if (i.roles.request === undefined || column?.kind !== 'id') return (event) => `row ${event}`;
  return (event) => (column.values[event] === 0 ? `row ${event}` : `r${column.values[event]}`);
};
const historyOf = (set: ExampleSet, e: number): number[] => {
  const length = set.targets[e] - set.starts[e];
  if (set.events === undefined) return Array.from({ length }, (_, k) => set.starts[e] + k);
  return [...set.events.indices.subarray(set.events.offsets[e], set.events.offsets[e] + length)];
};

/** The parts by the definition: sort, cut, and a look at every row of every request. */
function byHand(i: Interactions, { testShare = 0.1, validationShare = 0.1 }: RowsByTimeOptions) {
  const times = [...i.timestamps].sort((a, b) => a - b);
  const [tested, validated] = [Math.round(times.length * testShare), Math.round(times.length * validationShare)];
  const testTime = times[times.length - tested];
  const validationTime = validationShare === 0 ? testTime : times[times.length - tested - validated];
  const partOf = (time: number): number => (time >= testTime ? 2 : time >= validationTime ? 1 : 0);
  const of = requestOf(i);
  const events = Array.from({ length: i.numEvents }, (_, e) => e);
  const parts: number[][] = [[], [], []];
  for (const e of events) {
    const together = events.filter((other) => of(other) === of(e)).map((other) => partOf(i.timestamps[other]));
    if (together.every((part) => part === together[0])) parts[together[0]].push(e);
  }
  return { parts, testTime, validationTime, tested, validated };
}

describe('rowsByTime', () => {
  it('cuts as a plain loop over rows and requests does', () => {
    fc.assert(
      fc.property(worlds, shares, fc.boolean(), (rows, options, grouped) => {
        const i = rowsWorld(rows, grouped);
        const { parts, testTime, validationTime, tested, validated } = byHand(i, options);
        fc.pre(tested > 0 && (validated > 0 || options.validationShare === 0));
        const made = () => rowsByTime(i, options);
        if (options.validationShare > 0 && validationTime === testTime) {
          expect(made).toThrow('expected shares that give two different times');
          return;
        }
        if (parts.some((part, k) => part.length === 0 && (k !== 1 || options.validationShare > 0))) {
          expect(made).toThrow('rowsByTime: expected rows in the');
          return;
        }
        const split = made();
        expect([split.train, split.validation, split.test].map((set) => [...(set?.targets ?? [])])).toEqual(parts);
        expect(split.cuts).toEqual(options.validationShare === 0 ? { testTime } : { testTime, validationTime });
        expect(split.step.counts.droppedEvents).toBe(rows.length - parts.flat().length);
      }),
      { numRuns: 400 },
    );
  });

  it('keeps requests whole, lets nothing that trains be as late as what is tested, and does not leak', () => {
    let made = 0;
    fc.assert(
      fc.property(worlds, shares, (rows, options) => {
        const i = rowsWorld(rows);
        const { parts, testTime, validationTime, validated } = byHand(i, options);
        fc.pre(parts[0].length > 0 && parts[2].length > 0);
        fc.pre(options.validationShare === 0 || (parts[1].length > 0 && validated > 0 && validationTime < testTime));
        const split = rowsByTime(i, options);
        made++;
        const sets = [split.train, split.validation, split.test].flatMap((set) => (set === undefined ? [] : [set]));
        const of = requestOf(i);
        const requests = sets.map(({ targets }) => new Set(Array.from(targets, of)));
        expect(new Set(requests.flatMap((own) => [...own])).size).toBe(requests.reduce((n, { size }) => n + size, 0));
        for (const [k, set] of sets.entries()) {
          const latest = Math.max(...Array.from(set.targets, (e) => i.timestamps[e]));
          for (const later of sets.slice(k + 1))
            for (const e of later.targets) expect(i.timestamps[e]).toBeGreaterThan(latest);
        }
        const report = leakageReport(split);
        expect(report.text).not.toContain('leak:');
        expect(report.leaks).toBe(false);
      }),
      { numRuns: 300 },
    );
    expect(made).toBeGreaterThan(50);
  });

  it('gives histories of all that lies strictly before the request, in training of training rows alone', () => {
    fc.assert(
      fc.property(worlds, fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined }), (rows, maxHistory) => {
        const i = rowsWorld(rows);
        const options = { testShare: 0.3, validationShare: 0 };
        const { parts } = byHand(i, options);
        fc.pre(parts[0].length > 0 && parts[2].length > 0);
        const split = rowsByTime(i, { ...options, maxHistory });
        expect(split.examples).toBe('impressions');
        const of = requestOf(i);
        const click = i.events.columns.get('click')?.values as Float32Array;
        const events = Array.from({ length: i.numEvents }, (_, e) => e);
        for (const set of [split.train, split.test]) {
          for (let e = 0; e < set.targets.length; e++) {
            const together = events.filter((event) => of(event) === of(set.targets[e]));
            const time = Math.min(...together.map((event) => i.timestamps[event]));
            const own = events.slice(i.userOffsets[set.users[e]], i.userOffsets[set.users[e] + 1]);
            const expected = own.filter((k) => i.timestamps[k] < time && click[k] > 0);
            expect(historyOf(set, e)).toEqual(expected.slice(-(maxHistory ?? 60)));
            if (set.name === 'test') continue;
            for (const event of historyOf(set, e)) expect(i.timestamps[event]).toBeLessThan(split.cuts?.testTime ?? 0);
          }
        }
      }),
      { numRuns: 100 },
    );
  });

  it('puts all rows at the time of a cut on its later side', () => {
    const i = rowsWorld(plainRows(0, 1, 2, 3, 4, 4, 4, 5, 5, 6), false);
    // The last row alone would be 6, and one before it 5: both fives validate.
    const split = rowsByTime(i);
    expect([split.train, split.validation, split.test].map((set) => set?.targets.length)).toEqual([7, 2, 1]);
    expect(split.cuts).toEqual({ validationTime: 5, testTime: 6 });
    // The fourth from the end is the last of three fours.
    const wide = rowsByTime(i, { testShare: 0.4, validationShare: 0 });
    expect(Array.from(wide.test.targets, (e) => i.timestamps[e])).toEqual([4, 4, 4, 5, 5, 6]);
    expect(wide.validation).toBeUndefined();
    // The order of the rows does not matter, nor whose they are.
    const rows = plainRows(4, 6, 1, 4, 5, 0, 4, 2, 5, 3).map((r, k) => ({ ...r, user: k % 3 }));
    const times = (set?: ExampleSet) => Array.from(set?.targets ?? [], (e) => turned.timestamps[e]).sort();
    const turned = rowsWorld(rows, false);
    const same = rowsByTime(turned);
    expect([same.train, same.validation, same.test].map(times)).toEqual([[0, 1, 2, 3, 4, 4, 4], [5, 5], [6]]);
    expect(same.cuts).toEqual(split.cuts);
  });

  it('leaves out a request on both sides of a cut, and takes one that ends at it', () => {
    const at = (time: number, request: number): Row => ({ user: 1, time, request, click: 0 });
    const rows = [at(0, 0), at(1, 0), at(2, 1), at(3, 1), at(4, 2), at(5, 2), at(6, 2), at(7, 3), at(7, 3), at(8, 0)];
    const split = rowsByTime(rowsWorld(rows), { testShare: 0.4, validationShare: 0 });
    // The cut is at 6, inside request 2.
    expect(split.cuts).toEqual({ testTime: 6 });
    expect([...split.train.targets, -1, ...split.test.targets]).toEqual([0, 1, 2, 3, -1, 7, 8, 9]);
    expect(split.step.detail).toContain('; 3 rows of requests that lie on both sides of a cut are in no part; ');
    expect(split.step.counts).toEqual({ train: 4, validation: 0, test: 3, droppedEvents: 3 });
  });

  it('says the cuts', () => {
    const rows = Array.from({ length: 20 }, (_, k) => ({ user: k % 2, time: k, request: 0, click: k % 2 }));
    const split = rowsByTime(rowsWorld(rows, false));
    expect(split.step).toEqual({
      name: 'split',
      detail:
        'rows-by-time: 16 rows before 1970-01-01T00:00:16.000Z train, 2 from then on validate and 2 from ' +
        '1970-01-01T00:00:18.000Z on test; examples have no history.',
      params: {
        ...{ protocol: 'rows-by-time', testShare: 0.1, validationShare: 0.1, testTime: 18, validationTime: 16 },
        examples: 'points',
      },
      counts: { train: 16, validation: 2, test: 2, droppedEvents: 0 },
    });
    const shown = rowsByTime(rowsWorld(rows), { testShare: 0.2, validationShare: 0, maxHistory: 3 });
    expect(shown.step.detail).toBe(
      'rows-by-time: 16 rows before 1970-01-01T00:00:16.000Z train and 4 from 1970-01-01T00:00:16.000Z on test; ' +
        "0 rows of requests that lie on both sides of a cut are in no part; a history is the latest 3 of its user's " +
        'events with click above 0 strictly before the request, whatever part they are in.',
    );
    expect(shown.step.params).toMatchObject({ testTime: 16, validationShare: 0, maxHistory: 3 });
    expect(shown.step.params).not.toHaveProperty('validationTime');
    expect([split.protocol, Object.keys(shown).includes('validation')]).toEqual(['rows-by-time', false]);
  });

  it.each<[RowsByTimeOptions, readonly number[], string]>([
    [{ testShare: 1 }, [1, 2, 3], 'expected testShare between 0 and 1; got 1'],
    [
      { testShare: 0.6, validationShare: 0.4 },
      [1, 2, 3],
      'expected shares that leave rows to train on; got 0.6 and 0.4',
    ],
    [
      { testShare: 0.1, validationShare: 0.5 },
      [1, 2, 3],
      'expected a testShare of one row at least; got 0.1 of 3 rows',
    ],
    [{ testShare: 0.4 }, [1, 2, 3], 'expected a validationShare of one row at least; got 0.1 of 3 rows'],
    [
      { testShare: 0.25, validationShare: 0.25 },
      [1, 5, 5, 5],
      'expected shares that give two different times; got 1970-01-01T00:00:05.000Z for both; too many rows of world',
    ],
    [{ testShare: 0.25, validationShare: 0 }, [5, 5, 5, 5], 'expected rows in the train part; got none'],
    [{ testShare: 0.5, maxHistory: 2 }, [1, 2, 3, 4, 5], 'expected maxHistory with impressions alone'],
  ])('refuses %j of %j', (options, times, message) => {
    expect(() => rowsByTime(rowsWorld(plainRows(...times), false), options)).toThrow(`rowsByTime: ${message}`);
  });

  it('needs times', () => {
    const untimed = interactionsFromArrays({ name: 'untimed', users: [1, 1, 1], items: [1, 2, 3] });
    expect(() => rowsByTime(untimed)).toThrow(
      'rowsByTime: expected times; got none in untimed; name the column of the times (--data.columns.time), or split by ' +
        'chance (--data.split random)',
    );
  });

  it('with a training row at the cut or after a test row is a leak', () => {
    const i = rowsWorld(plainRows(...Array.from({ length: 20 }, (_, k) => k)), false);
    const split = rowsByTime(i, { validationShare: 0.1, testShare: 0.2 });
    const found = (train: readonly number[]) => {
      const targets = Int32Array.from(train);
      const users = new Int32Array(targets.length);
      const report = leakageReport({ ...split, train: { ...split.train, targets, starts: targets, users } });
      const of = (name: string) => report.checks.find((check) => check.name === name);
      return [of('train-events-after-test-cut'), of('test-targets-before-training-events')] as const;
    };
    expect(found([0, 1, 15]).map((check) => check?.verdict)).toEqual(['ok', 'ok']);
    expect(found([0, 1, 16]).map((check) => check?.verdict)).toEqual(['leak', 'ok']);
    const late = found([0, 1, 18]);
    expect(late.map((check) => [check?.verdict, check?.value])).toEqual([
      ['leak', 1],
      ['leak', 2],
    ]);
    expect(late[1]?.text).toMatch(/^2 test targets \(50\.0 %\) are older than some training event; on average /);
  });
});
