import { describe, expect, it } from 'vitest';
import { rankUnder, type TieRule, tiesWithAll, tieWarning } from './ties.ts';

const place = (higher: number, equalBefore: number, equalAfter: number) => ({ higher, equalBefore, equalAfter });

describe('places', () => {
  it.each<[TieRule, number]>([
    ['expected', 3],
    ['optimistic', 3],
    ['pessimistic', 8],
    ['mean', 5.5],
    ['lower-id', 4],
  ])('the rank of a target below 2, beside 1 before and 4 after it, under %s is %d', (rule, rank) => {
    expect(rankUnder(rule, place(2, 1, 4))).toBe(rank);
  });

  it('tie with all candidates when nobody else has another score', () => {
    expect(tiesWithAll(place(0, 1, 4), 6)).toBe(true);
    expect(tiesWithAll(place(0, 1, 4), 7)).toBe(false);
    expect(tiesWithAll(place(1, 1, 4), 7)).toBe(false);
    expect(tiesWithAll(place(0, 0, 0), 1)).toBe(true);
  });
});

describe('the warning about ties', () => {
  const hundred = (tied: number, ties: TieRule = 'expected') => ({
    ranks: Array<number>(100).fill(2),
    tied: Array.from({ length: 100 }, (_, q) => (q < tied ? 3 : 0)),
    ties,
  });

  it('stands from more than 1 % on', () => {
    expect(tieWarning(hundred(0), 5)).toBeUndefined();
    expect(tieWarning(hundred(1), 5)).toBeUndefined();
    const { ranks, tied, ties } = hundred(1);
    expect(tieWarning({ ranks: ranks.slice(1), tied: tied.slice(0, 99), ties }, 5)).toMatch(
      /^ties: 1 of 99 targets \(1\.0 %\)/,
    );
    expect(tieWarning(hundred(2), 5)).toMatch(
      /^ties: 2 of 100 targets \(2\.0 %\) have exactly the score of another candidate, of 3\.0 on average; /,
    );
  });

  // Fifty targets share the places 2, 3, 4, 5, the others stand at 2.
  it.each<[TieRule, string]>([
    ['expected', 'HR@2 would be 1.0000 with every target first among its equals, 0.5000 with every target last'],
    ['optimistic', 'every target counts as first among its equals: on average over their orders HR@2 is 0.6250'],
    ['mean', 'equal scores count half of them before the target'],
    ['lower-id', 'equal scores count before the target when their id is lower'],
  ])('says what %s makes of them', (ties, text) => {
    expect(tieWarning(hundred(50, ties), 2)).toBe(
      `ties: 50 of 100 targets (50.0 %) have exactly the score of another candidate, of 3.0 on average; ${text}`,
    );
  });

  it('pessimistic ranks are the last of the places shared', () => {
    const recorded = { ranks: [5, 2, 9], tied: [3, 0, 0], ties: 'pessimistic' as const };
    expect(tieWarning(recorded, 2)).toMatch(
      /every target counts as last among its equals: on average over their orders HR@2 is 0\.4167$/,
    );
  });
});
