import { interactionsFromArrays } from '@seqrec/data';
import { expect, it } from 'vitest';
import { itemsWith, itemTexts, type Texts } from './item-texts.ts';

const interactions = interactionsFromArrays({
  name: 'shop',
  users: [1, 1, 1],
  items: ['a', 'b', 'c'],
  catalogue: [
    { item: 'a', title: 'Red LIP balm, 2 oz', categories: ['Beauty', 'Lip Care'] },
    { item: 'b', title: 'Blue balm', categories: ['Beauty'] },
    { item: 'c' },
  ],
});

const of = ({ offsets, values }: Texts, item: number) => [...values.subarray(offsets[item], offsets[item + 1])];

it('knows the words that enough items have, in lower case, and reads the others as one', () => {
  const { words, titles, attributes } = itemTexts(interactions, { minCount: 2, maxWords: 16 });
  // `lip` is in the title and a category of one item alone.
  expect(words).toEqual(['balm', 'beauty']);
  expect(of(titles, 1)).toEqual([0, 0, 1, 0, 0]);
  expect(of(titles, 2)).toEqual([0, 1]);
  expect(of(titles, 3)).toEqual([]);
  expect(of(titles, 0)).toEqual([]);
  expect(of(attributes, 1)).toEqual([2, 0, 0]);
  expect([...itemsWith(titles)]).toEqual([1, 2]);
});

it('reads the first words alone, and counts no others', () => {
  const { words, titles } = itemTexts(interactions, { minCount: 1, maxWords: 2 });
  expect(words).toEqual(['balm', 'beauty', 'blue', 'lip', 'red']);
  expect(of(titles, 1)).toEqual([5, 4]);
});

it('takes a title for no attribute where it is an id', () => {
  const data = interactionsFromArrays({
    name: 'none',
    users: [1],
    items: ['a'],
    catalogue: [{ item: 'a', title: 'x' }],
  });
  expect(of(itemTexts(data, { minCount: 1, maxWords: 4 }).attributes, 1)).toEqual([]);
});

it('reads nothing that was gathered over all time', () => {
  const roles = { ...interactions.roles, overAllTime: ['categories'] };
  const { words, attributes } = itemTexts({ ...interactions, roles }, { minCount: 1, maxWords: 16 });
  expect(words).toEqual(['2', 'balm', 'blue', 'lip', 'oz', 'red']);
  expect([...itemsWith(attributes)]).toEqual([]);
});
