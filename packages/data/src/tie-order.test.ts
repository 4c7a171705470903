import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  type DatasetSource,
  datasetEntry,
  type Interactions,
  interactionsFromArrays,
  leakageReport,
  leaveLastOut,
  loadDataset,
  loadNamedDataset,
  type TieRule,
  tieOrder,
} from './index.ts';

const day = 86_400;

/** Baskets of five items a day, written in the order of the item ids. */
function baskets(ties: TieRule, tieSeed = 0) {
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
  return interactionsFromArrays({ name: 'baskets', users, items, timestamps: times, ties, tieSeed });
}

it('tells an order of the file from an order of events', () => {
  const sorted = tieOrder(baskets('file-order'));
  expect(sorted).toMatchObject({ tied: 960, repeatedPairs: 28, oneWay: 28, resolution: day, suspicious: true });
  const shuffled = tieOrder(baskets('shuffle'));
  expect(shuffled).toMatchObject({ tied: 960, repeatedPairs: 70, resolution: day, suspicious: false });
  expect(Math.abs(shuffled.deviations)).toBeLessThan(5);
});

it('sorts ties by item in one order for all users, which is by chance', () => {
  const sorted = baskets('by-item');
  expect(tieOrder(sorted)).toMatchObject({ tied: 960, repeatedPairs: 28, oneWay: 28, suspicious: true });
  const days = (i: Interactions): string[] =>
    Array.from({ length: i.numEvents / 5 }, (_, basket) => i.itemIds.slice(5 * basket, 5 * basket + 5).join(' '));
  // Each of the seven sets of five items has one order, of 120 possible ones that of the ids in few.
  expect(new Set(days(sorted)).size).toBe(7);
  expect(new Set([...days(sorted), ...days(baskets('file-order'))]).size).toBeGreaterThan(10);
  expect(new Set([...days(sorted), ...days(baskets('by-item', 1))]).size).toBeGreaterThan(10);
  expect(days(baskets('by-item'))).toEqual(days(sorted));
  expect(sorted.steps[1].detail).toContain('sorted by item, in an order by chance with seed 0');
});

it('is part of the leakage report', () => {
  const check = (ties: TieRule) =>
    leakageReport(leaveLastOut(baskets(ties))).checks.find((c) => c.name === 'order-inside-ties');
  expect(check('file-order')).toMatchObject({
    value: 28,
    share: 1,
    verdict: 'note',
    text:
      '28 of 28 pairs of items that were neighbours at the same time (times are whole days) more than once always came the ' +
      "same way round, 0 would by chance: the order inside a time is one of items, and a model can learn it; ties: 'shuffle' (--data.ties shuffle) breaks it.",
  });
  expect(check('shuffle')).toMatchObject({ verdict: 'ok' });
});

it('finds no ties where there are no times', () => {
  const bare = interactionsFromArrays({ name: 'bare', users: [1, 1], items: [1, 2] });
  expect(tieOrder(bare)).toMatchObject({ tied: 0, repeatedPairs: 0, suspicious: false });
});

// The data sets may not be redistributed: SEQREC_DATA names a folder that has them, else these tests are skipped.
const folder = process.env.SEQREC_DATA;
const has = (file: string): boolean => folder !== undefined && existsSync(join(folder, file));

describe.each([
  { name: 'amazon-beauty', file: 'amazon2014-beauty', tied: 77_402, resolution: day, trap: true },
  { name: 'amazon-sports', file: 'amazon2014-sports', tied: 124_223, resolution: day, trap: true },
  { name: 'amazon-grocery', file: 'amazon2014-grocery', tied: 31_116, resolution: day, trap: true },
  { name: 'ml-latest-small', file: 'ml-latest-small.zip', tied: 15_790, resolution: 1, trap: true },
  { name: 'ml-1m', file: 'ml-1m.zip', tied: 460_386, resolution: 1, trap: false },
  { name: 'ml-100k', file: 'ml-100k.zip', tied: 50_561, resolution: 1, trap: false },
])('$name', ({ name, file, tied, resolution, trap }) => {
  it.skipIf(!has(file))(
    'the trap is found in the file as it is written, and is not there as the data set is prepared',
    async () => {
      const source = { ...datasetEntry(name).source, path: join(folder as string, file), ties: 'file-order' };
      const asWritten = tieOrder(await loadDataset(source as DatasetSource));
      expect(asWritten).toMatchObject({ tied, resolution, suspicious: trap });
      if (trap) expect(asWritten.oneWay).toBe(asWritten.repeatedPairs);
      const prepared = tieOrder(await loadNamedDataset(name, folder as string));
      expect(prepared).toMatchObject({ tied, resolution, suspicious: false });
      expect(Math.abs(prepared.deviations)).toBeLessThan(4);
    },
  );
});

/**
 * Share of the users whose last item is among the ten that most often came after (`step` 1) or before (-1) the one
 * before it in training, items of the history left out, equal counts by lower id.
 */
function markovRecall(i: Interactions, step: 1 | -1): number {
  const { itemIds, userOffsets } = i;
  const counts = new Map<number, Map<number, number>>();
  for (let u = 0; u < i.numUsers; u++) {
    for (let e = userOffsets[u]; e + 1 < userOffsets[u + 1] - 2; e++) {
      const [from, to] = step === 1 ? [itemIds[e], itemIds[e + 1]] : [itemIds[e + 1], itemIds[e]];
      const row = counts.get(from) ?? new Map<number, number>();
      counts.set(from, row.set(to, (row.get(to) ?? 0) + 1));
    }
  }
  let hits = 0;
  for (let u = 0; u < i.numUsers; u++) {
    const last = userOffsets[u + 1] - 1;
    const row = counts.get(itemIds[last - 1]);
    const count = row?.get(itemIds[last]);
    if (row === undefined || count === undefined) continue;
    const history = new Set(itemIds.subarray(userOffsets[u], last));
    const before = [...row].filter(
      ([item, n]) => !history.has(item) && (n > count || (n === count && item < itemIds[last])),
    );
    if (before.length < 10) hits++;
  }
  return hits / i.numUsers;
}

// Recall@10 as counted elsewhere for the same files and split; ties shuffled: a mean of five shuffles
// that differ by up to .003.
for (const { name, file, asWritten, shuffled } of [
  { name: 'amazon-beauty', file: 'amazon2014-beauty', asWritten: [0.0629, 0.0252], shuffled: [0.0481, 0.0432] },
  { name: 'amazon-sports', file: 'amazon2014-sports', asWritten: [0.0343, 0.0106], shuffled: [0.0278, 0.0248] },
]) {
  it.skipIf(!has(file))(
    `${name}: a Markov chain is better forwards than backwards in the order of the file, hardly as it is prepared`,
    async () => {
      const path = join(folder as string, file);
      const written = await loadDataset({ format: 'amazon', path, ties: 'file-order' });
      const prepared = await loadNamedDataset(name, folder as string);
      for (const [i, step] of ([1, -1] as const).entries()) {
        expect(Math.abs(markovRecall(written, step) - asWritten[i])).toBeLessThan(0.00006);
        expect(Math.abs(markovRecall(prepared, step) - shuffled[i])).toBeLessThan(0.003);
      }
    },
  );
}
