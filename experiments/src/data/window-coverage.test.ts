import { interactionsFromArrays, leaveLastOut, slidingWindows, windowCoverage } from '@seqrec/data';
import { expect, it } from 'vitest';
import { coverWindows, renderCoverage } from './window-coverage.ts';

it('prints the cost of a rule and what it has covered, epoch by epoch', () => {
  const users = Array.from({ length: 103 }, (_, e) => (e < 3 + 40 ? 1 : 2));
  const data = interactionsFromArrays({ name: 'two users', users, items: users.map((_, e) => e % 50) });
  const request = { rule: 'round-robin', maxLength: 20, stride: 20, seed: 1, epochs: 3, controlEpochs: 0 } as const;
  const report = coverWindows(data, request);
  expect(report).toMatchObject({ longUsers: 2, users: 2 });
  expect(report.coverage.map((at) => at.cost)).toEqual([1, 1, 1]);
  expect(report.coverage.at(-1)?.covered).toBe(1);
  expect(renderCoverage(report)).toContain('    2         2      40  1.00         100.0 %');
});

it('prints what training would cut, however many epochs are asked for', () => {
  const users = Array.from({ length: 90 }, () => 1);
  const data = interactionsFromArrays({ name: 'one user', users, items: users.map((_, e) => e) });
  const request = { rule: 'strided-offset', maxLength: 20, stride: 1, seed: 1, epochs: 3, controlEpochs: 0 } as const;
  const policy = slidingWindows({ rule: 'strided-offset', maxLength: 20, seed: 1 });
  const report = coverWindows(data, request);
  expect(report.coverage).toEqual(windowCoverage(leaveLastOut(data).train, policy, 3));
  expect(renderCoverage(report)).toContain('strided-offset, 20 events, stride 20, history all');
});
