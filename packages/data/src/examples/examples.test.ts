import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  countExamples,
  type ExampleSet,
  type Interactions,
  idMap,
  impressionExamples,
  interactionsFromArrays,
  makeBatch,
  pointExamples,
  takeExamples,
} from '../index.ts';

interface Row {
  readonly user: number;
  readonly item: number;
  readonly time: number;
  /** 0: none. */
  readonly request: number;
  readonly click: number;
}

function shown(rows: readonly Row[], labels: readonly string[] = ['click']): Interactions {
  return interactionsFromArrays({
    name: 'shown',
    users: rows.map(({ user }) => user),
    items: rows.map(({ item }) => item),
    timestamps: rows.map(({ time }) => time),
    columns: {
      click: { kind: 'number', width: 1, values: Float32Array.from(rows, ({ click }) => click) },
      request: {
        kind: 'id',
        values: Int32Array.from(rows, ({ request }) => request),
        ids: idMap(['1', '2', '3', '4'], 1),
      },
    },
    request: 'request',
    labels,
  });
}

/** Few users, times and requests, so that everything repeats; a request may lie across times and users. */
const worlds = fc.array(
  fc.record({
    user: fc.nat(2),
    item: fc.nat(4),
    time: fc.nat(5),
    request: fc.nat(4),
    click: fc.constantFrom(0, 1, 1, -1, Number.NaN),
  }),
  { minLength: 1, maxLength: 24 },
);

const column = (i: Interactions, name: string): ArrayLike<number> => {
  const found = i.events.columns.get(name);
  if (found === undefined || found.kind === 'text') throw new Error(name);
  return found.values;
};
const userOf = (i: Interactions, event: number): number => i.userOffsets.findIndex((offset) => offset > event) - 1;
const historyOf = (set: ExampleSet, e: number): number[] => {
  const length = set.targets[e] - set.starts[e];
  if (set.events === undefined) return Array.from({ length }, (_, k) => set.starts[e] + k);
  return [...set.events.indices.subarray(set.events.offsets[e], set.events.offsets[e] + length)];
};

/** The history of an event by the definition: a loop over all events, for each all rows of its request. */
function byHand(i: Interactions, target: number, counts: (event: number) => boolean): number[] {
  const [requests, events] = [column(i, 'request'), Array.from({ length: i.numEvents }, (_, e) => e)];
  const together = events.filter((e) => e === target || (requests[e] !== 0 && requests[e] === requests[target]));
  const time = Math.min(...together.map((e) => i.timestamps[e]));
  return events.filter((e) => userOf(i, e) === userOf(i, target) && i.timestamps[e] < time && counts(e));
}

