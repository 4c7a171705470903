import { expect, it } from 'vitest';
import { shownSimilarity } from './vector-score.ts';

it('a score by vectors is a share of 1 where it is a cosine, else a number', () => {
  expect(shownSimilarity(0.25, 'cosine')).toEqual({ share: 0.25, text: '0.250', title: 'cosine 0.25' });
  expect(shownSimilarity(12.5, 'dot')).toEqual({ text: '12.500', title: 'product 12.5' });
});
