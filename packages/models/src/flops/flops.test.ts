import { expect, it } from 'vitest';
import { addFlops, attentionFlops, linearFlops, timesFlops, workloadOf } from './flops.ts';

it('counts tokens and causal pairs', () => {
  const work = { tokens: 5, pairs: 9, itemRows: 0, predictsActions: false };
  expect(workloadOf([3, 0, 2])).toMatchObject(work);
  expect(workloadOf([3, 0, 2], { itemRows: 7, predictsActions: true })).toMatchObject({
    ...work,
    itemRows: 7,
    predictsActions: true,
  });
});

it('counts a multiply-add twice', () => {
  const linear = linearFlops(5, { in: 3, out: 7 });
  expect(linear).toEqual({ forward: 210, backward: 420 });
  // Scores and sum; backwards scores again, then q, k, v and weights.
  expect(attentionFlops(9, { count: 2, query: 3, value: 5 })).toEqual({ forward: 288, backward: 684 });
  expect(addFlops(linear, timesFlops(3, linear))).toEqual({ forward: 840, backward: 1680 });
});
