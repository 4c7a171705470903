import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createInteractions } from './create-interactions.ts';
import { idMap, idMapFrom, interactionsFromArrays } from './index.ts';
import type { Column } from './table/column.ts';

const events = fc.array(
  fc.record({
    user: fc.integer({ min: 0, max: 5 }),
    item: fc.integer({ min: 0, max: 9 }),
    time: fc.integer({ min: 0, max: 4 }),
  }),
  { minLength: 1, maxLength: 60 },
);

describe('the columnar store', () => {
  it('is sorted by user, then time, then file order, with dense ids that come back', () => {
    fc.assert(
      fc.property(events, (list) => {
        const i = interactionsFromArrays({
          name: 'x',
          users: list.map((e) => e.user),
          items: list.map((e) => e.item),
          timestamps: list.map((e) => e.time),
        });
        const expected = list
          .map((e, at) => ({ ...e, at }))
          .sort((a, b) => a.user - b.user || a.time - b.time || a.at - b.at)
          .map((e) => [String(e.user), String(e.item), e.time]);
        const got = [];
        for (let u = 0; u < i.numUsers; u++) {
          for (let e = i.userOffsets[u]; e < i.userOffsets[u + 1]; e++) {
            got.push([i.users.external(u), i.items.external(i.itemIds[e]), i.timestamps[e]]);
          }
        }
        expect(got).toEqual(expected);
      }),
    );
  });

  it('has a digest that depends on content and steps, not on the name', () => {
    const make = (name: string, lastTime: number, tieSeed?: number) =>
      interactionsFromArrays({
        name,
        users: ['a', 'a', 'b'],
        items: ['x', 'y', 'x'],
        timestamps: [1, 2, lastTime],
        ...(tieSeed === undefined ? {} : { ties: 'shuffle', tieSeed }),
      }).digest;
    expect(make('one', 3)).toBe(make('two', 3));
    expect(make('one', 3)).not.toBe(make('one', 4));
    expect(make('one', 3)).not.toBe(make('one', 3, 1));
    const rated = (rating: number) =>
      interactionsFromArrays({ name: 'r', users: ['a'], items: ['x'], timestamps: [1], ratings: [rating] }).digest;
    expect(rated(4)).not.toBe(rated(5));
    // A change of this value changes the digest of every run folder: change it knowingly.
    expect(make('one', 3)).toMatchInlineSnapshot(`"38924d279d4dd7c07b4a9ed035c6da8c1100d4c00b889f854e04f013f8fd4046"`);
  });

  it('refuses columns that do not fit together', () => {
    const items = idMap(['1'], 1);
    const make = (
      userOffsets: number[],
      item: number[],
      time: number[],
      roles?: { user: string; item: string; time: string; labels: [] },
    ) =>
      createInteractions({
        name: 'x',
        users: idMap(['1'], 0),
        items,
        userOffsets: Int32Array.from(userOffsets),
        columns: new Map<string, Column>([
          ['item', { kind: 'id', values: Int32Array.from(item), ids: items }],
          ['time', { kind: 'time', values: Float64Array.from(time) }],
        ]),
        ...(roles && { roles }),
        steps: [],
      });
    const roles = { user: 'user', item: 'item', time: 'time', labels: [] } as const;
    const timed = { ...roles, labels: [] as [] };
    expect(make([0, 1], [1], [5], timed).numEvents).toBe(1);
    expect(() => make([0], [1], [5], timed)).toThrow('createInteractions: expected userOffsets [2]');
    expect(() => make([0, 2], [1], [5], timed)).toThrow('createTable: expected 2 rows in column item; got 1');
    expect(() => make([0, 1], [2], [5], timed)).toThrow('createTable: expected ids in 0..1 in column item; got 2');
    expect(() => make([0, 1], [1], [5], { ...timed, time: 'when' })).toThrow(
      'expected a column when of time for the role time; got none among item, time',
    );
    expect(() => make([0, 1], [1], [5], { ...timed, time: 'item' })).toThrow('got one of id');
  });

  it('takes further columns with their roles, which follow their rows', () => {
    const source = {
      name: 'further',
      users: ['b', 'a', 'a'],
      items: [1, 2, 3],
      timestamps: [1, 9, 5],
      ratings: [3, 4, 5],
      columns: {
        click: { kind: 'number', values: Float32Array.of(0, 1, 2), width: 1 },
        page: { kind: 'id', values: Int32Array.of(1, 2, 0), ids: idMap(['x', 'y'], 1) },
      },
    } as const;
    const i = interactionsFromArrays({ ...source, request: 'page', labels: ['click', 'rating'] });
    expect(i.roles).toEqual({
      ...{ user: 'user', item: 'item', time: 'time', action: 'rating', request: 'page' },
      labels: ['click', 'rating'],
    });
    expect(i.events.columns.get('click')).toEqual({ kind: 'number', values: Float32Array.of(2, 1, 0), width: 1 });
    expect(i.events.columns.get('page')).toMatchObject({ values: Int32Array.of(0, 2, 1) });
    expect(interactionsFromArrays({ ...source, action: 'click' }).roles.action).toBe('click');
    expect(() => interactionsFromArrays({ ...source, labels: ['clicks'] })).toThrow(
      'interactionsFromArrays: expected a further column for labels; got "clicks" of click, page',
    );
    expect(() => interactionsFromArrays({ ...source, ratings: undefined, action: 'rating' })).toThrow(
      'expected a further column for action; got "rating" of click, page',
    );
    expect(() => interactionsFromArrays({ ...source, columns: { item: source.columns.page } })).toThrow(
      'expected another name than user, item, time, position or rating for a further column; got item',
    );
    const short = { ...source.columns.click, values: new Float32Array(2) };
    expect(() => interactionsFromArrays({ ...source, columns: { short } })).toThrow(
      'expected 3 rows in column short, one a user; got 2',
    );
  });

  it('refuses arrays of different lengths and times that are no numbers', () => {
    expect(() => interactionsFromArrays({ name: 'x', users: [1], items: [] })).toThrow('expected 1 items');
    expect(() => interactionsFromArrays({ name: 'x', users: [1], items: [1], timestamps: [Number.NaN] })).toThrow(
      'interactionsFromArrays: expected finite timestamps; got NaN at 0',
    );
    expect(() => interactionsFromArrays({ name: 'x', users: [], items: [] })).toThrow('expected events; got none');
  });
});

