import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ExampleSet, fitTransform, labelOf, trainingRows } from '@seqrec/data';
import { afterAll, describe, expect, test } from 'vitest';
import { dataConfigSchema } from '../config/data-schema.ts';
import { Progress } from '../terminal/progress.ts';
import { prepareData } from './dataset.ts';
import { prepareRows } from './prepare-rows.ts';

const folder = mkdtempSync(join(tmpdir(), 'seqrec-rows-'));
afterAll(() => rmSync(folder, { recursive: true }));

const quiet = new Progress({ quiet: true });
const prepared = (config: object, data = '') => prepareRows(dataConfigSchema().parse(config), data, quiet);
const label = { column: 'stars', positiveAbove: 3, negativeBelow: 3 };

/** Stars 1 to 5 in turn, each from 40 rows; no value in every eleventh row. */
const stars = (k: number): number | '' => (k % 11 === 0 ? '' : 1 + (k % 5));
function table(name: string, value: (k: number) => number | '' = stars, rows = 220) {
  const path = join(folder, `${name}.csv`);
  const lines = Array.from(
    { length: rows },
    (_, k) => `u${k % 7},i${k % 13},${1_600_000_000 + k},${value(k)},${k / 8}`,
  );
  writeFileSync(path, `user,item,at,stars,dwell\n${lines.join('\n')}\n`);
  const columns = { user: 'user', item: 'item', time: 'at', stars: 'number', dwell: 'number' };
  return { format: 'csv', path, columns, split: 'random' };
}

const counted = (set: ExampleSet | undefined) => {
  if (set === undefined) return undefined;
  const { values } = labelOf(set.interactions);
  return [set.targets.length, set.targets.reduce((sum, target) => sum + values[target], 0)];
};

describe('prepareRows', () => {
  test.each(['random', 'rows-by-time', { kind: 'rows-by-time', validation: 0, test: 0.25 }])(
    'gives labelled rows in parts by %j',
    async (split) => {
      const { split: made, labels } = await prepared({ ...table('good'), label, split });
      const parts = [made.train, made.validation, made.test].map((set) => counted(set) ?? [0, 0]);
      const labelled = Array.from({ length: 220 }, (_, k) => stars(k)).filter((value) => value !== '' && value !== 3);
      const positives = labelled.filter((value) => Number(value) > 3).length;
      const [rows, above] = [0, 1].map((k) => parts.reduce((sum, part) => sum + part[k], 0));
      expect([rows, above]).toEqual([labelled.length, positives]);
      expect([labels, made.examples]).toEqual([['label'], 'points']);
      expect(parts[1][0] === 0).toBe(typeof split !== 'string');
      expect(made.interactions.steps.map(({ name }) => name)).toContain('label');
    },
  );

  test('takes cold items out of what trains, with and without a history, and weighs pieces by what is left', async () => {
    const config = dataConfigSchema().parse({ ...table('cold'), label, coldItems: { share: 0.3, seed: 2 } });
    for (const model of [{}, { userHistory: { maxEvents: 5, sameTime: 'hidden' as const } }]) {
      const { split } = await prepareRows(config, '', quiet, model);
      const { itemIds } = split.interactions;
      const seen = (set: ExampleSet): Set<number> =>
        new Set(
          Array.from(set.targets, (target, e) => {
            const length = target - set.starts[e];
            const history = Array.from({ length }, (_, k) => set.events!.indices[set.events!.offsets[e] + k]);
            return [target, ...history].map((event) => itemIds[event]);
          }).flat(),
        );
      const [trained, tested] = [seen(split.train), new Set(Array.from(split.test.targets, (event) => itemIds[event]))];
      expect(trained.size).toBeLessThan(13);
      expect([...tested].some((item) => !trained.has(item))).toBe(true);
      expect(split.step.counts.coldItems).toBe(13 - trained.size);
    }
  });

  test('takes labels that there are, numbers among them', async () => {
    const { labels, split } = await prepared({ ...table('regression'), labels: ['dwell', 'stars'] });
    expect([labels, split.interactions.numEvents]).toEqual([['dwell', 'stars'], 220]);
  });

  test('drops rows before the core is taken', async () => {
    const { split } = await prepared({ ...table('core'), label, kCore: 10 });
    expect(split.interactions.steps.map(({ name }) => name)).toEqual(['read', 'sort', 'label', 'kCore']);
  });

  test.each<[string, object, string]>([
    [
      'leave-last-out',
      { split: 'leave-last-out', label },
      'data.split: expected a split of rows, which a ranker learns from; got leave-last-out, whose examples are sequences of users; use random, rows-by-time, last-rows or given',
    ],
    [
      'no label',
      {},
      'data.labels: expected a label, which a ranker learns; got none in no label; name columns (--data.labels), or make one',
    ],
    [
      'heldOut',
      { label, heldOut: { share: 0.1 } },
      'data.heldOut: expected it with a split into sequences of users alone',
    ],
  ])('refuses %s', async (name, changes, message) => {
    await expect(prepared({ ...table(name), ...changes })).rejects.toThrow(message);
  });

  test('refuses a world of sequences', async () => {
    const world = { format: 'synthetic', records: 200, items: 400, categories: 4, length: 16, seed: 1 };
    await expect(prepared(world)).rejects.toThrow('data.format: expected data of rows with a label; got synthetic');
  });
});

test.each(['random', 'rows-by-time'])('prepareData refuses %s, as models of sequences do', async (split) => {
  const config = dataConfigSchema().parse({ ...table('sequences'), label, split });
  await expect(prepareData(config, '', quiet)).rejects.toThrow(
    `data.split: expected a split into sequences of users, which the models train on; got ${split}, whose examples are rows for a ranker`,
  );
});

// Needs the published file, which is not part of the repository.
describe.skipIf(!process.env.SEQREC_DATA)('ML-1M, ratings above 3 against those below', () => {
  const data = process.env.SEQREC_DATA as string;
  const config = { format: 'named', name: 'ml-1m', label: { ...label, column: 'rating' } };

  test('by chance', async () => {
    const { split } = await prepared({ ...config, split: 'random' }, data);
    expect(split.interactions.numEvents).toBe(739_012);
    expect(split.interactions.steps.at(-1)?.counts).toMatchObject({
      ...{ positives: 575_281, negatives: 163_731, between: 261_197, missing: 0 },
      ...{ droppedUsers: 0, droppedItems: 0 },
    });
    const parts = [split.train, split.validation, split.test].map((set) => counted(set) ?? [0, 0]);
    expect(parts.map(([rows]) => rows)).toEqual([591_210, 73_901, 73_901]);
    expect(parts.reduce((sum, [, positives]) => sum + positives, 0)).toBe(575_281);
    // Ten decades of release, those of the training part.
    const { interactions, train } = split;
    const year = interactions.itemTable.columns.get('year');
    if (year === undefined) return expect.unreachable();
    const decades = fitTransform({ columns: ['year'], encode: 'steps', width: 10 }, [year], trainingRows(train).items);
    expect(decades).toMatchObject({ steps: [191, 192, 193, 194, 195, 196, 197, 198, 199, 200] });
  });

  test('by time', async () => {
    const { split } = await prepared({ ...config, split: { kind: 'rows-by-time', test: 0.1, validation: 0.1 } }, data);
    // Counted by another program from the file: 10 % of the rows are not older than the cut, and none ties with it.
    expect([split.train, split.validation, split.test].map(counted)).toEqual([
      [591_210, 461_570],
      [73_901, 57_609],
      [73_901, 56_102],
    ]);
    expect(split.cuts).toEqual({ validationTime: 975_729_502, testTime: 978_036_619 });
  });
});
