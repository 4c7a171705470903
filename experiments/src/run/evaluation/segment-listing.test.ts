import { expect, it } from 'vitest';
import { segmentListings } from './segment-listing.ts';

it('says what is in none of the parts, and of what, also where there is no part', () => {
  const none = { column: 'city', of: 'queries', parts: [], leftOut: 1083 } as const;
  const parts = [{ segment: 'a', rows: 60, metrics: { 'HR@10': 0.5, 'NDCG@10': 0.25, MRR: 0.2 } }];
  const [empty, some, all] = segmentListings({
    segments: [none, { ...none, parts, leftOut: 7 }, { ...none, parts, leftOut: 0 }],
    baselines: [],
  });
  const without = 'in parts of fewer than 50 or without a value';
  expect(empty).toEqual({
    titles: ['city', 'queries'],
    rows: [],
    note: `city: 1,083 queries are left out, ${without}`,
  });
  expect(some).toMatchObject({
    titles: ['city', 'queries', 'HR@10', 'NDCG@10'],
    rows: [['a', '60', '0.5000', '0.2500']],
  });
  expect(some.note).toBe(`city: 7 queries are left out, ${without}`);
  expect(all).not.toHaveProperty('note');
});

it('reads results of earlier versions, which do not say what they count', () => {
  const parts = [{ segment: 'a', rows: 60, metrics: { AUC: 0.5 } }];
  expect(segmentListings({ segments: [{ column: 'city', parts }], baselines: [] })).toEqual([
    { titles: ['city', 'rows', 'AUC'], rows: [['a', '60', '0.5000']] },
  ]);
});
