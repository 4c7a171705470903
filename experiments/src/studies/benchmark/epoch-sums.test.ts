import {
  interactionsFromArrays,
  leaveLastOut,
  slidingWindows,
  stochasticLength,
  type WindowPolicy,
} from '@seqrec/data';
import { expect, it } from 'vitest';
import { epochSums } from './epoch-sums.ts';

const lengths = [12, 5, 30];
const { train } = leaveLastOut(
  interactionsFromArrays({
    name: 'world',
    users: lengths.flatMap((length, user) => Array(length).fill(user)),
    items: lengths.flatMap((length) => Array.from({ length }, (_, e) => e % 7)),
    timestamps: lengths.flatMap((length) => Array.from({ length }, (_, e) => e)),
  }),
);

const [maxLength, seed] = [4, 1];
const half = { epochs: 8, controlEpochs: 4 };

it.each<[string, number, WindowPolicy]>([
  ['all windows, and the newest', 2, slidingWindows({ rule: 'all-windows', maxLength, seed, schedule: half })],
  [
    'offsets, and the newest',
    3,
    slidingWindows({ rule: 'strided-offset', offsetEpochs: 2, maxLength, seed, schedule: half }),
  ],
  // Of equal lengths, but other events.
  ['subsequences', 16, stochasticLength({ maxLength: 9, alpha: 1.1, subsequence: 'random', seed })],
])('sums epochs, and costs equal ones once: %s', (_, distinct, policy) => {
  const costOf = ({ targets, starts, events }: typeof train): number =>
    targets.reduce((sum, target, e) => sum + (target - starts[e]) * (1 + (events?.indices[e] ?? target)), 0);
  let costed = 0;
  const sums = epochSums(
    16,
    (epoch) => policy.examples(train, epoch),
    (own) => {
      costed++;
      return costOf(own);
    },
  );
  expect(costed).toBe(distinct);
  expect(sums).toHaveLength(17);
  for (let epoch = 0; epoch < 16; epoch++)
    expect(sums[epoch + 1] - sums[epoch]).toBe(costOf(policy.examples(train, epoch)));
});
