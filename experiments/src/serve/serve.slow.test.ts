import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runCli, startCli, tinyRecipe } from '../testing/run-cli.ts';
import { post } from './test-support/start-world.ts';

const cwd = mkdtempSync(join(tmpdir(), 'seqrec-serve-command-'));
const children = new Set<ReturnType<typeof startCli>['child']>();

beforeAll(async () => {
  const trained = await runCli(['train', ...tinyRecipe, '--epochs', '1', '--evaluation.baselines', '[]'], cwd);
  expect(trained, trained.stderr).toMatchObject({ code: 0 });
});

afterAll(() => {
  for (const child of children) child.kill('SIGKILL');
});

/** The command, listening. */
async function serve(...args: string[]) {
  const { child, ended } = startCli(['serve', 'latest', '--port', '0', ...args], cwd);
  children.add(child);
  let output = '';
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout?.on('data', (chunk) => {
      output += chunk;
      const [, found] = /(http:\/\/127\.0\.0\.1:\d+)\/docs/.exec(output) ?? [];
      if (found) resolve(found);
    });
    void ended.then(({ stderr }) => reject(new Error(output + stderr)));
  });
  return { child, ended, url, output: () => output };
}

const get = async (url: string) => (await fetch(url)).json();

describe.each([['1'], ['2']])('%s workers', (workers) => {
  const args = ['--workers', workers, '--log', `events-${workers}.jsonl`];

  test('what was acknowledged is there after kill -9, and answers are the same', async () => {
    const before = await serve(...args);
    const acknowledged = new Map<string, number>();
    let killed = false;
    const write = async (user: string): Promise<void> => {
      // The data have no times: places.
      for (let time = 0; !killed; time++) {
        const events = [{ item: String(1 + (time % 300)), time }];
        const reply = await post(`${before.url}/v1/users/${user}/events`, { events }).catch(() => undefined);
        if (reply?.status === 200) acknowledged.set(user, (reply.body as { events: number }).events);
        else if (!killed) throw new Error(JSON.stringify(reply));
      }
    };
    const writers = Array.from({ length: 20 }, (_, i) => write(`writer-${i}`));
    // The user of the data that `recommend` knows too.
    const top = await post(`${before.url}/v1/users/1/top`, { k: 5 });
    await sleep(1500);
    killed = true;
    before.child.kill('SIGKILL');
    await Promise.all([before.ended, ...writers]);
    expect(acknowledged.size).toBe(20);

    const after = await serve(...args);
    for (const [user, events] of acknowledged) {
      const about = (await get(`${after.url}/v1/users/${user}`)) as { events: number; last: { time: number } };
      // One more may have been written and not acknowledged.
      expect([events, events + 1]).toContain(about.events);
      expect(about.last.time).toBe(about.events - 1);
    }
    expect(await post(`${after.url}/v1/users/1/top`, { k: 5 })).toEqual(top);
    const { status, body } = await post(`${after.url}/v1/users/writer-1/score`, { candidates: ['1', '2', '3'] });
    expect([status, (body as { scores: number[] }).scores.length]).toEqual([200, 3]);

    const second = await runCli(['serve', 'latest', '--port', '0', ...args], cwd);
    expect(second.code).toBe(1);
    expect(second.stderr).toContain('its service: expected that no other process writes it');

    after.child.kill('SIGTERM');
    const ended = await after.ended;
    expect(ended).toMatchObject({ code: 0, signal: null });
    expect(ended.stderr).toContain(
      'SIGTERM: stopping; what has arrived is answered first\nstopped; the log is written',
    );
    const lines = readFileSync(join(cwd, args[3]), 'utf8').trim().split('\n');
    expect(lines.every((line) => typeof JSON.parse(line) === 'object')).toBe(true);
  });
});

test('answers as the command recommend does', async () => {
  const { child, ended, url } = await serve('--log', 'other.jsonl');
  const { body } = await post(`${url}/v1/users/1/top`, { k: 5 });
  child.kill('SIGINT');
  expect(await ended).toMatchObject({ code: 0 });
  const recommended = await runCli(['recommend', 'latest', '--user', '1', '-k', '5', '--json'], cwd);
  const expected = JSON.parse(recommended.stdout).recommendations as { item: string; score: number }[];
  const items = (body as { items: typeof expected }).items;
  expect(items.map(({ item }) => item)).toEqual(expected.map(({ item }) => item));
  for (const [i, { score }] of items.entries()) expect(Math.abs(score - expected[i].score)).toBeLessThan(1e-5);
});

test('--check compares with full passes', async () => {
  const { code, stdout } = await runCli(['serve', 'latest', '--check'], cwd);
  expect(stdout).toContain('the scorer answers as full passes do');
  expect(code).toBe(0);
});
