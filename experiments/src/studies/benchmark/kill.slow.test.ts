// A benchmark that is killed goes on with the same command, and ends with the tables of one that is left alone.
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { runCli, startCli } from '../../testing/run-cli.ts';

const folder = mkdtempSync(join(tmpdir(), 'seqrec-benchmark-kill-'));
const data = join(folder, 'data', 'amazon2014-beauty');
mkdirSync(data, { recursive: true });
const [USERS, LENGTH, ITEMS] = [80, 10, 30];
const events = Array.from({ length: USERS * LENGTH }, (_, e) => {
  const [user, place] = [Math.floor(e / LENGTH), e % LENGTH];
  return `${user + 1}\t${1 + ((7 * user + 3 * place + (place % 2)) % ITEMS)}\t${86_400 * (user % 20) + 86_400 * 5 * place}`;
});
writeFileSync(join(data, 'interactions.tsv'), `user\titem\ttimestamp\n${events.join('\n')}\n`);
const titles = Array.from({ length: ITEMS }, (_, i) => `${i + 1}\titem ${i + 1}`);
writeFileSync(join(data, 'items.tsv'), `item\ttitle\n${titles.join('\n')}\n`);

const command = [
  ...['benchmark', 'time-to-split', '--datasets=beauty', '--seeds=1,2', '--threads=1', '--quiet', '--retrain'],
  '--models=SASRec+;GRU4Rec',
  ...['--training.epochs=3', '--training.batchSize=16', '--model.maxSequenceLength=8', '--data.format=files'],
  ...['--evaluation.ks=[10]', `--data.path=${data}`],
];

/** The tables without what depends on the machine: times. */
function tables(out: string): unknown {
  const { rows, ...result } = JSON.parse(readFileSync(join(folder, out, 'benchmark.json'), 'utf8')) as {
    rows: Record<string, unknown>[];
    costs: unknown;
    command: string;
  };
  const steady = rows.map(({ seconds: _, run: __, ranks: ___, ...row }) => row);
  return { ...result, costs: undefined, command: undefined, rows: steady };
}

it('killed four times, it ends with the same tables', async () => {
  const whole = await runCli([...command, '--out', 'whole'], folder);
  expect(whole.code, whole.stderr).toBe(0);
  // Of other data than the published figures, so none of those is called reproduced.
  expect(tables('whole')).not.toHaveProperty('tolerance');
  for (const milliseconds of [2500, 4000, 7000, 10_000]) {
    const { child, ended } = startCli([...command, '--out', 'killed'], folder);
    const timer = setTimeout(() => child.kill('SIGKILL'), milliseconds);
    await ended;
    clearTimeout(timer);
  }
  const last = await runCli([...command, '--out', 'killed'], folder);
  expect(last.code, last.stderr).toBe(0);
  expect(tables('killed')).toEqual(tables('whole'));
}, 300_000);

it('two jobs end with the tables of one process, killed on the way too', async () => {
  const { child, ended } = startCli([...command, '--out', 'shared', '--jobs', '2'], folder);
  const timer = setTimeout(() => child.kill('SIGTERM'), 6000);
  const { code } = await ended;
  clearTimeout(timer);
  // Ended by the signal itself where it came before anything listened.
  expect([0, 143, null]).toContain(code);
  const last = await runCli([...command, '--out', 'shared', '--jobs', '2'], folder);
  expect(last.code, last.stderr).toBe(0);
  expect(tables('shared')).toEqual(tables('whole'));
}, 300_000);

it('what a job fails of is said once, and ends all', async () => {
  const failing = await runCli(
    [...command, '--out', 'failing', '--jobs', '2', '--optimizer.learningRate=1e30'],
    folder,
  );
  expect(failing.code).not.toBe(0);
  expect(failing.stderr).toMatch(/^error: /m);
  expect(failing.stderr.match(/^error: /gm)).toHaveLength(1);
}, 300_000);
