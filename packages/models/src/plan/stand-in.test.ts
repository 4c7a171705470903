import { sequenceBatch } from '@seqrec/data';
import { expect, it } from 'vitest';
import { withStandIn, zipfIds } from './stand-in.ts';

const standIn = { rows: 1_000_000_000, exponent: 1.05, seed: 2 };

it('an event is the target of the event before it, and no two sequences share one', () => {
  const offsets = Int32Array.of(0, 3, 3, 5, 9);
  const timestamps = new Float64Array(9);
  const { itemIds, targets } = withStandIn(
    sequenceBatch({ offsets, itemIds: new Int32Array(9), timestamps }),
    standIn,
    4,
  );
  for (let b = 0; b < 4; b++)
    for (let t = offsets[b]; t + 1 < offsets[b + 1]; t++) expect(targets[t]).toBe(itemIds[t + 1]);
  // Three sequences with tokens: 9 inputs and the last target of each.
  const events = [...itemIds, targets[2], targets[4], targets[8]];
  // The sequence without a token has an event too, the fifth.
  const drawn = [...zipfIds(standIn, 4, 13, 0)];
  expect(events.toSorted()).toEqual(drawn.filter((_, i) => i !== 4).toSorted());
});

it('ids follow the law: id v about v^-s as often as the first, and any number of them is the same from any place on', () => {
  const small = { rows: 1000, exponent: 1.2, seed: 1 };
  const drawn = zipfIds(small, 0, 200_000, 0);
  const counts = new Float64Array(1001);
  for (const id of drawn) counts[id]++;
  expect(counts[0]).toBe(0);
  /** The share of `v`: what lies between `v` and `v + 1` under the continuous law. */
  const mass = (v: number): number => v ** -0.2 - (v + 1) ** -0.2;
  for (const v of [1, 2, 5, 10, 50]) {
    const expected = (200_000 * mass(v)) / (1 - 1001 ** -0.2);
    expect(Math.abs(counts[v] - expected)).toBeLessThan(5 * Math.sqrt(expected));
  }
  expect(zipfIds(small, 0, 50, 123)).toEqual(drawn.slice(123, 173));
});
