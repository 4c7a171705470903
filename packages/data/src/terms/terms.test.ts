import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { interactionsFromArrays } from '../index.ts';
import { Interner } from '../interner.ts';
import { createTable } from '../table/table.ts';
import { textColumn } from '../text-column.ts';
import { countTerms } from './count-terms.ts';
import { itemTerms, termBounds, termColumns } from './item-terms.ts';
import { withItemTerms } from './with-item-terms.ts';
import { withItemVectors } from './with-item-vectors.ts';
import { characterRuns, ngramsOf, wordsOf } from './words.ts';

function vocabulary(...names: string[]) {
  const interner = new Interner();
  for (const name of names) interner.intern(name);
  return { size: names.length, first: 1, external: (id: number) => names[id - 1] } as never;
}

const table = createTable(
  3,
  new Map<string, never>([
    ['title', { kind: 'text', values: textColumn(['Red Lip', 'Blue', '']) } as never],
    ['brand', { kind: 'id', values: Int32Array.of(2, 0, 1), ids: vocabulary('A', 'B c') } as never],
    [
      'kinds',
      {
        kind: 'ids',
        values: Int32Array.of(1, 2, 1),
        offsets: Int32Array.of(0, 2, 3, 3),
        ids: vocabulary('X', 'Y'),
      } as never,
    ],
    ['price', { kind: 'number', width: 1, values: Float32Array.of(3, Number.NaN, 7) } as never],
    ['at', { kind: 'time', values: new Float64Array(3) } as never],
  ]),
);

describe('words', () => {
  it('of any script, in lower case', () => {
    expect(wordsOf("L'Oréal 2-in-1, ＡＢＣ")).toEqual(['l', 'oréal', '2', 'in', '1', 'abc']);
    expect(wordsOf('口红 Помада हिन्दी أحمر')).toEqual(['口红', 'помада', 'हिन्दी', 'أحمر']);
    expect(wordsOf(' ?! ')).toEqual([]);
  });

  it('in runs, and characters in runs', () => {
    expect(ngramsOf(['a', 'b', 'c'], 2)).toEqual(['a', 'b', 'c', 'a b', 'b c']);
    expect(characterRuns(['口红'], 2)).toEqual([' 口', '口红', '红 ']);
    expect(characterRuns(['a'], 4)).toEqual([]);
  });
});

describe('countTerms', () => {
  it('sorts terms, and leaves out those of few documents', () => {
    expect(countTerms([['b', 'a', 'b'], ['b'], []], 1)).toEqual({
      ...{ documents: 3, terms: ['a', 'b'], offsets: Int32Array.of(0, 2, 3, 3) },
      ...{ indices: Int32Array.of(0, 1, 1), counts: Float64Array.of(1, 2, 1) },
    });
    expect(countTerms([['b', 'a', 'b'], ['b']], 2).terms).toEqual(['b']);
  });

  it('counts what is there', () => {
    fc.assert(
      fc.property(fc.array(fc.array(fc.constantFrom('x', 'y', 'z', 'constructor'))), (documents) => {
        const { terms, offsets, indices, counts } = countTerms(documents);
        for (const [d, own] of documents.entries()) {
          const row = Array.from({ length: offsets[d + 1] - offsets[d] }, (_, i) => offsets[d] + i);
          expect(row.map((e) => [terms[indices[e]], counts[e]])).toEqual(
            [...new Set(own)].sort().map((term) => [term, own.filter((other) => other === term).length]),
          );
        }
      }),
    );
  });
});

