import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { zipBytes } from '../../test/fixtures.ts';
import { type DatasetSource, detectFormat, loadDataset } from '../index.ts';

const root = mkdtempSync(join(tmpdir(), 'seqrec-choose-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

let folders = 0;
function write(files: Readonly<Record<string, string>>): string {
  const folder = join(root, String(folders++));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}
/** The users of what is read: each file has its own. */
const usersOf = async (source: DatasetSource): Promise<readonly string[]> => {
  const { users, numUsers } = await loadDataset(source);
  return Array.from({ length: numUsers }, (_, u) => users.external(u));
};

const rows = (user: string) => `user,item,time\n${user},1,1300000000\n${user},2,1300000001\n`;
const csv = (path: string, file?: string): DatasetSource => ({
  ...{ format: 'csv', path, columns: { user: 'user', item: 'item', time: 'time' } },
  ...(file !== undefined && { file }),
});

describe('a file that is named', () => {
  it('is the one of exactly that name, before others that end in it', async () => {
    const files = { 'backup/events.csv': rows('old'), 'events.csv': rows('new') };
    expect(await usersOf(csv(write(files), 'events.csv'))).toEqual(['new']);
    expect(await usersOf(csv(write(files), 'backup/events.csv'))).toEqual(['old']);
    const zip = join(root, 'both.zip');
    writeFileSync(zip, zipBytes(files));
    expect(await usersOf(csv(zip, 'events.csv'))).toEqual(['new']);
  });

  it('is the only one that ends in it, and several are refused by their names', async () => {
    expect(await usersOf(csv(write({ 'a/events.csv': rows('a'), 'a/more.csv': rows('b') }), 'events.csv'))).toEqual([
      'a',
    ]);
    const two = write({ 'a/events.csv': rows('a'), 'b/events.csv': rows('b') });
    await expect(usersOf(csv(two, 'events.csv'))).rejects.toMatchObject({
      code: 'ambiguous-layout',
      message: expect.stringContaining('got a/events.csv, b/events.csv'),
      hint: 'name one of them with its folder',
    });
    expect(await usersOf(csv(two, 'b/events.csv'))).toEqual(['b']);
  });
});

const behaviors = (user: string) => `1\t${user}\t11/11/2019 9:05:58 AM\t\tN1-1 N2-0\n`;
const news = 'N1\tnews\tworld\tA title\tAn abstract\nN2\tnews\tworld\tAnother\tMore\n';
const reviews = (user: string) =>
  `${JSON.stringify({ user_id: user, business_id: 'b', stars: 5, date: '2018-07-07 10:09:11', useful: 0, funny: 0, cool: 0 })}\n`;
const business = `${JSON.stringify({ business_id: 'b', name: 'B' })}\n`;
const fields = (user: string) => `label,user,item\n1,${user},1\n`;
const parts = (folder: string, user: string) =>
  Object.fromEntries(['train', 'valid', 'test'].map((part) => [`${folder}${part}.csv`, fields(user)]));
const tsv = (user: string) => `user\titem\ttimestamp\n${user}\t1\t1300000000\n`;

describe('files of a published layout', () => {
  const fuxictr = { format: 'fuxictr', columns: { user: 'user', item: 'item' } } as const;
  const layouts: readonly [string, (folder: string, user: string) => Record<string, string>, object][] = [
    ['mind', (at, user) => ({ [`${at}behaviors.tsv`]: behaviors(user) }), { format: 'mind' }],
    ['yelp', (at, u) => ({ [`${at}review.json`]: reviews(u), [`${at}business.json`]: business }), { format: 'yelp' }],
    ['fuxictr', parts, fuxictr],
    ['amazon tsv', (at, user) => ({ [`${at}interactions.tsv`]: tsv(user) }), { format: 'amazon' }],
    ['amazon snap', (at, u) => ({ [`${at}ratings_Books.csv`]: `${u},1,5,1300000000\n` }), { format: 'amazon' }],
    [
      'user-lines',
      (at, user) => ({ [`${at}x_item.txt`]: `${user} 1\n`, [`${at}x_time.txt`]: `${user} 1300000000\n` }),
      { format: 'user-lines' },
    ],
  ];

  it.each(layouts)('of %s are those outside of folders, else those of the only folder', async (_, files, source) => {
    const load = (path: string) => usersOf({ ...source, path } as DatasetSource);
    expect(await load(write({ ...files('', 'new'), ...files('archive/', 'old') }))).toEqual(['new']);
    expect(await load(write(files('top/', 'one')))).toEqual(['one']);
  });

  it.each(layouts)('of %s in several folders are refused by their names', async (_, files, source) => {
    const path = write({ ...files('a/', 'x'), ...files('b/', 'y') });
    const [first] = Object.keys(files('', ''));
    const refusal = { code: 'ambiguous-layout', message: expect.stringContaining(`got a/${first}, b/${first}`) };
    await expect(usersOf({ ...source, path } as DatasetSource)).rejects.toMatchObject(refusal);
  });

  it('are found out only where there is one of them', async () => {
    await expect(detectFormat(write({ ...parts('a/', 'x'), ...parts('b/', 'y') }))).rejects.toMatchObject({
      code: 'ambiguous-layout',
    });
    expect(await detectFormat(write({ ...parts('', 'x'), ...parts('b/', 'y') }))).toMatchObject({ format: 'fuxictr' });
  });

  it('are never of two folders', async () => {
    const { 'test.csv': test, ...others } = parts('', 'x');
    const apart = write({ ...others, 'archive/test.csv': test });
    await expect(usersOf({ ...fuxictr, path: apart })).rejects.toMatchObject({ code: 'unknown-layout' });
    const elsewhere = { 'business.json': business, 'review.json': reviews('u') };
    const yelp = await loadDataset({
      format: 'yelp',
      path: write({ ...elsewhere, 'old/user.json': '{"user_id":"u","elite":"2010"}\n' }),
    });
    expect([...yelp.userTable.columns.keys()]).toEqual([]);
    const mind = await loadDataset({
      format: 'mind',
      path: write({ 'behaviors.tsv': behaviors('u'), 'dev/news.tsv': news }),
    });
    expect([...mind.itemTable.columns.keys()]).toEqual([]);
    const amazon = await loadDataset({
      format: 'amazon',
      path: write({
        'interactions.tsv': tsv('u'),
        'old/items.tsv': 'item\ttitle\n1\tT\n',
        'old/item2attributes.json': '{"1":[2]}',
      }),
    });
    expect([...amazon.itemTable.columns.keys()]).toEqual([]);
  });

  it('may be packed beside the same ones unpacked', async () => {
    const path = write({ 'interactions.tsv': tsv('u'), 'interactions.tsv.gz': 'not read' });
    expect(await usersOf({ format: 'amazon', path })).toEqual(['u']);
  });
});
