import { expect, it } from 'vitest';
import { timeOfShare } from './time-of-share.ts';

it('is the time of the first event behind the share, and of the last one where all are before it', () => {
  const times = Float64Array.of(10, 20, 30, 40, 50);
  for (const [share, time] of [
    [0, 10],
    [0.39, 20],
    [0.4, 30],
    [0.5, 30],
    [0.99, 50],
    [1, 50],
  ])
    expect(timeOfShare(times, share), `${share}`).toBe(time);
});
