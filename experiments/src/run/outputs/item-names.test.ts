import { interactionsFromArrays } from '@seqrec/data';
import { expect, it } from 'vitest';
import { itemsFromText } from './item-names.ts';

const titles = [
  'Alien (1979)',
  '20,000 Leagues Under the Sea (1954)',
  'Soap, Pack of 2, Lavender, Rose, Mint, Sage, 100 g',
  'Star Wars,  Part 4',
];
const items = titles.map((_, i) => 10 * (i + 1));
const interactions = interactionsFromArrays({
  name: 'shop',
  users: items.map(() => 1),
  items,
  timestamps: items,
  catalogue: items.map((item, i) => ({ item, title: titles[i] })),
});
const named = (text: string): unknown[] =>
  itemsFromText(interactions, text, '--history').map((item) => Number(interactions.items.external(item)));

it('a title is named as it is written, whatever its commas', () => {
  for (const [i, title] of titles.entries()) expect(named(title)).toEqual([items[i]]);
  expect(named(`10, ${titles[2]} ,${titles[1]},alien (1979)`)).toEqual([10, 30, 20, 10]);
  expect(named('star wars, part 4,20')).toEqual([40, 20]);
});

it('what names nothing is said without the blanks around it', () => {
  expect(() => named('10, Alein (1979)')).toThrow(
    '--history: expected ids or titles of items of shop; got "Alein (1979)"',
  );
});

it('ids hold commas too', () => {
  const ids = ['x,1,2', 'x'];
  const events = { name: 'codes', users: [1, 1], items: ids, timestamps: [1, 2] };
  const codes = interactionsFromArrays(events);
  const found = itemsFromText(codes, 'x, x,1,2,x', '--history').map((item) => codes.items.external(item));
  expect(found).toEqual(['x', 'x,1,2', 'x']);
});
