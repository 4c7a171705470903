import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { zipBytes } from '../../test/fixtures.ts';
import {
  countExamples,
  detectFormat,
  type ExampleSet,
  type FuxiCtrSource,
  givenSplit,
  leakageReport,
  loadDataset,
  randomSplit,
  trainTest,
  valueText,
} from '../index.ts';

const root = mkdtempSync(join(tmpdir(), 'seqrec-fuxictr-'));
afterAll(() => rmSync(root, { recursive: true }));

const train = 'label,user_id,movie,price,hour\n1,7,m1,2.5,10\n0,7,m2,,11\n1,8,m1,3,\n0,9,m3,1e2,10\n';
const valid = 'label,user_id,movie,price,hour\n1,7,m3,4,12\n0,10,m9,0,10\n';
const test = 'label,user_id,movie,price,hour\n0,8,m2,5,10\n';
const good = { 'train.csv': train, 'valid.csv': valid, 'test.csv': test };

let folders = 0;
function write(files: Record<string, string | Uint8Array>): string {
  const folder = join(root, String(folders++));
  mkdirSync(folder);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}
const load = (files: Record<string, string | Uint8Array>, rest: Partial<FuxiCtrSource> = {}, options = {}) =>
  loadDataset({ ...rest, format: 'fuxictr', path: write(files), name: 'rows' }, options);

/** The rows of a set as texts, one of each named column. */
const rowsOf = (set: ExampleSet | undefined, ...names: string[]): string[] =>
  Array.from(set?.targets ?? [], (target) =>
    names
      .map((name) => {
        const column = set?.interactions.events.columns.get(name);
        return column === undefined ? '?' : valueText(column, target);
      })
      .join(','),
  );
const price = { further: { price: { kind: 'number' } } } as const;

