import { expect, it } from 'vitest';
import { actionMasks } from './action-masks.ts';

it('a rating that is a bound is of the action from there on, though floats have neither', () => {
  const ratings = Float32Array.of(3.2, 3.3, 3.4, 4.4, Number.NaN);
  const batch = { itemIds: Int32Array.of(1, 2, 3, 4, 5), ratings } as Parameters<typeof actionMasks>[1];
  const masks = actionMasks({ kind: 'ratings', bounds: [3.3, 4.4] }, batch, { kind: 'hstu-ranker', training: true });
  expect([...masks]).toEqual([1, 2, 2, 4, 0]);
});
