import { expect, test } from 'vitest';
import { renderRecommendation } from './recommend.ts';

test('data without times and titles have no empty columns for them', () => {
  const bare = { history: [{ item: 'i1' }, { item: 'i2' }], recommendations: [{ item: 'i9', score: 0.5 }] };
  expect(renderRecommendation(bare, undefined)).toBe(
    'History (the latest 2 events, oldest first)\n\nitem\n----\ni1\ni2\n\n' +
      'Recommended next (score: cosine)\n\n    score  item\n-  ------  ----\n1  0.5000  i9',
  );
  const named = { ...bare, history: [{ item: 'i1', title: 'One', time: '1997-09-20T01:02:03.000Z' }] };
  expect(renderRecommendation(named, '7')).toContain('1997-09-20 01:02  i1    One');
});