describe('impressionExamples', () => {
  it('gives each row the positives of its user strictly before its request, as a plain loop finds them', () => {
    fc.assert(
      fc.property(worlds, fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined }), (rows, maxHistory) => {
        const i = shown(rows);
        const clicks = column(i, 'click');
        const set = impressionExamples(i, { maxHistory });
        expect([...set.targets]).toEqual(rows.map((_, e) => e));
        for (let e = 0; e < rows.length; e++) {
          const expected = byHand(i, e, (event) => clicks[event] > 0).slice(-(maxHistory ?? rows.length));
          expect(historyOf(set, e)).toEqual(expected);
          expect(set.users[e]).toBe(userOf(i, e));
          expect(set.starts[e]).toBeGreaterThanOrEqual(i.userOffsets[set.users[e]]);
          // No row of the own request, by whatever way.
          const own = column(i, 'request')[e];
          if (own !== 0) for (const event of historyOf(set, e)) expect(column(i, 'request')[event]).not.toBe(own);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('counts every row without labels, or as told', () => {
    fc.assert(
      fc.property(worlds, fc.array(fc.nat(1), { minLength: 24, maxLength: 24 }), (rows, chosen) => {
        const i = shown(rows, []);
        const counting = Uint8Array.from(chosen.slice(0, rows.length));
        const [all, told] = [impressionExamples(i), impressionExamples(i, { history: counting })];
        for (let e = 0; e < rows.length; e++) {
          expect(historyOf(all, e)).toEqual(byHand(i, e, () => true));
          expect(historyOf(told, e)).toEqual(byHand(i, e, (event) => counting[event] === 1));
        }
        expect(impressionExamples(shown(rows), { history: 'all' }).events?.indices.length).toBe(rows.length);
      }),
    );
  });

  it('is batched, with empty histories among them', () => {
    const at = (time: number, request: number, item: number, click: number) => ({
      user: 1,
      item,
      time,
      request,
      click,
    });
    const i = shown([at(1, 1, 1, 0), at(1, 1, 2, 1), at(5, 2, 3, 1), at(5, 2, 1, 0), at(9, 3, 4, 0)]);
    const set = impressionExamples(i, { name: 'test' });
    expect(set.name).toBe('test');
    const batch = makeBatch(set, [4, 0, 3]);
    expect([...batch.offsets]).toEqual([0, 2, 2, 3]);
    expect([...batch.itemIds]).toEqual([2, 3, 2]);
    expect([...batch.targets]).toEqual([3, 4, 1]);
    const taken = takeExamples(set, Int32Array.of(3, 4), 'validation');
    expect([taken.name, historyOf(taken, 0), historyOf(taken, 1)]).toEqual(['validation', [1], [1, 2]]);
    expect(taken.events?.indices).toBe(set.events?.indices);
    expect([...makeBatch(taken, [1]).itemIds]).toEqual([2, 3]);
  });

  it('says what it needs', () => {
    const i = shown([{ user: 1, item: 1, time: 1, request: 1, click: 1 }]);
    expect(() => impressionExamples(i, { maxHistory: 0 })).toThrow(
      'impressionExamples: expected maxHistory of 1 or more; got 0',
    );
    expect(() => impressionExamples(i, { maxHistory: 1.5 })).toThrow('got 1.5');
    expect(() => impressionExamples(i, { label: 'clicks' })).toThrow(
      'impressionExamples: expected a label of shown, of click; got clicks; say which columns are labels (--data.labels)',
    );
    expect(() => impressionExamples(i, { history: new Uint8Array(2) })).toThrow(
      'impressionExamples: expected history positive, all or 1 entries, one an event; got 2 entries',
    );
    const untimed = interactionsFromArrays({ name: 'untimed', users: [1], items: [1] });
    expect(() => impressionExamples(untimed)).toThrow(
      'impressionExamples: expected times, as histories end at a request; got none in untimed; name the column of the ' +
        'times (--data.columns.time), or take examples without a history (pointExamples)',
    );
    const column = { kind: 'time', values: Float64Array.of(1) } as const;
    const source = { name: 'x', users: [1], items: [1], timestamps: [1], columns: { when: column } };
    expect(() => impressionExamples(interactionsFromArrays({ ...source, labels: ['when'] }))).toThrow(
      'impressionExamples: expected the label when to be one number a row; got one of time; read it as a number ' +
        '(--data.columns.when number)',
    );
    expect(() => impressionExamples(interactionsFromArrays({ ...source, request: 'when' }))).toThrow(
      'impressionExamples: expected ids in the role request; got a column of time; read it as ids ' +
        '(--data.columns.when id)',
    );
  });
});

describe('pointExamples', () => {
  it('are the events, each with its user and no history', () => {
    fc.assert(
      fc.property(worlds, (rows) => {
        const i = shown(rows);
        const set = pointExamples(i, 'validation');
        expect(set.name).toBe('validation');
        expect([...set.targets]).toEqual(rows.map((_, e) => e));
        expect([...set.users]).toEqual(rows.map((_, e) => userOf(i, e)));
        expect(rows.flatMap((_, e) => historyOf(set, e))).toEqual([]);
        const batch = makeBatch(set, [...set.targets]);
        expect([...batch.offsets]).toEqual(new Array(rows.length + 1).fill(0));
      }),
    );
  });
});

describe('countExamples', () => {
  it('counts rows, requests, positives and histories as a loop does', () => {
    fc.assert(
      fc.property(worlds, fc.array(fc.nat(23)), (rows, chosen) => {
        const i = shown(rows);
        const [clicks, requests] = [column(i, 'click'), column(i, 'request')];
        const examples = [...new Set(chosen.map((e) => e % rows.length))];
        const set = takeExamples(impressionExamples(i), Int32Array.from(examples));
        const histories = examples.map((e) => byHand(i, e, (event) => clicks[event] > 0).length);
        expect(countExamples(set)).toEqual({
          examples: examples.length,
          requests: new Set(examples.map((e) => (requests[e] === 0 ? `row ${e}` : requests[e]))).size,
          positives: examples.filter((e) => clicks[e] > 0).length,
          users: new Set(examples.map((e) => userOf(i, e))).size,
          items: new Set(examples.map((e) => i.itemIds[e])).size,
          withoutHistory: histories.filter((length) => length === 0).length,
          historyEvents: histories.reduce((a, b) => a + b, 0),
        });
      }),
    );
    const plain = interactionsFromArrays({ name: 'plain', users: [1, 1], items: [1, 2] });
    expect(countExamples(pointExamples(plain))).toMatchObject({ examples: 2, requests: 0, positives: 0 });
  });
});
