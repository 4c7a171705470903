import { existsSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { main } from '../main.ts';
import { Progress } from '../terminal/progress.ts';
import { describeData, renderData } from './describe-data.ts';

const folder = mkdtempSync(join(tmpdir(), 'seqrec-data-'));
const progress = new Progress({ quiet: true });

/** Eight users who take five of six items in turn, a minute apart. */
function writeTable(name: string, time: (user: number, event: number) => string): string {
  const rows = Array.from({ length: 40 }, (_, i) => {
    const [user, event] = [Math.floor(i / 5), i % 5];
    return `u${user},i${(user + event) % 6},${time(user, event)}`;
  });
  const file = join(folder, name);
  writeFileSync(file, `who,what,when\n${rows.join('\n')}\n`);
  return file;
}

const columns = { user: 'who', item: 'what', time: 'when' };
const seconds = (user: number, event: number) => String(1_600_000_000 + user * 7 + event * 60);

test('a file of one`s own is described under every split', async () => {
  const summaries = await describeData({
    dataset: writeTable('good.csv', seconds),
    download: false,
    lenient: false,
    columns,
    progress,
  });
  expect(summaries.map((summary) => summary.split)).toEqual(['leave-last-out', 'train-test', 'global-time']);
  expect(summaries[0].statistics).toMatchObject({ users: 8, items: 6, events: 40 });
  expect(summaries[0].examples).toEqual({ train: 8, validation: 8, test: 8 });
  const shown = renderData(summaries);
  expect(shown).toContain('4-7 │████████████████████████████████████████ 8');
  expect(shown).toContain(summaries[0].digest);
  expect(shown).toContain('Split train-test: 8 train, 8 test examples');
  expect(shown).toContain('there is no validation part');
});

test('dates without a time unit are an error that says which option reads them', async () => {
  const dataset = writeTable('dates.csv', (user, event) => `2024-01-0${1 + (user % 9)}T00:0${event}:00Z`);
  const request = { dataset, download: false, lenient: false, columns, progress };
  await expect(describeData(request)).rejects.toThrow('dates.csv:2: expected seconds since 1970');
  await expect(describeData(request)).rejects.toThrow("set timeUnit: 'iso'");
  expect((await describeData({ ...request, timeUnit: 'iso' }))[0].statistics.from).toBe('2024-01-01');
});

test('cut-offs above the size of the catalogue are refused before training, and nothing is left behind', async () => {
  const out = join(folder, 'runs');
  const errors: string[] = [];
  const spy = vi.spyOn(console, 'error').mockImplementation((text) => void errors.push(text));
  const given = [
    '--data.path',
    writeTable('small.csv', seconds),
    '--data.columns.user',
    'who',
    '--data.columns.item',
    'what',
    '--data.columns.time',
    'when',
  ];
  const code = await main([
    'train',
    'csv/sasrec',
    ...given,
    '--data.kCore',
    '1',
    '--out',
    out,
    '--quiet',
    '--backend',
    'cpu',
  ]);
  spy.mockRestore();
  expect(errors[0]).toContain(
    'evaluation.ks: expected cut-offs of at most 6, the number of items to choose from; got 50',
  );
  expect(code).toBe(2);
  expect(existsSync(out)).toBe(false);
});

// Needs the published file, which is not part of the repository.
test.skipIf(!process.env.SEQREC_DATA)('ML-100K has its published size', async () => {
  const [summary] = await describeData({ dataset: 'ml-100k', download: false, lenient: false, columns, progress });
  expect(summary.statistics).toMatchObject({ users: 943, items: 1682, events: 100_000 });
});
