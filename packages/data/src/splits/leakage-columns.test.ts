import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Column,
  checkFeatureColumns,
  declareAfter,
  type Interactions,
  idMap,
  interactionsFromArrays,
  leakageReport,
  leaveLastOut,
  randomSplit,
  type Split,
  whyNoFeature,
} from '../index.ts';
import { areaUnderCurve } from './auc.ts';

describe('areaUnderCurve', () => {
  it('is the share of pairs that stand rightly, ties half', () => {
    const scores = fc.array(fc.oneof(fc.integer({ min: -3, max: 3 }), fc.constant(Number.NEGATIVE_INFINITY)), {
      minLength: 1,
      maxLength: 20,
    });
    fc.assert(
      fc.property(scores, scores, (positives, negatives) => {
        const pairs = positives.flatMap((p) => negatives.map((n) => (p > n ? 1 : p === n ? 0.5 : 0)));
        const expected = pairs.reduce<number>((a, b) => a + b, 0) / pairs.length;
        expect(areaUnderCurve(Float64Array.from(positives), Float64Array.from(negatives))).toBeCloseTo(expected, 12);
      }),
    );
  });
});

const size = 400;
const clicked = Array.from({ length: size }, (_, k) => ((k * 7919) % 13 < 4 ? 1 : 0));
const number = (value: (k: number) => number): Column => ({
  kind: 'number',
  width: 1,
  values: Float32Array.from({ length: size }, (_, k) => value(k)),
});
const id = (value: (k: number) => number): Column => {
  const values = Int32Array.from({ length: size }, (_, k) => value(k));
  return {
    kind: 'id',
    values,
    ids: idMap(
      Array.from({ length: Math.max(...values) }, (_, n) => `v${n}`),
      1,
    ),
  };
};

function data(columns: Record<string, Column>, more: { readonly action?: string } = {}): Interactions {
  return interactionsFromArrays({
    name: 'data',
    users: Array.from({ length: size }, (_, k) => k % 20),
    items: Array.from({ length: size }, (_, k) => k % 9),
    timestamps: Array.from({ length: size }, (_, k) => (k * 31) % 97),
    columns: { click: number((k) => clicked[k]), ...columns },
    labels: ['click'],
    ...more,
  });
}

const found = (split: Split) => leakageReport(split).checks.filter(({ name }) => name === 'column-predicts-label');
const warned = (columns: Record<string, Column>, more = {}) =>
  found(randomSplit(data(columns, more)))
    .filter(({ verdict }) => verdict === 'warning')
    .map(({ text }) => /^the column (\S+) of (\S+)/.exec(text)?.slice(1).join(' '));

