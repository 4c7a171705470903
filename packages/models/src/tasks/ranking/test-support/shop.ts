import { streamKey, uniform01 } from '@seqrec/core';
import { type ExampleSet, interactionsFromArrays, pointExamples, takeExamples } from '@seqrec/data';

/**
 * A shop: who clicks may buy; a session of every user is as long as the user's number says.
 *
 * @param without what the log says of a purchase where nothing was clicked: 0, or nothing.
 */
export function shop(rows = 1200, without: 0 | null = 0): { readonly train: ExampleSet; readonly test: ExampleSet } {
  const chance = (name: string) => uniform01(streamKey(11, name), 0, rows);
  const [click, buy, look] = [chance('click'), chance('buy'), chance('look')];
  const users = Array.from({ length: rows }, (_, e) => (e * 7) % 20);
  const items = Array.from({ length: rows }, (_, e) => 1 + ((e * 11) % 13));
  const clicked = users.map((user, e) => Number(click[e] < ((user + items[e]) % 2 === 0 ? 0.7 : 0.2)));
  const bought = clicked.map((y, e) => y * Number(buy[e] < (items[e] % 3 === 0 ? 0.6 : 0.2)));
  const interactions = interactionsFromArrays({
    name: 'shop',
    users,
    items,
    timestamps: users.map((_, e) => 1e6 + e),
    columns: {
      clicked: { kind: 'number', values: clicked },
      bought: { kind: 'number', values: bought.map((y, e) => (clicked[e] === 1 ? y : without)) },
      watch: { kind: 'number', values: clicked.map((y, e) => y * (5 + 50 * look[e])) },
      visit: { kind: 'id', values: users.map((user, e) => `${user} ${Math.floor(e / (20 * (1 + (user % 3))))}`) },
    },
    labels: ['clicked', 'bought', 'watch'],
  });
  const all = pointExamples(interactions);
  const part = (name: ExampleSet['name'], is: (e: number) => boolean): ExampleSet =>
    takeExamples(all, Int32Array.from(all.targets.keys()).filter(is), name);
  return { train: part('train', (e) => e % 4 !== 0), test: part('test', (e) => e % 4 === 0) };
}
