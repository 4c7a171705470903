import { interactionsFromArrays, type TieRule } from '@seqrec/data';
import { expect, it } from 'vitest';
import { orderNotes } from './order-note.ts';

/** Forty users with five days of the same four items. */
function baskets(ties: TieRule) {
  const events = Array.from({ length: 40 * 20 }, (_, e) => ({ user: Math.floor(e / 20), at: e % 20 }));
  return interactionsFromArrays({
    name: 'baskets',
    users: events.map(({ user }) => user),
    items: events.map(({ at }) => (7 * at) % 4),
    timestamps: events.map(({ at }) => 86_400 * (1000 + Math.floor(at / 4))),
    ties,
  });
}

it('warns of an order of items inside a time, and of no other', () => {
  for (const ties of ['file-order', 'by-item'] as const)
    expect(orderNotes('small, last', baskets(ties))).toEqual([
      expect.stringMatching(/^small, last: events of a user at one time stand in an order .* 3 of 3 pairs .* 0 would/),
    ]);
  expect(orderNotes('small, last', baskets('shuffle'))).toEqual([]);
});
