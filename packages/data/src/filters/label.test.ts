import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  checkFeatureColumns,
  checkTrainingLabels,
  type Interactions,
  interactionsFromArrays,
  kCore,
  type LabelOptions,
  labelFromColumn,
  labelOf,
  leakageReport,
  positiveEvents,
  randomSplit,
  rolesOf,
  takeExamples,
  whyNoFeature,
} from '../index.ts';

interface Row {
  readonly user: number;
  readonly item: number;
  readonly stars: number | null;
  readonly place: string;
}

/** Rows of a user in the order of their times, users ascending: as the events stand in the store. */
function world(rows: readonly Row[], more: { readonly labels?: string[]; readonly action?: string } = {}) {
  return interactionsFromArrays({
    name: 'world',
    users: rows.map(({ user }) => user),
    items: rows.map(({ item }) => item),
    timestamps: rows.map((_, time) => time),
    catalogue: Array.from({ length: 6 }, (_, item) => ({ item })),
    columns: {
      stars: { kind: 'number', values: rows.map(({ stars }) => stars) },
      place: { kind: 'id', values: rows.map(({ place }) => place) },
    },
    ...more,
  });
}

const rowOf = fc.record({
  user: fc.nat(3),
  item: fc.nat(5),
  // Halves, and few of them, so that many are on a bound.
  stars: fc.option(
    fc.integer({ min: -2, max: 10 }).map((n) => n / 2),
    { nil: null, freq: 4 },
  ),
  place: fc.constantFrom('a', 'b'),
});
const some = fc.array(rowOf, { minLength: 1, maxLength: 30 }).map((rows) => rows.toSorted((a, b) => a.user - b.user));
const bounds = fc.tuple(fc.integer({ min: -1, max: 9 }), fc.integer({ min: -1, max: 9 })).map((pair) => {
  const [low, high] = pair.toSorted((a, b) => a - b);
  return { column: 'stars', positiveAbove: high / 2, negativeBelow: low / 2 };
});
const numbers = (i: Interactions, name: string): number[] => {
  const column = i.events.columns.get(name);
  return column?.kind === 'number' ? [...column.values] : [];
};
const places = (i: Interactions): string[] => {
  const column = i.events.columns.get('place');
  return column?.kind === 'id' ? Array.from(column.values, (id) => column.ids.external(id)) : [];
};