describe('itemTerms', () => {
  it('says of each column what it holds, under its name', () => {
    expect(itemTerms(table, { buckets: 2 })).toEqual([
      ['title:red', 'title:lip', 'title:red lip', 'brand:B c', 'kinds:X', 'kinds:Y', 'price:#0'],
      ['title:blue', 'brand:', 'kinds:X', 'price:'],
      ['brand:A', 'price:#1'],
    ]);
    expect(itemTerms(table, { columns: ['title'], ngrams: 1, characters: 3 })[1]).toEqual([
      ...['title:blue', 'title: bl', 'title:blu', 'title:lue', 'title:ue '],
    ]);
  });

  it('reads what was gathered over all time where it is named alone', () => {
    expect(termColumns(table, { overAllTime: ['price', 'kinds'] })).toEqual(['title', 'brand']);
    expect(termColumns(table)).toEqual(['title', 'brand', 'kinds', 'price']);
  });

  it('of another table means the same by its bounds', () => {
    const bounds = termBounds(table, { buckets: 2 });
    expect([...bounds]).toEqual([['price', [[7]]]]);
    const dear = createTable(
      1,
      new Map([['price', { kind: 'number', width: 1, values: Float32Array.of(6.5) } as never]]),
    );
    expect(itemTerms(dear, { columns: ['price'] }, bounds)).toEqual([['price:#0']]);
  });

  it('refuses columns that it cannot read', () => {
    expect(() => itemTerms(table, { columns: ['colour'] })).toThrow(
      'itemTerms: expected a column of texts, ids or numbers; got colour, which is not there; columns of the items: title (text), brand (id)',
    );
    expect(() => itemTerms(table, { columns: ['at'] })).toThrow('got at, which is time');
    expect(() => itemTerms(createTable(2, new Map()))).toThrow(
      'itemTerms: expected a column of texts, ids or numbers of the items; got none; columns of the items: none',
    );
  });
});

describe('withItemTerms', () => {
  const shop = interactionsFromArrays({ name: 'shop', users: [1, 1], items: ['tea', 'soap'], timestamps: [1, 2] });
  const step = { name: 'codes', detail: 'Added codes.', params: {}, counts: {} };

  it('adds a column of ids of the items, whatever the order of its terms', () => {
    const added = withItemTerms(shop, { name: 'codes', terms: [['b', 'a'], ['a']], step });
    const column = added.itemTable.columns.get('codes')!;
    expect(column.kind === 'ids' && [[...column.values], [...column.offsets], column.ids.toJSON().external]).toEqual([
      ...[
        [2, 1, 1],
        [0, 2, 3],
        ['a', 'b'],
      ],
    ]);
    expect(added.steps.at(-1)).toBe(step);
    expect(added.digest).not.toBe(shop.digest);
    expect([...added.itemIds]).toEqual([...shop.itemIds]);
  });

  it('refuses lists of other items, and a name that is taken', () => {
    expect(() => withItemTerms(shop, { name: 'codes', terms: [['a']], step })).toThrow(
      'withItemTerms: expected a list for each of the 2 items; got 1',
    );
    const added = withItemTerms(shop, { name: 'codes', terms: [['a'], ['a']], step });
    expect(() => withItemTerms(added, { name: 'codes', terms: [['a'], ['a']], step })).toThrow(
      'withItemTerms: expected a name that no column of the items has; got codes',
    );
  });
});

describe('withItemVectors', () => {
  const shop = interactionsFromArrays({ name: 'shop', users: [1, 1], items: ['tea', 'soap'], timestamps: [1, 2] });
  const step = { name: 'vectors', detail: 'Added vectors.', params: {}, counts: {} };

  it('adds a column of numbers of the items', () => {
    const values = Float32Array.of(1, 2, 3, 4, 5, 6);
    const added = withItemVectors(shop, { name: 'text', width: 3, values, step });
    expect(added.itemTable.columns.get('text')).toEqual({ kind: 'number', width: 3, values });
    expect(added.steps.at(-1)).toBe(step);
    expect(added.digest).not.toBe(shop.digest);
  });

  it('refuses vectors of other items, and a name that is taken', () => {
    const values = new Float32Array(4);
    expect(() => withItemVectors(shop, { name: 'text', width: 3, values, step })).toThrow(
      'withItemVectors: expected a vector for each of the 2 items; got 4 numbers, 3 a vector',
    );
    const added = withItemVectors(shop, { name: 'text', width: 2, values, step });
    expect(() => withItemVectors(added, { name: 'text', width: 2, values, step })).toThrow(
      'withItemVectors: expected a name that no column of the items has; got text',
    );
  });
});
