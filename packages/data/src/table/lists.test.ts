import fc from 'fast-check';
import { expect, it } from 'vitest';
import { interactionsFromArrays } from '../index.ts';
import { splitList } from './lists.ts';

it('lists of a file are Python lists, or parts with a separator', () => {
  expect(splitList(`['Beauty', "Women's"]`)).toEqual(['Beauty', "Women's"]);
  expect(splitList(' a | b||c ')).toEqual(['a', 'b', 'c']);
  expect(splitList('a  b', ' ')).toEqual(['a', 'b']);
});

it.each([
  ['[12, 45]', ['12', '45']],
  ['[12345678901234567890123456,9007199254740993]', ['12345678901234567890123456', '9007199254740993']],
  [String.raw`["a|b","\"c\"",null,7]`, ['a|b', '"c"', '7']],
  [String.raw`['it\'s', "b, c"]`, ["it's", 'b, c']],
  ["['a' 'b c']", ['a', 'b c']],
  ['[[1,2],{"k":1}]', ['[1,2]', '{"k":1}']],
  ['[a|b]', ['a', 'b']],
  ['[]', []],
  ["'a', 'b c'", ['a', 'b c']],
  ["'80s|'90s", ["'80s", "'90s"]],
  ["'Til Tuesday|Rock 'n' Roll", ["'Til Tuesday", "Rock 'n' Roll"]],
])('the list %s has its entries, whatever the separator of others', (text, entries) => {
  expect(splitList(text)).toEqual(entries);
});

it('lists of numbers are those of Python and of NumPy', () => {
  expect(splitList('[0.1, 0.2]', ' ')).toEqual(['0.1', '0.2']);
  expect(splitList('[0.1 2.]', ' ')).toEqual(['0.1', '2.']);
});

it('lists that are arrays hold their ids, quotes and brackets among them', () => {
  const id = fc.string({ minLength: 1, maxLength: 4 }).filter((text) => text.trim() !== '');
  fc.assert(
    fc.property(fc.array(id, { minLength: 1, maxLength: 4 }), (tags) => {
      const { itemTable } = interactionsFromArrays({
        name: 'tags',
        users: [1],
        items: [1],
        itemColumns: { ids: [1], columns: { tags: { kind: 'ids', values: [tags] } } },
      });
      const column = itemTable.columns.get('tags')!;
      if (column.kind !== 'ids') throw new Error('expected ids');
      expect(Array.from(column.values, (value) => column.ids.external(value))).toEqual(tags.map((tag) => tag.trim()));
    }),
    { examples: [[['"', '" ']], [['[a]']], [["'b'"]], [['nan']]] },
  );
});