describe('a column that tells the label', () => {
  it('is told: larger or smaller numbers, times, missing values, ids', () => {
    const noise = (k: number) => ((k * 104_729) % 1009) / 1009;
    expect(
      warned({
        // Of both signs, so that what is missing must be below all of them.
        dwell: number((k) => (clicked[k] ? noise(k) - 0.5 : Number.NaN)),
        skipped: number((k) => 2 * (1 - clicked[k]) + noise(k)),
        where: id((k) => 1 + 2 * (k % 5) + clicked[k]),
        seen: { kind: 'time', values: Float64Array.from(clicked, (c, k) => (c ? 1e9 + k : Number.NaN)) },
      }),
    ).toEqual(['dwell events', 'skipped events', 'where events', 'seen events']);
  });

  it('and what tells little, is the row itself, or is a vector, is not', () => {
    const noise = (k: number) => ((k * 104_729) % 1009) / 1009;
    expect(
      warned({
        // Ids of one row each, which would know the label if the row counted; and of no meaning.
        row: id((k) => k + 1),
        place: id((k) => 1 + (k % 7)),
        price: number(noise),
        // 0.75 and 0.25 of the label: far from .99.
        half: number((k) => (k % 4 === 0 ? 1 - clicked[k] : clicked[k])),
        pair: { kind: 'number', width: 2, values: Float32Array.from({ length: 2 * size }, (_, k) => clicked[k >> 1]) },
        constant: number(() => 1),
        one: id(() => 1),
      }),
    ).toEqual([]);
    expect(found(randomSplit(data({})))).toEqual([
      {
        name: 'column-predicts-label',
        value: 0,
        share: 0,
        verdict: 'ok',
        text: '0 columns alone predict click almost perfectly (AUC 0.99 or more).',
      },
    ]);
    expect(
      found(leaveLastOut({ ...data({}), roles: { user: 'user', item: 'item', time: 'time', labels: [] } })),
    ).toEqual([]);
  });

  it('is not told again where it is known to be no feature', () => {
    const copy = () => number((k) => clicked[k]);
    expect(warned({ copy: copy() })).toEqual(['copy events']);
    expect(warned({ copy: copy() }, { action: 'copy' })).toEqual([]);
    expect(found(randomSplit(declareAfter(data({ copy: copy() }), ['copy'])))[0].verdict).toBe('ok');
  });

  it('is no place in the file', () => {
    const ofRows = (timestamps?: number[]) => {
      const click = { kind: 'number', width: 1, values: Float32Array.from({ length: 90 }, (_, k) => (k < 45 ? 1 : 0)) };
      const same = Array.from({ length: 90 }, () => 'one');
      const columns = { click: click as Column };
      const source = { name: 'sorted', users: same, items: same, columns, labels: ['click'] };
      const split = randomSplit(interactionsFromArrays({ ...source, timestamps }), { validationShare: 0 });
      expect(leakageReport(split).checks.some(({ name }) => name === 'test-users-in-training')).toBe(false);
      return found(split)[0].verdict;
    };
    expect([ofRows(), ofRows(Array.from({ length: 90 }, (_, k) => k))]).toEqual(['ok', 'warning']);
  });

  it('is judged by what trains, never by what is tested', () => {
    const split = randomSplit(data({}), { testShare: 0.3 });
    const tested = new Set([...split.test.targets, ...(split.validation?.targets ?? [])]);
    const click = split.interactions.events.columns.get('click')?.values as Float32Array;
    // Tells the label of training rows alone, and the opposite of the others.
    const values = click.map((value, e) => (tested.has(e) ? 1 - value : value));
    const columns = new Map(split.interactions.events.columns).set('trap', { kind: 'number', width: 1, values });
    const interactions = { ...split.interactions, events: { ...split.interactions.events, columns } };
    const checks = found({ ...split, interactions });
    expect(checks).toMatchObject([{ verdict: 'warning', share: 1 }]);
    expect(checks[0].text).toBe(
      'the column trap of events alone predicts click with an AUC of 1.0000 on 240 training rows: it is made from the ' +
        'label or known only after the event, most likely; declare it (after, --data.after) or leave it out.',
    );
    expect(leakageReport({ ...split, interactions }).leaks).toBe(false);
  });

  it('is looked for in columns of users and items as well, and in splits of sequences', () => {
    const i = data({});
    // Users of even numbers click, others do not.
    const click = i.events.columns.get('click')?.values as Float32Array;
    for (let u = 0; u < i.numUsers; u++) click.fill(u % 2, i.userOffsets[u], i.userOffsets[u + 1]);
    const table = (column: Column, rows: number) => ({ rows, columns: new Map([['rate', column]]) });
    const parity = Float32Array.from({ length: i.numUsers }, (_, u) => 5 - (u % 2));
    const told = { ...i, userTable: table({ kind: 'number', width: 1, values: parity }, i.numUsers) };
    expect(found(leaveLastOut(told))[0].text).toMatch(/^the column rate of users .* most likely; leave it out\.$/);
    for (let e = 0; e < i.numEvents; e++) click[e] = i.itemIds[e] === 3 ? 1 : 0;
    const ofItems = Float32Array.from({ length: i.numItems }, (_, row) => (row === 2 ? 1 : 0));
    const items = { ...i, itemTable: table({ kind: 'number', width: 1, values: ofItems }, i.numItems) };
    expect(found(leaveLastOut(items)).map(({ text }) => text)).toContainEqual(
      expect.stringMatching(/^the column rate of items alone/),
    );
  });

  it('says nothing of a label with hardly a positive', () => {
    const few = (positives: number) => {
      const i = data({});
      const click = i.events.columns.get('click')?.values as Float32Array;
      click.fill(0);
      click.fill(1, 0, positives);
      const copy = { kind: 'number', width: 1, values: click.slice() } as const;
      const columns = new Map(i.events.columns).set('copy', copy);
      const split = leaveLastOut({ ...i, events: { ...i.events, columns } });
      return found(split)[0].verdict;
    };
    // Two events of each user are no training event: 18 of 20 train.
    expect([few(21), few(22), few(23)]).toEqual(['ok', 'warning', 'warning']);
  });
});

describe('checkFeatureColumns', () => {
  const roles = {
    ...{ user: 'user', item: 'item', time: 'time', action: 'kind', request: 'page', part: 'part' },
    ...{ labels: ['click', 'buy'], after: ['dwell'] },
  };

  it('refuses labels, the action, what is declared and the part, with the reason', () => {
    expect(() => checkFeatureColumns(roles, ['price', 'page', 'time', 'item'])).not.toThrow();
    expect(() => checkFeatureColumns(roles, ['price', 'buy'])).toThrow(
      'checkFeatureColumns: expected features that are known before the event; got the column buy, which is the label, ' +
        'which is what is to be predicted; leave it out (no features here: click, buy, kind, dwell, part), or use it in the history alone',
    );
    expect(whyNoFeature(roles, 'kind')).toBe('the action, what the user did at the event');
    expect(whyNoFeature(roles, 'dwell')).toBe('declared to be known only after the event');
    expect(whyNoFeature(roles, 'part')).toBe('the part of the split that the row is in');
    for (const name of ['kind', 'dwell', 'part']) {
      expect(() => checkFeatureColumns(roles, [name], 'features')).toThrow(`features: expected features that are`);
    }
    expect(() => checkFeatureColumns({ user: 'u', item: 'i', labels: ['a'] }, ['a'])).toThrow('here: a), or');
    expect(() => checkFeatureColumns({ ...roles, rating: 'stars' }, ['stars'])).toThrow(
      'the column stars, which is the rating, which the user gave at the event; leave it out (no features here: click, buy, kind, stars,',
    );
  });
});

describe('declareAfter', () => {
  it('keeps the data and names the columns', () => {
    const i = data({ dwell: number((k) => k), scroll: number((k) => -k) });
    const declared = declareAfter(declareAfter(i, ['dwell']), ['scroll', 'dwell']);
    expect(declared.roles).toEqual({ ...i.roles, after: ['dwell', 'scroll'] });
    expect(declared.digest).not.toBe(i.digest);
    expect([declared.itemIds, declared.timestamps, declared.events]).toEqual([i.itemIds, i.timestamps, i.events]);
    expect(() => declareAfter(i, ['dwel'])).toThrow(
      'declareAfter: expected a column of the events; got "dwel" of item, time, click, dwell, scroll',
    );
  });
});
