import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  countExamples,
  type ExampleSet,
  idMap,
  interactionsFromArrays,
  leakageReport,
  makeBatch,
  pointExamples,
  type RowSplit,
  randomSplit,
  rowsByTime,
  takeExamples,
  trainingEvents,
  withHistories,
  withoutHistories,
  withRowHistories,
  withSampledNegatives,
} from '../index.ts';

interface Row {
  readonly user: number;
  readonly item: number;
  readonly time: number;
  readonly request: number;
}

const rows = fc.array(
  fc.record({ user: fc.nat(2), item: fc.integer({ min: 1, max: 5 }), time: fc.nat(6), request: fc.nat(4) }),
  { minLength: 1, maxLength: 24 },
);

function world(events: readonly Row[], withRequests = false) {
  return interactionsFromArrays({
    name: 'world',
    users: events.map(({ user }) => user),
    items: events.map(({ item }) => item),
    timestamps: events.map(({ time }) => time),
    columns: {
      liked: { kind: 'number', values: events.map((_, e) => e % 2) },
      request: {
        kind: 'id',
        values: Int32Array.from(events, ({ request }) => request),
        ids: idMap(['1', '2', '3', '4'], 1),
      },
    },
    labels: ['liked'],
    ...(withRequests && { request: 'request' }),
  });
}

function historyOf(set: ExampleSet, e: number): number[] {
  const length = set.targets[e] - set.starts[e];
  const { offsets, indices } = set.events!;
  return [...indices.subarray(offsets[e], offsets[e] + length)];
}

/** The definition: a loop over all events. */
function byHand(set: ExampleSet, e: number, sameTime: 'hidden' | 'seen', counts: Uint8Array): number[] {
  const { interactions, targets, users } = set;
  const { timestamps, userOffsets, roles, events } = interactions;
  const request = events.columns.get('request') as { readonly values: Int32Array };
  const own = roles.request === undefined ? 0 : request.values[targets[e]];
  let time = timestamps[targets[e]];
  for (let i = 0; i < timestamps.length; i++) {
    if (own !== 0 && request.values[i] === own) time = Math.min(time, timestamps[i]);
  }
  const found: number[] = [];
  for (let i = userOffsets[users[e]]; i < userOffsets[users[e] + 1]; i++) {
    const isEarlier = sameTime === 'seen' ? i < targets[e] : timestamps[i] < time;
    if (isEarlier && counts[i] === 1) found.push(i);
  }
  return found;
}

describe('withHistories', () => {
  it('gives each row the newest earlier events of its user, as a plain loop finds them', () => {
    fc.assert(
      fc.property(
        rows,
        fc.boolean(),
        fc.constantFrom('hidden' as const, 'seen' as const),
        fc.integer({ min: 1, max: 5 }),
        fc.array(fc.nat(1), { minLength: 24, maxLength: 24 }),
        fc.array(fc.nat(23)),
        (events, withRequests, sameTime, maxEvents, counting, chosen) => {
          const interactions = world(events, withRequests);
          const points = takeExamples(
            pointExamples(interactions),
            Int32Array.from(chosen, (e) => e % events.length),
          );
          const counts = Uint8Array.from(counting.slice(0, events.length));
          for (const own of [undefined, counts]) {
            const set = withHistories(points, { maxEvents, sameTime, ...(own && { events: own }) });
            expect([...set.targets]).toEqual([...points.targets]);
            expect([...set.users]).toEqual([...points.users]);
            for (let e = 0; e < set.targets.length; e++) {
              const all = byHand(set, e, sameTime, own ?? counts.map(() => 1));
              expect(historyOf(set, e)).toEqual(all.slice(-maxEvents));
            }
            expect(withoutHistories(set)).toEqual(points);
          }
        },
      ),
      { numRuns: 200 },
    );
  });

  it('has of rows that were drawn none, and gives them the history of their event', () => {
    const items = Array.from({ length: 80 }, (_, k) => 1 + ((7 * k) % 30));
    const times = items.map((_, k) => Math.floor(k / 6));
    const before = interactionsFromArrays({
      ...{ name: 'clicks', users: items.map((_, k) => k % 4), items, timestamps: times },
    });
    const drawn = withSampledNegatives(before, { perPositive: 3, seed: 1 });
    const positives = Int32Array.from({ length: before.numEvents }, (_, e) => 4 * e);
    for (const sameTime of ['hidden', 'seen'] as const) {
      const options = { maxEvents: 5, sameTime };
      const set = withHistories(pointExamples(drawn), options);
      const plain = withHistories(pointExamples(before), options);
      for (let e = 0; e < set.targets.length; e++)
        expect(historyOf(set, e)).toEqual(historyOf(plain, Math.floor(e / 4)).map((event) => positives[event]));
    }
    const { train, test } = withRowHistories(randomSplit(drawn, { examples: 'points' }), { maxEvents: 5 });
    const training = new Set(train.targets);
    for (let e = 0; e < test.targets.length; e++)
      for (const event of historyOf(test, e)) expect([event % 4, training.has(event)]).toEqual([0, true]);
  });

  it('is batched: the tokens are the events of the histories', () => {
    const at = (time: number, item: number) => ({ user: 1, item, time, request: 0 });
    const set = withHistories(pointExamples(world([at(1, 1), at(2, 2), at(2, 3), at(5, 4)])), { maxEvents: 2 });
    const batch = makeBatch(set, [3, 0, 2], { tokens: ['liked'], examples: ['items'] });
    expect([...batch.offsets]).toEqual([0, 2, 2, 3]);
    expect([...batch.itemIds]).toEqual([2, 3, 1]);
    expect([...batch.exampleItems!]).toEqual([4, 1, 3]);
    expect([...(batch.columns!.tokens!.get('liked') as { values: Float32Array }).values]).toEqual([1, 0, 0]);
  });

  it('says what it needs', () => {
    const set = pointExamples(interactionsFromArrays({ name: 'untimed', users: [1, 1], items: [1, 2] }));
    expect(() => withHistories(set, { maxEvents: 0 })).toThrow('withHistories: expected maxEvents of 1 or more; got 0');
    expect(() => withHistories(set, { maxEvents: 1, events: new Uint8Array(1) })).toThrow(
      'withHistories: expected 2 entries, one an event; got 1',
    );
    expect(() => withHistories(set, { maxEvents: 1 })).toThrow(
      'withHistories: expected times, as histories end before the time of a row; got none in untimed; name the column ' +
        "of the times (--data.columns.time), or go by the order of the data ('seen')",
    );
    expect(historyOf(withHistories(set, { maxEvents: 5, sameTime: 'seen' }), 1)).toEqual([0]);
  });
});