describe('labelFromColumn', () => {
  it('keeps, labels and counts the rows that a plain loop does', () => {
    fc.assert(
      fc.property(some, bounds, (rows, options) => {
        const expected: (Row & { readonly label: number })[] = [];
        const counts = { positives: 0, negatives: 0, between: 0, missing: 0 };
        for (const row of rows) {
          if (row.stars === null) counts.missing++;
          else if (row.stars > options.positiveAbove) expected.push({ ...row, label: 1 });
          else if (row.stars < options.negativeBelow) expected.push({ ...row, label: 0 });
          else counts.between++;
        }
        counts.positives = expected.filter(({ label }) => label === 1).length;
        counts.negatives = expected.length - counts.positives;
        if (expected.length === 0) {
          expect(() => labelFromColumn(world(rows), options)).toThrow('label: expected some events to stay');
          return;
        }
        const made = labelFromColumn(world(rows), options);
        expect(numbers(made, 'label')).toEqual(expected.map(({ label }) => label));
        expect(numbers(made, 'stars')).toEqual(expected.map(({ stars }) => stars));
        expect(places(made)).toEqual(expected.map(({ place }) => place));
        expect(Array.from(made.itemIds, (item) => Number(made.items.external(item)))).toEqual(
          expected.map(({ item }) => item),
        );
        expect(made.users.toJSON().external.map(Number)).toEqual([...new Set(expected.map(({ user }) => user))]);
        expect(made.numItems).toBe(6);
        expect(made.steps.at(-1)?.counts).toMatchObject({ ...counts, droppedEvents: counts.between + counts.missing });
        expect([...positiveEvents(labelOf(made))]).toEqual(expected.map(({ label }) => label));
      }),
      { numRuns: 200 },
    );
  });

  const rows = [5, 3, null, 1, 2, 4].map((stars, k) => ({ user: 0, item: k, stars, place: 'a' }));
  const threes = { column: 'stars', positiveAbove: 3, negativeBelow: 3 };

  it('says what it did', () => {
    expect(labelFromColumn(world(rows), { ...threes, name: 'liked' }).steps.at(-1)).toEqual({
      name: 'label',
      detail:
        'Made the label liked of stars: 1 above 3 (2 rows), 0 below 3 (2 rows); left out 1 rows between and 1 without a ' +
        'value: 2 events, 0 users and 0 items were dropped.',
      params: { column: 'stars', positiveAbove: 3, negativeBelow: 3, label: 'liked' },
      counts: {
        ...{ events: 4, droppedEvents: 2, droppedUsers: 0, droppedItems: 0 },
        ...{ positives: 2, negatives: 2, between: 1, missing: 1 },
      },
    });
  });

  it('keeps everything where every row is on one side, and the digest knows that there is a label', () => {
    const all = world(rows.filter(({ stars }) => stars !== null));
    const made = labelFromColumn(all, { column: 'stars', positiveAbove: 2.5, negativeBelow: 2.5 });
    expect([made.numEvents, numbers(made, 'label')]).toEqual([5, [1, 1, 0, 0, 1]]);
    expect(made.digest).not.toBe(all.digest);
    const other = labelFromColumn(all, { column: 'stars', positiveAbove: 2.5, negativeBelow: 2.5, name: 'other' });
    expect(other.digest).not.toBe(made.digest);
  });

  it('takes a number for what the file says, though it is kept as a float', () => {
    const tenths = world([3.3, 3.4, 3.2].map((stars, item) => ({ user: 0, item, stars, place: 'a' })));
    const made = labelFromColumn(tenths, { column: 'stars', positiveAbove: 3.3, negativeBelow: 3.3 });
    expect(numbers(made, 'label')).toEqual([1, 0]);
    expect(made.steps.at(-1)?.counts).toMatchObject({ between: 1 });
  });

  it('is the first label, before those that there are, and stays through filters', () => {
    const twice = [...rows, ...rows].map((row, k) => ({ ...row, user: k % 2 }));
    const made = labelFromColumn(world(twice, { labels: ['stars'] }), threes);
    expect(made.roles.labels).toEqual(['label', 'stars']);
    expect(labelOf(made).name).toBe('label');
    const core = kCore(made, { users: 2, items: 1 });
    expect([core.roles, numbers(core, 'label')]).toEqual([made.roles, numbers(made, 'label')]);
    const again = labelFromColumn(made, { ...threes, positiveAbove: 4, negativeBelow: 2, name: 'strong' });
    expect([again.roles.labels, again.roles.labelSources]).toEqual([['strong', 'label', 'stars'], ['stars']]);
    expect(numbers(again, 'strong')).toEqual(numbers(again, 'stars').map((stars) => (stars > 4 ? 1 : 0)));
  });

  it('makes its column and that of the label no features, alone or in a cross, also where it is the action', () => {
    for (const action of [undefined, 'stars']) {
      const made = labelFromColumn(world(rows, action === undefined ? {} : { action }), threes);
      expect(rolesOf(made.roles, 'events', 'stars')).toContain('label source');
      expect(whyNoFeature(made.roles, 'stars')).toBe('what the label is made from');
      expect(whyNoFeature(made.roles, 'label')).toBe('the label, which is what is to be predicted');
      expect(() => checkFeatureColumns(made.roles, ['place', 'stars'])).toThrow(
        'checkFeatureColumns: expected features that are known before the event; got the column stars, which is what the ' +
          'label is made from; leave it out (no features here: label, stars), or use it in the history alone',
      );
      expect(() => checkFeatureColumns(made.roles, ['place'])).not.toThrow();
    }
  });

  it('warns of a copy of its column, and not of the column', () => {
    const many = Array.from({ length: 200 }, (_, k) => ({
      ...{ user: k % 4, item: k % 6, stars: 1 + ((k * 7) % 5), place: 'a' },
    }));
    const plain = world(many);
    const column = plain.events.columns.get('stars');
    if (column?.kind !== 'number') return expect.unreachable();
    const columns = new Map(plain.events.columns).set('copy', { ...column, values: column.values.slice() });
    const made = labelFromColumn({ ...plain, events: { ...plain.events, columns } }, threes);
    const warnings = leakageReport(randomSplit(made)).checks.filter(({ verdict }) => verdict === 'warning');
    expect(warnings.map(({ text }) => text.slice(0, 32))).toEqual(['the column copy of events alone ']);
  });

  it.each<[Partial<LabelOptions>, string]>([
    [{ column: 'star' }, 'expected a column of the events of world; got "star"; did you mean stars?'],
    [{ column: 'dwell' }, 'expected a column of the events of world; got "dwell"; there are item, time, stars, place'],
    [
      { column: 'place' },
      'expected one number a row in place; got a column of id; read it as a number (--data.columns',
    ],
    [{ positiveAbove: 2 }, 'expected negativeBelow of at most positiveAbove, 2; got 3; a row cannot be positive and'],
    [{ positiveAbove: Number.POSITIVE_INFINITY }, 'expected a finite positiveAbove; got Infinity'],
    [{ negativeBelow: Number.NaN }, 'expected a finite negativeBelow; got NaN'],
    [{ name: 'place' }, 'expected a name that no column of the events has; got place; choose another one'],
    [{ name: 'user' }, 'expected a name that no column of the events has; got user'],
  ])('refuses %j', (changes, message) => {
    expect(() => labelFromColumn(world(rows), { ...threes, ...changes })).toThrow(`labelFromColumn: ${message}`);
  });
});

