import type { UserScorer } from '@seqrec/models';
import { expect, it } from 'vitest';
import { checkScorer, lengthsOf, renderCheck } from './check.ts';
import { catalogue, scorerWith } from './test-support/world.ts';

function scorerThat(check: UserScorer['check'], exact: 'bitwise' | number): UserScorer {
  return scorerWith(() => ({ check, capabilities: { append: true, exact } }));
}

it('replays event by event, and asks at three moments', async () => {
  const asked: number[] = [];
  const scorer = scorerThat(async ({ at }) => {
    asked.push(at);
    return { equal: true, error: 0 };
  }, 'bitwise');
  const result = await checkScorer(scorer, catalogue, ['nobody', 'ada'], { users: 5, events: 100 });
  expect(result).toMatchObject({ passed: true, users: [{ user: 'ada', events: 2, compared: 6, equal: 6, error: 0 }] });
  expect(asked).toEqual([100, 3700, 100, 200, 3800, 200]);
  expect(scorer.has('check ada')).toBe(false);
  expect(renderCheck(result)).toContain('the scorer answers as full passes do (expected: the same bits)');
});

it.each([
  ['bitwise', 1e-9, false],
  [1e-6, 1e-9, true],
  [1e-6, 1e-3, false],
] as const)('bound %s, difference %d: passed %s', async (exact, error, passed) => {
  const scorer = scorerThat(async ({ at }) => ({ equal: at !== 3800, error: at === 3800 ? error : 0 }), exact);
  const result = await checkScorer(scorer, catalogue, ['ada'], { users: 1, events: 100 });
  expect(result.passed).toBe(passed);
  expect(result.users[0]).toMatchObject({ equal: 5, error });
  expect(renderCheck(result).includes('DIFFERS')).toBe(!passed);
});

it('no user is no proof', async () => {
  const scorer = scorerThat(async () => ({ equal: true, error: 0 }), 'bitwise');
  expect((await checkScorer(scorer, catalogue, ['nobody'], { users: 1, events: 1 })).passed).toBe(false);
});

it('compares the first lengths, the last, and some between', () => {
  expect([...lengthsOf(2)].sort()).toEqual([1, 2]);
  const lengths = lengthsOf(200);
  expect([1, 2, 3, 13, 200].every((length) => lengths.has(length))).toBe(true);
  expect(lengths.size).toBeLessThan(25);
});