describe('withRowHistories', () => {
  const events = Array.from({ length: 60 }, (_, e) => ({
    user: e % 3,
    item: 1 + (e % 5),
    time: Math.floor(e / 2),
    request: 0,
  }));
  const checked = (split: RowSplit, name: string) => leakageReport(split).checks.find((check) => check.name === name);
  const verdict = (split: RowSplit, name: string) => checked(split, name)?.verdict;

  it('takes events of every part where parts follow each other in time, else of training alone', () => {
    const byTime = withRowHistories(rowsByTime(world(events)), { maxEvents: 4 });
    expect(byTime.histories).toEqual({ maxEvents: 4, sameTime: 'hidden', from: 'all' });
    expect(byTime.step.detail).toContain(
      'Rankers read the newest 4 events of the user strictly earlier than the row, whatever part they are in: labels of ' +
        'rows that are tested on are inputs of later rows.',
    );
    expect(byTime.step.params).toMatchObject({ ...byTime.histories });
    expect(leakageReport(byTime).leaks).toBe(false);
    expect(verdict(byTime, 'test-labels-in-histories')).toBe('note');
    const random = withRowHistories(randomSplit(world(events)), { maxEvents: 4 });
    expect(random.histories?.from).toBe('training');
    expect(random.step.detail).toContain('those of the training part alone.');
    expect(leakageReport(random).leaks).toBe(false);
    expect(checked(random, 'test-labels-in-histories')).toMatchObject({ value: 0, verdict: 'ok' });
    const training = trainingEvents(withoutHistories(random.train));
    for (const set of [random.train, random.validation!, random.test]) {
      for (let e = 0; e < set.targets.length; e++) {
        expect(historyOf(set, e).every((event) => training[event] === 1)).toBe(true);
      }
    }
    const all = withRowHistories(randomSplit(world(events)), { maxEvents: 4, from: 'all', sameTime: 'seen' });
    expect(verdict(all, 'test-targets-in-training')).toBe('leak');
    expect(verdict(all, 'histories-not-earlier')).toBe('ok');
    const tested = new Set(all.test.targets);
    const reading = [...all.test.targets.keys()].filter((e) => historyOf(all.test, e).some((at) => tested.has(at)));
    expect(checked(all, 'test-labels-in-histories')?.value).toBe(reading.length);
    expect(all.step.detail).toContain('before the row in the order of the data, those of its time among them');
  });

  it('a history that holds its own row, or one of the same time, is a leak', () => {
    for (const sameTime of ['hidden', 'seen'] as const) {
      const split = withRowHistories(rowsByTime(world(events)), { maxEvents: 3, sameTime });
      expect(verdict(split, 'histories-not-earlier')).toBe('ok');
      const { test } = split;
      // One event later, as if the row's own event were known.
      const late = { ...test, events: { ...test.events!, offsets: test.events!.offsets.map((at) => at + 1) } };
      expect(verdict({ ...split, test: late }, 'histories-not-earlier')).toBe('leak');
    }
  });

  it('cuts histories that a split has made', () => {
    const split = rowsByTime(world(events), {
      examples: 'impressions',
    });
    const cut = withRowHistories(split, { maxEvents: 2 });
    for (let e = 0; e < split.test.targets.length; e++) {
      expect(historyOf(cut.test, e)).toEqual(historyOf(split.test, e).slice(-2));
    }
    expect(countExamples(cut.test).historyEvents).toBeGreaterThan(0);
    expect(cut.step.detail).toContain('Rankers read the newest 2 events of a history.');
    expect(() => withRowHistories(split, { maxEvents: 2, sameTime: 'seen' })).toThrow(
      'withRowHistories: expected sameTime hidden and from all, as the split makes the histories of impressions; got ' +
        'seen and all; split into points (--data.split.examples points)',
    );
    expect(() => withRowHistories(split, { maxEvents: 2, from: 'training' })).toThrow('got hidden and training');
  });
});
