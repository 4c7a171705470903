import {
  drawColdItems,
  globalTime,
  interactionsFromArrays,
  leaveLastOut,
  pointExamples,
  withSampledNegatives,
} from '@seqrec/data';
import { metricsUnder } from '@seqrec/models';
import { describe, expect, it } from 'vitest';
import type { EvaluationContext } from './evaluate-set.ts';
import { queryParts, rankSegments } from './rank-segments.ts';
import { segmentations } from './segmentations.ts';

const DAY = 24 * 60 * 60;
const USERS = 300;
/** Item of each event of a user: the last is one of 10, of which the last three never train. */
const itemOf = (user: number, event: number): number => (event < 3 ? 1 + ((user + event) % 7) : 1 + (user % 10));
const interactions = interactionsFromArrays({
  name: 'days',
  users: Array.from({ length: USERS * 4 }, (_, e) => Math.floor(e / 4)),
  items: Array.from({ length: USERS * 4 }, (_, e) => itemOf(Math.floor(e / 4), e % 4)),
  timestamps: Array.from({ length: USERS * 4 }, (_, e) =>
    e % 4 < 3 ? e % 4 : 10 * DAY + (Math.floor(e / 4) % 14) * DAY,
  ),
  columns: {
    shown: { kind: 'id', values: Array.from({ length: USERS * 4 }, (_, e) => (e % 8 < 4 ? 'left' : null)) },
    share: { kind: 'number', values: Array.from({ length: USERS * 4 }, (_, e) => (6 + (Math.floor(e / 4) % 3)) / 10) },
  },
});
const { train, test } = leaveLastOut(interactions);
const queries = Array.from(test.targets.keys());
const evaluation = {
  ranks: Float64Array.from(queries, (q) => 1 + (q % 13)),
  tied: new Int32Array(queries.length),
  ties: 'expected' as const,
  users: test.users,
  targets: test.targets,
};

const tablesOf = (...configs: Parameters<typeof segmentations>[0]) =>
  rankSegments(segmentations(configs, { train, set: test, counted: 'events' }), evaluation, [5, 10]);