describe('IdMap', () => {
  it('is reversible and survives JSON, for any distinct strings', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.oneof(fc.string(), fc.nat().map(String)), { maxLength: 30 }), (external) => {
        const well = external.filter((text) => text.isWellFormed());
        const ids = idMapFrom(JSON.parse(JSON.stringify(idMap(well, 1))));
        expect(ids.size).toBe(well.length);
        for (let n = 0; n < well.length; n++) {
          expect(ids.external(n + 1)).toBe(well[n]);
          expect(ids.dense(well[n])).toBe(n + 1);
        }
        expect(ids.dense('never there')).toBeUndefined();
      }),
    );
  });

  it('keeps a string that begins with a byte order mark', () => {
    expect(idMap(['\ufeffa', 'b'], 0).external(0)).toBe('\ufeffa');
  });

  it('does not take another spelling of a number for the number', () => {
    const ids = idMap(['1', '7', '30'], 0);
    expect(ids.storage.kind).toBe('integer');
    expect(['7', '07', ' 7', '7.0', '8'].map((text) => ids.dense(text))).toEqual([
      1,
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
    expect(() => ids.external(3)).toThrow('IdMap.external: expected a dense id in 0..2; got 3');
    expect(() => idMapFrom({ first: 0, external: ['a', 'a'] })).toThrow('expected distinct external ids');
  });
});
