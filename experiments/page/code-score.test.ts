import { describe, expect, it } from 'vitest';
import { scoreInWords, shownScore } from './code-score.ts';

const debias = { weight: 0.5, events: [1, 2] };
const dense = { after: 0, levels: 'all', mix: 0.5, temperature: 1 } as never;

describe('a score by codes', () => {
  it('is a probability where nothing is taken off and mixed in', () => {
    expect(shownScore(Math.log(0.25), {})).toMatchObject({ share: 0.25, text: '25 %' });
    expect(shownScore(-20, {}).text).toBe('< 0.01 %');
    expect(scoreInWords({})).toMatch(/^the probability that the model gives/);
  });

  it('is a number where vectors are mixed in', () => {
    expect(shownScore(-2, { dense })).toEqual({ share: Math.exp(-2), text: '-2.00', title: 'mixed score -2' });
    expect(scoreInWords({ dense })).toMatch(/^0.5 of the logarithm of .* and 0.5 of that by vectors$/);
  });

  it('is a number, no share of 1, where popularity is taken off', () => {
    expect(shownScore(1.5, { debias })).toEqual({ text: '1.50', title: 'debiased score 1.5' });
    expect(scoreInWords({ debias })).toMatch(/less 0.5 times that of how popular the title is: no probability$/);
  });
});