describe('rankSegments', () => {
  it('tells queries apart by days since the first, and gives the metrics of each part', () => {
    const [{ column, parts }] = tablesOf({ days: 7 });
    expect(column).toBe('days');
    expect(parts.map(({ segment }) => segment)).toEqual(['1-7', '8-14']);
    for (const [half, { rows, metrics }] of parts.entries()) {
      const own = queries.filter((q) => Math.floor((test.users[q] % 14) / 7) === half);
      expect(rows).toBe(own.length);
      const at = (values: ArrayLike<number>) => own.map((q) => values[q]);
      const { ranks, tied } = evaluation;
      expect(metrics).toEqual(metricsUnder({ ranks: at(ranks), tied: at(tied), ties: 'expected' }, [5, 10]));
    }
  });

  it('counts days from the first query, also where queries lie before the targets', () => {
    const days = [0, 1, 10, 20, 25];
    const events = Array.from({ length: 5 * days.length }, (_, e) => ({ user: e % 5, day: days[Math.floor(e / 5)] }));
    const world = interactionsFromArrays({
      ...{ name: 'cut', users: events.map(({ user }) => user), items: events.map(({ day }) => 1 + day) },
      timestamps: events.map(({ day }) => day * DAY),
    });
    const split = globalTime(world, { testTime: 5 * DAY, targets: 'last' });
    const partsOf = (positions: 'all' | 'last') => {
      const context = { data: { split }, options: { segments: [{ days: 7 }], positions, ks: [5] }, window: 8 };
      const [{ partOf }] = queryParts(split.test, context as unknown as EvaluationContext);
      return [2, 1, 0].map((back) => partOf(split.test.users[0], split.test.targets[0] - back));
    };
    expect(partsOf('all')).toEqual(['1-7', '8-14', '15-21']);
    expect(partsOf('last')[2]).toBe('1-7');
  });

  it('counts the training events of the item to predict, and those of the user', () => {
    const [items, users] = tablesOf(
      { trainingRows: 'items', bounds: [1, 80], label: 'any' },
      { trainingRows: 'users', bounds: [3], label: 'any' },
    );
    expect(items.column).toBe('training events of items');
    // 90 of 300 users end with an item of the last three, and the others train 85 times or more.
    expect(items.parts.map(({ segment, rows }) => [segment, rows])).toEqual([
      ['0', 90],
      ['80 and more', 210],
    ]);
    expect(users.parts.map(({ segment }) => segment)).toEqual(['0-2']);
    expect(users.column).toBe('training events of users');
  });

  it('tells items that were drawn to be cold from others that training has none of', () => {
    const share = 0.2;
    const drawn = Array.from({ length: 1000 }, (_, seed) => drawColdItems(interactions, { share, seed }, 'test'));
    const itemsOf = (isCold: Uint8Array) =>
      [...isCold.keys()].filter((item) => isCold[item] === 1).map((item) => Number(interactions.items.external(item)));
    const seedOf = (fits: (items: readonly number[]) => boolean) => drawn.findIndex((each) => fits(itemsOf(each)));
    // Items 8, 9 and 10 are targets of 30 users each, and of no training event.
    const seed = seedOf((items) => items.length === 2 && items.every((item) => item > 7));
    const [{ column, of, parts, leftOut }] = tablesOf({ coldItems: { share, seed } });
    expect([column, of, leftOut]).toEqual(['items', 'queries', 30]);
    expect(parts.map(({ segment, rows }) => [segment, rows])).toEqual([
      ['cold', 60],
      ['trained', 210],
    ]);
    const [{ partOf }] = segmentations([{ coldItems: { share, seed } }], { train, set: test, counted: 'events' });
    const all = queries.map((q) => partOf(test.users[q], test.targets[q]));
    expect(all.filter((part) => part === 'new')).toHaveLength(30);
    const other = seedOf((items) => items.some((item) => item < 8));
    expect(() => tablesOf({ coldItems: { share, seed: other } })).toThrow(
      `evaluation.segments: coldItems: expected share and seed of data.coldItems; got {"share":0.2,"seed":${other}}, of whose items `,
    );
  });

  it('tells items apart by when they first occur, as a split by time would cut', () => {
    // Three quarters of the events are before day 10, on which items 8 to 10 first occur.
    const [{ column, parts }] = tablesOf({ firstEvents: [0.5, 0.75] });
    expect(column).toBe('first event of items');
    expect(parts.map(({ segment, rows }) => [segment, rows])).toEqual([
      ['0-0.5', 210],
      ['0.75-1', 90],
    ]);
  });

  it('takes no row that was drawn for the first event of an item', () => {
    const events = Array.from({ length: 40 }, (_, e) => ({ user: e % 5, item: 1 + Math.floor(e / 4), at: e }));
    const shop = interactionsFromArrays({
      name: 'shop',
      users: events.map(({ user }) => user),
      items: events.map(({ item }) => item),
      timestamps: events.map(({ at }) => at),
    });
    const drawn = pointExamples(withSampledNegatives(shop, { perPositive: 3 }));
    const [{ partOf }] = segmentations([{ firstEvents: [0.5] }], { train: drawn, set: drawn, counted: 'rows' });
    // Each item has four events, and half of them come after the others.
    for (const [e, item] of drawn.interactions.itemIds.entries())
      expect(partOf(drawn.users[e], e)).toBe(Number(drawn.interactions.items.external(item)) > 5 ? '0.5-1' : '0-0.5');
  });

  it('tells numbers apart by the decimals that they were, and by steps from there', () => {
    const [plain, steps] = tablesOf('share', { column: 'share', width: 0.1 });
    const named = (parts: typeof plain.parts) => parts.map(({ segment, rows }) => [segment, rows]);
    expect(named(plain.parts)).toEqual(['0.6', '0.7', '0.8'].map((segment) => [segment, 100]));
    expect(named(steps.parts)).toEqual(['0.6-0.7', '0.7-0.8', '0.8-0.9'].map((segment) => [segment, 100]));
  });

  it('leaves small parts and queries without a value out', () => {
    expect(tablesOf('shown')[0].parts.map(({ segment, rows }) => [segment, rows])).toEqual([['left', 150]]);
    expect(tablesOf({ days: 1 })[0].parts).toEqual([]);
  });

  it('refuses a column that is not there, and days without times', () => {
    expect(() => tablesOf('show')).toThrow('evaluation.segments: show: expected a column of days; got show');
    const without = { ...test, interactions: { ...interactions, hasTimestamps: false } };
    expect(() => segmentations([{ days: 7 }], { train, set: without, counted: 'events' })).toThrow(
      'evaluation.segments: days: expected times of the events; got none in days',
    );
  });
});
