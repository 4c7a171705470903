import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runCli } from '../../testing/run-cli.ts';

test('a service is asked, killed and started again, and its answers are those of full passes', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'seqrec-live-'));
  const rows = Array.from({ length: 400 }, (_, i) => `u${i % 40},i${(7 * i) % 60},${1000 + 60 * i}`);
  writeFileSync(join(folder, 'events.csv'), `user,item,time\n${rows.join('\n')}\n`);
  const columns = ['user', 'item', 'time'].flatMap((name) => [`--data.columns.${name}`, name]);
  const trained = await runCli(
    [
      ...['train', 'csv/hstu', '--data.path', 'events.csv', ...columns, '--data.columns.rating', 'none', '--quiet'],
      ...['--epochs', '1', '--evaluation.baselines', '[]', '--model.maxSequenceLength', '12'],
    ],
    folder,
  );
  expect(trained, trained.stderr).toMatchObject({ code: 0 });
  const asked = ['bench', 'serve', '--run', 'latest', '--minutes', '0.15', '--rate', '60', '--quiet', '--json'];
  const { code, stdout, stderr } = await runCli(asked, folder);
  expect(code, stderr).toBe(0);
  const { lives, lost, check } = JSON.parse(stdout);
  expect(lost).toBe(0);
  expect(lives).toHaveLength(2);
  expect(check.compared).toBeGreaterThan(50);
  expect(check.equal).toBe(check.compared);
  const refused = await runCli(['bench', 'serve', '--minutes', '1'], folder);
  expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('expected it with --run') });
});
