import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { runCli, startCli } from '../../testing/run-cli.ts';

const folder = mkdtempSync(join(tmpdir(), 'seqrec-kill-'));
const study = [
  'scale',
  'compute',
  '--recipe=synthetic/hstu',
  '--data.records=400',
  '--data.items=200',
  '--data.categories=5',
  '--data.length=24',
  '--training.shuffle=true',
  '--encoders=hstu,sasrec',
  '--widths=16,32',
  '--depths=1',
  '--lengths=8,24',
  '--levels=4',
  '--flops=1.2e9',
  '--threads=1',
  '--quiet',
];

function tables(out: string): Record<string, string> {
  const names = readdirSync(join(folder, out)).filter((name) => name.endsWith('.csv'));
  return Object.fromEntries(names.map((name) => [name, readFileSync(join(folder, out, name), 'utf8')]));
}

function countPoints(out: string): number {
  try {
    return readdirSync(join(folder, out, 'points')).filter((name) => name.endsWith('.json')).length;
  } catch {
    return 0;
  }
}

/** Starts the study and kills it as `kill -9` does, once it has written so many more points and then a little later. */
async function killAfter(more: number, later: number): Promise<void> {
  const goal = countPoints('killed') + more;
  const { child, ended } = startCli([...study, '--out', 'killed'], folder);
  while (child.exitCode === null && countPoints('killed') < goal) await new Promise((wake) => setTimeout(wake, 5));
  await new Promise((wake) => setTimeout(wake, later));
  child.kill('SIGKILL');
  await ended;
}

it('a study killed again and again ends with the tables of one left alone', async () => {
  const whole = await runCli([...study, '--out', 'whole'], folder);
  expect(whole.stderr).toBe('');
  expect(whole.code).toBe(0);

  for (const [more, later] of [
    [1, 0],
    [3, 37],
    [2, 11],
    [5, 3],
  ])
    await killAfter(more, later);
  expect(countPoints('killed')).toBeGreaterThanOrEqual(8);
  expect(countPoints('killed')).toBeLessThan(32);
  const resumed = await runCli([...study, '--out', 'killed'], folder);
  expect(resumed.code).toBe(0);
  expect(Object.keys(tables('whole')).sort()).toEqual(['fits.csv', 'frontier.csv', 'points.csv']);
  expect(tables('killed')).toEqual(tables('whole'));
  expect(resumed.stdout.replaceAll('killed', 'whole')).toBe(whole.stdout);

  const request = study.map((word) => word.replace('--levels=4', '--levels=3'));
  const other = await runCli([...request, '--out', 'killed'], folder);
  expect(other.code).toBe(1);
  expect(other.stderr).toContain('request.levels: expected 4 as in the study of this folder; got 3');
});
