import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import {
  interactionsFromArrays,
  leakageReport,
  leaveLastOut,
  loadDataset,
  loadNamedDataset,
  tieOrder,
} from './index.ts';

const day = 86_400;

/** Baskets of five items a day, written in the order of the item ids. */
function baskets(ties: 'file-order' | 'shuffle') {
  const users: number[] = [];
  const items: number[] = [];
  const times: number[] = [];
  for (let user = 0; user < 60; user++) {
    for (let event = 0; event < 20; event++) {
      users.push(user);
      items.push(100 * (user % 7) + (event % 5));
      times.push(day * (1000 + Math.floor(event / 5)));
    }
  }
  return interactionsFromArrays({ name: 'baskets', users, items, timestamps: times, ties });
}

it('tells an order of the file from an order of events', () => {
  const sorted = tieOrder(baskets('file-order'));
  expect(sorted).toMatchObject({ tied: 960, repeatedPairs: 28, oneWay: 28, resolution: day, suspicious: true });
  const shuffled = tieOrder(baskets('shuffle'));
  expect(shuffled).toMatchObject({ tied: 960, repeatedPairs: 70, resolution: day, suspicious: false });
  expect(Math.abs(shuffled.deviations)).toBeLessThan(5);
});

it('is part of the leakage report', () => {
  const check = (ties: 'file-order' | 'shuffle') =>
    leakageReport(leaveLastOut(baskets(ties))).checks.find((c) => c.name === 'order-inside-ties');
  expect(check('file-order')).toMatchObject({
    value: 28,
    share: 1,
    verdict: 'note',
    text:
      '28 of 28 pairs of items that were neighbours at the same time (times are whole days) more than once always came the ' +
      "same way round, 0 would by chance: the order inside a time is the file's, and a model can learn it; see ties: 'shuffle'.",
  });
  expect(check('shuffle')).toMatchObject({ verdict: 'ok' });
});

it('finds no ties where there are no times', () => {
  const bare = interactionsFromArrays({ name: 'bare', users: [1, 1], items: [1, 2] });
  expect(tieOrder(bare)).toMatchObject({ tied: 0, repeatedPairs: 0, suspicious: false });
});

// Amazon's reviews may not be redistributed: SEQREC_DATA names a folder that has them, else the test is skipped.
const folder = process.env.SEQREC_DATA;
it.skipIf(folder === undefined || !existsSync(join(folder, 'amazon2014-beauty')))(
  'detects the trap of the Amazon files, and that the reader avoids it',
  async () => {
    const path = join(folder as string, 'amazon2014-beauty');
    const asWritten = tieOrder(await loadDataset({ format: 'amazon', path, ties: 'file-order' }));
    expect(asWritten).toMatchObject({ tied: 77_402, resolution: day, suspicious: true });
    expect(asWritten.oneWay).toBe(asWritten.repeatedPairs);
    const prepared = tieOrder(await loadNamedDataset('amazon-beauty', folder as string));
    expect(prepared).toMatchObject({ tied: 77_402, suspicious: false });
  },
);
