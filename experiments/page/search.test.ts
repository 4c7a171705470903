import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hashOf, historyOf, startOptionsOf, unknownIds } from './address.ts';
import { type Catalogue, openCatalogue } from './catalogue.ts';
import { normalize, searchIndex } from './search.ts';

function catalogueOf(
  titles: readonly string[],
  events = titles.map(() => 1),
  ids = titles.map((_, i) => `id ${i}`),
): Catalogue {
  return openCatalogue({
    format: 'seqrec-page',
    version: 1,
    recipe: 'a/b',
    run: 'r',
    epoch: 1,
    dataset: 'd',
    latestTime: 0,
    ids,
    titles,
    events,
    categoryNames: [],
    categories: titles.map(() => []),
  });
}

const words = fc.stringMatching(/^[a-cÉé'., ]{1,12}$/);

describe('search', () => {
  const titles = [
    'Matrix, The (1999)',
    'The Thin Red Line',
    'Le Fabuleux Destin d’Amélie',
    'Bathe',
    'The Matrix Reloaded',
  ];
  const { search } = searchIndex(catalogueOf(titles, [5, 9, 1, 99, 7]));
  const found = (text: string) => search(text, 10).items.map((item) => titles[item - 1]);

  it('orders: titles with words that begin so, then the rest; the most seen first', () => {
    expect(found('the')).toEqual(['The Thin Red Line', 'The Matrix Reloaded', 'Matrix, The (1999)', 'Bathe']);
    expect(found('the matrix')).toEqual(['The Matrix Reloaded', 'Matrix, The (1999)']);
    expect(found('MATRIX 99')).toEqual(['Matrix, The (1999)']);
  });

  it('knows no case, accents or signs, and finds nothing for nothing', () => {
    expect(found('amelie')).toEqual(['Le Fabuleux Destin d’Amélie']);
    expect(found('D AMÉLIE')).toEqual(['Le Fabuleux Destin d’Amélie']);
    expect(found(' ,. ')).toEqual([]);
    expect(found('zebra')).toEqual([]);
  });

  it('cuts at the limit and counts all', () => {
    expect(search('the', 1)).toEqual({ items: [2], total: 4 });
  });

  it('finds exactly the titles that hold every word, each once', () => {
    fc.assert(
      fc.property(fc.array(words, { minLength: 1, maxLength: 8 }), words, (drawn, text) => {
        const { items, total } = searchIndex(catalogueOf(drawn)).search(text, 100);
        const wanted = normalize(text)
          .split(' ')
          .filter((word) => word !== '');
        const expected = drawn.flatMap((title, i) =>
          wanted.length > 0 && wanted.every((word) => normalize(title).includes(word)) ? [i + 1] : [],
        );
        expect([...items].sort((a, b) => a - b)).toEqual(expected);
        expect(total).toBe(expected.length);
      }),
    );
  });
});

describe('address', () => {
  it('a history survives the address, whatever the ids', () => {
    const unique = fc.uniqueArray(fc.string({ minLength: 1, unit: 'grapheme' }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(unique, fc.array(fc.nat()), (ids, drawn) => {
        const catalogue = catalogueOf(ids, undefined, ids);
        const history = drawn.map((n) => (n % ids.length) + 1);
        expect(historyOf(catalogue, hashOf(catalogue, history))).toEqual({ items: history, unknown: [] });
      }),
    );
  });

  it('leaves out what the catalogue does not have, and says so', () => {
    const catalogue = catalogueOf(['x', 'y'], undefined, ['1', '2']);
    const read = historyOf(catalogue, '#history=2,9,%E0%A4%A,1');
    expect(read).toEqual({ items: [2, 1], unknown: ['9', '%E0%A4%A'] });
    expect(unknownIds(catalogue, read.unknown)).toBe(
      "#history: expected ids of d; got '9', '%E0%A4%A', left out of the history",
    );
    expect(unknownIds(catalogue, ['a', 'b', 'c', 'd', 'e', 'f'])).toContain("'e' and 1 more, left out");
    expect(historyOf(catalogue, '')).toEqual({ items: [], unknown: [] });
    expect(historyOf(catalogue, '#history=')).toEqual({ items: [], unknown: [] });
    expect(unknownIds(catalogue, [])).toBeUndefined();
  });

  it('names backends and threads, or says what is possible', () => {
    expect(startOptionsOf('')).toEqual({ backend: 'auto' });
    expect(startOptionsOf('?backend=webgpu')).toEqual({ backend: 'webgpu' });
    expect(startOptionsOf('?backend=simd&threads=2')).toEqual({ backend: 'simd', threads: 2 });
    expect(() => startOptionsOf('?backend=tensorflow')).toThrow(
      "?backend: expected one of simd, webgpu, cpu; got 'tensorflow'",
    );
    expect(() => startOptionsOf('?threads=0')).toThrow("?threads: expected a whole number from 1 to 64; got '0'");
    expect(startOptionsOf('?threads=64')).toMatchObject({ threads: 64 });
    expect(() => startOptionsOf('?threads=65')).toThrow("from 1 to 64; got '65'");
  });
});

it('a catalogue of another version or with columns of other lengths is refused', () => {
  const { about } = catalogueOf(['x', 'y']);
  expect(() => openCatalogue({ ...about, version: 2 as 1 })).toThrow(
    'page.json: expected seqrec-page version 1; got seqrec-page version 2',
  );
  expect(() => openCatalogue({ ...about, events: [1] })).toThrow('page.json: expected columns of 2 items');
});