describe('checkTrainingLabels', () => {
  const rows = Array.from({ length: 20 }, (_, k) => ({
    user: k % 2,
    item: k % 6,
    stars: k < 4 ? null : k,
    place: 'a',
  }));
  const split = randomSplit(world(rows, { labels: ['stars'] }));
  const stars = split.interactions.events.columns.get('stars')?.values as Float32Array;
  const trainOn = (keep: (value: number) => boolean) => {
    const events = Int32Array.from(stars.keys()).filter((e) => keep(stars[e]));
    // Of points the example of an event is the event.
    const all = randomSplit(split.interactions, { testShare: 0.05, validationShare: 0.05 });
    const every = { ...all.train, targets: Int32Array.from(stars.keys()), starts: Int32Array.from(stars.keys()) };
    return takeExamples({ ...every, users: new Int32Array(stars.length) }, events);
  };

  it('takes a label of two values, whatever they are and whatever is missing', () => {
    expect(() => checkTrainingLabels(split.train)).not.toThrow();
    expect(() => checkTrainingLabels(trainOn((value) => value === 7 || value === 8))).not.toThrow();
    expect(() => checkTrainingLabels(trainOn((value) => !(value > 5)))).not.toThrow();
  });

  it('looks at the labels that are given', () => {
    const one = trainOn((value) => !(value > 4));
    const whole = stars.map((value) => (Number.isNaN(value) ? 0 : value));
    expect(() => checkTrainingLabels(one, [])).not.toThrow();
    expect(() => checkTrainingLabels(one, [{ name: 'stars', values: whole }])).not.toThrow();
    expect(() => checkTrainingLabels(one, [{ name: 'stars', values: stars }])).toThrow(
      'expected the label stars to differ',
    );
  });

  it('refuses one value, with rows that have none or not, and none', () => {
    expect(() => checkTrainingLabels(trainOn((value) => !(value > 4)))).toThrow(
      'checkTrainingLabels: expected the label stars to differ among the training rows; got 4 in all of the 5 training rows of world; ' +
        'set other bounds (--data.label.positiveAbove, --data.label.negativeBelow), or split in another way (--data.split)',
    );
    expect(() => checkTrainingLabels(trainOn(Number.isNaN))).toThrow('got no value in any of the 4 training rows');
  });

  it('is a warning of the report of a split of rows alone', () => {
    const constant = { ...split, train: trainOn((value) => value === 6) };
    const found = (of: typeof split) => leakageReport(of).checks.filter(({ name }) => name === 'constant-label');
    expect(found(constant)).toMatchObject([
      {
        verdict: 'warning',
        text: 'the label stars is 6 in all 1 training rows: nothing can be learned of it.',
      },
    ]);
    expect(found({ ...split, train: trainOn(Number.isNaN) })[0].text).toContain('is missing in all 4 training rows');
    expect(found(split)).toEqual([]);
    expect(found({ ...constant, examples: undefined } as never)).toEqual([]);
  });
});
