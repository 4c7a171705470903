import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Operation } from './operation.ts';
import { wavesOf } from './waves.ts';

const append = (user: string): Operation => ({ kind: 'append', user, events: [] });
const top = (user: string): Operation => ({ kind: 'top', user, at: 0, k: 1, exclude: 'none' });
const drop = (user: string): Operation => ({ kind: 'drop', user });

const placesOf = (operations: readonly Operation[]) =>
  wavesOf(operations).map((wave) => [...wave.appends, ...wave.reads, ...wave.drops].map(({ at }) => at));

it('many users need one wave, a user who writes after asking two', () => {
  expect(placesOf([top('a'), append('b'), append('a'), top('b'), append('b')])).toEqual([
    [1, 0, 3],
    [2, 4],
  ]);
});

it('keeps the order of each user, and loses nothing', () => {
  const operation = fc
    .tuple(fc.constantFrom(append, top, drop), fc.constantFrom('a', 'b', 'c'))
    .map(([make, user]) => make(user));
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 30 }), (operations) => {
      const places = placesOf(operations).flat();
      expect([...places].sort((x, y) => x - y)).toEqual(operations.map((_, i) => i));
      for (const user of ['a', 'b', 'c']) {
        const own = places.filter((at) => (operations[at] as { user: string }).user === user);
        expect(own).toEqual([...own].sort((x, y) => x - y));
      }
    }),
  );
});
