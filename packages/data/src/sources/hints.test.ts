// Hints name options that the source has, under the name that they have there.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { temporaryFile, temporaryFolder } from '../../test/fixtures.ts';
import { type DatasetSource, loadDataset } from '../index.ts';

async function hintOf(source: DatasetSource): Promise<string | undefined> {
  const error: unknown = await loadDataset(source).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return (error as { readonly hint?: string } | undefined)?.hint;
}

const lenient = 'lenient: true (--data.lenient true) skips and counts such rows';
const openQuote = 'label,u,i,t\n1,a,"x,1300000000\n0,b,y,1300000001\n';
const latin1 = Buffer.from('label,u,i,t\n1,é,x,1300000000\n0,b,y,1300000001\n', 'latin1');
const milliseconds = 'label,u,i,t\n1,a,x,1300000000000\n0,b,y,1300000001000\n';
const early = 'label,u,i,t\n1,a,x,15000\n0,b,y,15001\n';
const columns = { user: 'u', item: 'i', time: 't' } as const;

it.each([
  ['an open quote', openQuote, 'quote: false (--data.quote none)', lenient],
  ['bytes of another encoding', latin1, "encoding: 'latin1' (--data.encoding latin1)", lenient],
  ['another unit', milliseconds, "timeUnit: 'ms' (--data.timeUnit ms)", "timeUnit: 'ms' (--data.timeUnit ms)"],
  ['early times', early, 'such times are taken with allowEarlyTimes: true', '(--data.timeFormat %Y%m%d)'],
])('of %s are for the format', async (_, content, ofCsv, ofFuxiCtr) => {
  const folder = temporaryFolder();
  for (const name of ['train.csv', 'valid.csv', 'test.csv']) writeFileSync(join(folder, name), content);
  expect(await hintOf({ format: 'csv', path: join(folder, 'train.csv'), columns })).toContain(ofCsv);
  const hint = await hintOf({ format: 'fuxictr', path: folder, columns });
  expect(hint).toContain(ofFuxiCtr);
  expect(hint).not.toMatch(/quote|encoding|allowEarlyTimes/);
});

it('of layouts without options name none', async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'interactions.tsv'), 'user\titem\ttimestamp\na\tx\t1300000000000\n');
  expect(await hintOf({ format: 'amazon', path: folder })).toBe(lenient);
});

it.each([
  ['1300000000000', "are these milliseconds? set unit: 'ms' (--data.columns.born.unit ms)"],
  ['2011-03-13', "is this a date? set unit: 'iso' (--data.columns.born.unit iso)"],
  ['13.03.2011', lenient],
])('of a further column of times, %s, name its unit', async (born, hint) => {
  const further = { born: { kind: 'time' } } as const;
  const path = temporaryFile('e.csv', `u,i,t,born\na,x,1300000000,${born}\n`);
  expect(await hintOf({ format: 'csv', path, columns, further })).toBe(hint);
  const users = temporaryFile('u.csv', `id,born\na,${born}\n`);
  const side = { path: users, id: 'id', columns: further };
  expect(await hintOf({ format: 'csv', path, columns, users: side })).toBe(
    hint.replace('--data.columns', '--data.users.columns'),
  );
});

it('of a file of users name its own options', async () => {
  const path = temporaryFile('e.csv', 'u,i,t\na,x,1300000000\n');
  const users = { path: temporaryFile('u.csv', 'id,age\n"a,1\n'), id: 'id', columns: {} };
  expect(await hintOf({ format: 'csv', path, columns, users })).toContain('quote: false (--data.users.quote none)');
});
