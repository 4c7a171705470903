import { expect, it } from 'vitest';
import { concluded } from './conclusions.ts';
import type { Age } from './points.ts';
import type { Summary } from './summary.ts';

const ages: Age[] = [
  { unit: 'events', value: 0 },
  { unit: 'events', value: 4 },
];

/** The sentence of training with old vectors, where the difference to fresh ones has these intervals by age. */
function sentence(intervals: readonly (readonly [low: number, high: number])[]): string | undefined {
  const summary: Summary = {
    of: () => ({ mean: 0.1 }),
    aheadOf: (_, line, age) => {
      const [low, high] = line === 'fresh' ? intervals[ages.indexOf(age)] : [-1, 1];
      return { mean: (low + high) / 2, low, high };
    },
  };
  return concluded(summary, ages, { small: 1, pair: 1, longFull: 1 } as never).find((each) => each.startsWith('Train'));
}

it.each([
  [
    [
      [-0.1, 0.1],
      [-0.1, 0.1],
    ],
    'cannot be told from training with fresh ones.',
  ],
  [
    [
      [-0.1, 0.1],
      [0.01, 0.1],
    ],
    'is ahead of training with fresh ones at 4 events.',
  ],
  [
    [
      [-0.2, -0.1],
      [-0.1, 0.1],
    ],
    'is behind training with fresh ones at 0 events.',
  ],
  [
    [
      [-0.2, -0.1],
      [0.01, 0.1],
    ],
    'is ahead of training with fresh ones at 4 events, and is behind training with fresh ones at 0 events.',
  ],
] as const)('differences to fresh vectors within %j: the sentence is theirs', (intervals, end) => {
  expect(sentence(intervals)).toBe(`Training with vectors as old as those that are served ${end}`);
});