describe('the CSV layout of FuxiCTR', () => {
  it('is rows of one label and fields of ids, and the split that the files are', async () => {
    const i = await load(good, price);
    expect([i.numUsers, i.numItems, i.numEvents, i.hasTimestamps]).toEqual([1, 1, 7, false]);
    expect(i.roles).toEqual({ user: 'all rows', item: 'all rows', labels: ['label'], part: 'part' });
    expect(Array.from(i.events.columns, ([name, { kind }]) => `${name} ${kind}`)).toEqual([
      ...[
        'all rows id',
        'position time',
        'label number',
        'user_id id',
        'movie id',
        'hour id',
        'price number',
        'part id',
      ],
    ]);
    const split = givenSplit(i);
    expect(rowsOf(split.train, 'label', 'user_id', 'movie', 'price', 'hour')).toEqual([
      ...['1,7,m1,2.5,10', '0,7,m2,NaN,11', '1,8,m1,3,', '0,9,m3,100,10'],
    ]);
    expect(rowsOf(split.validation, 'label', 'user_id', 'movie', 'part')).toEqual([
      '1,7,m3,validation',
      '0,10,m9,validation',
    ]);
    expect(rowsOf(split.test, 'label', 'movie', 'part')).toEqual(['0,m2,test']);
    expect(split).toMatchObject({ protocol: 'given', examples: 'points' });
    expect(split.step.detail).toBe(
      'given: the parts of the data, 4 rows train, 2 validate and 1 test; examples have no history.',
    );
    expect(countExamples(split.train)).toMatchObject({ examples: 4, positives: 2, withoutHistory: 4 });
    expect(leakageReport(split).leaks).toBe(false);
    expect(i.steps[0].detail).toMatch(/^Read 7 events of 1 users from train\.csv, valid\.csv, test\.csv;/);
  });

  it('takes users, items and times where fields are those', async () => {
    const i = await load(good, { ...price, columns: { user: 'user_id', item: 'movie' } });
    expect([i.numUsers, i.numItems]).toEqual([4, 4]);
    expect(i.roles).toMatchObject({ user: 'user_id', item: 'movie', part: 'part' });
    const split = givenSplit(i);
    expect(rowsOf(split.train, 'movie', 'price').sort()).toEqual(['m1,2.5', 'm1,3', 'm2,NaN', 'm3,100']);
    expect(Array.from(split.validation?.users ?? [], (u) => i.users.external(u)).sort()).toEqual(['10', '7']);
    expect(rowsOf(split.test, 'movie', 'label')).toEqual(['m2,0']);
  });

  it('is the same from a zip, from gz files and from the cache, and is found by its files', async () => {
    const { digest } = await load(good);
    const zip = join(root, 'rows.zip');
    writeFileSync(zip, zipBytes(Object.fromEntries(Object.entries(good).map(([name, text]) => [`x1/${name}`, text]))));
    expect((await loadDataset({ format: 'fuxictr', path: zip })).digest).toBe(digest);
    const gz = Object.fromEntries(Object.entries(good).map(([name, text]) => [`${name}.gz`, gzipSync(text)]));
    expect((await load(gz)).digest).toBe(digest);
    const source = { format: 'fuxictr', path: write(good) } as const;
    const cacheDir = join(root, 'cache');
    await loadDataset(source, { cacheDir });
    const cached = await loadDataset(source, { cacheDir });
    expect([cached.digest, cached.roles.part]).toEqual([digest, 'part']);
    expect(rowsOf(givenSplit(cached).test, 'movie')).toEqual(['m2']);
    expect(await detectFormat(source.path)).toEqual(source);
  });

  it('can be split by chance as well', async () => {
    const split = randomSplit(await load(good), { testShare: 0.3, validationShare: 0 });
    expect([split.train.targets.length, split.test.targets.length]).toEqual([5, 2]);
  });

  it('names file and line of what is wrong', async () => {
    const bad = async (files: Record<string, string>, rest: Partial<FuxiCtrSource> = {}) =>
      load({ ...good, ...files }, rest).then(
        () => 'read',
        (error: Error) => error.message.replaceAll(/\S*\/(?=[\w.]+\.csv)/g, ''),
      );
    expect(await bad({ 'valid.csv': 'label,user_id,movie,hour,price\n1,7,m3,4,12\n' })).toBe(
      'readFuxiCtr: valid.csv:1: expected the header of train.csv, label, user_id, movie, price, hour; got label, user_id, ' +
        'movie, hour, price; the three files have the same fields in the same order',
    );
    expect(await bad({ 'test.csv': `${test}0,8,m2\n` })).toMatch(/^readFuxiCtr: test\.csv:3: expected 5 fields/);
    expect(await bad({ 'valid.csv': `${valid}x,8,m2,1,1\n` })).toMatch(
      /^readFuxiCtr: valid\.csv:4: expected a finite number in label; got "x"/,
    );
    expect(await bad({ 'test.csv': '' })).toContain('test.csv: expected rows; got an empty file');
    expect(await bad({}, { labels: ['clk'] })).toBe(
      'readFuxiCtr: train.csv:1: expected a field of the header for labels; got "clk" of label, user_id, movie, price, hour; ' +
        'say which fields are labels (labels, --data.labels)',
    );
    expect(await bad({}, { further: { prize: { kind: 'number' } } })).toContain(
      'expected a field of the header for further; got "prize" of label, user_id, movie, price, hour',
    );
    expect(await bad({ 'train.csv': train.replace('hour', 'part') })).toContain('expected another field than "part"');
    await expect(load({ 'train.csv': train, 'test.csv': test })).rejects.toThrow(
      'expected train.csv, valid.csv, test.csv; got test.csv, train.csv',
    );
  });

  it('counts bad rows of each file where that is asked for', async () => {
    const rows = { ...good, 'train.csv': `${train}x,1,m1,1,1\n`, 'test.csv': `${test}y,1,m1,1,1\nz,1,m1,1,1\n0,1\n` };
    const i = await load(rows, {}, { lenient: true });
    expect(i.numEvents).toBe(7);
    expect(i.steps[0].problems?.map(({ file, count, firstLines }) => [file, count, firstLines])).toEqual([
      ['train.csv', 1, [6]],
      ['test.csv', 2, [3, 4]],
      ['test.csv', 1, [5]],
    ]);
  });

  it('has a part for every row, and other data have none', async () => {
    const i = await load(good);
    const part = i.events.columns.get('part');
    if (part?.kind !== 'id') throw new Error('no part');
    const without = (events: readonly number[]) => {
      const values = part.values.slice();
      for (const e of events) values[e] = 0;
      const columns = new Map(i.events.columns).set('part', { ...part, values });
      return givenSplit({ ...i, events: { ...i.events, columns } });
    };
    expect(() => without([3])).toThrow('givenSplit: expected a part train, validation, test of each row; got none');
    expect(() => givenSplit({ ...i, roles: { ...i.roles, part: undefined } })).toThrow(
      'givenSplit: expected data that come in parts; got rows, which does not; take another split (--data.split random)',
    );
    expect(() => givenSplit({ ...i, roles: { ...i.roles, part: 'movie' } })).toThrow('of each row; got m1');
    const onlyTest = { ...part, values: part.values.map(() => part.ids.dense('test') ?? 0) };
    const columns = new Map(i.events.columns).set('part', onlyTest);
    expect(() => givenSplit({ ...i, events: { ...i.events, columns } })).toThrow('expected rows in the train part');
    expect(() => trainTest(i)).not.toThrow();
  });
});
