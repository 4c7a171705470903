import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { tinyRecipe } from '../../testing/run-cli.ts';
import { runMain } from '../../testing/run-main.ts';
import { openRunDir } from '../folder/run-dir.ts';

const out = mkdtempSync(join(tmpdir(), 'seqrec-failed-'));
afterAll(() => rmSync(out, { recursive: true }));
const COLLAPSED = 'evaluate: expected scores that tell candidates apart; got one and the same score';

it('a run that failed says so and why: in its folder, in the report, and to who opens it', async () => {
  const options = ['--epochs', '1', '--optimizer.learningRate', '1e20', '--out', out, '--quiet'];
  const failed = await runMain('train', ...tinyRecipe, ...options);
  expect(failed).toMatchObject({ code: 1, errors: expect.stringContaining(COLLAPSED) });

  const run = openRunDir(out, 'latest');
  const results = () => JSON.parse(readFileSync(run.results, 'utf8')) as Record<string, unknown>;
  expect(results()).toMatchObject({ status: 'failed', error: expect.stringContaining(COLLAPSED), baselines: [] });
  // Written when it failed, and again by `report`.
  for (let i = 0; i < 2; i++) {
    const report = readFileSync(run.report, 'utf8');
    expect(report).toContain(`Failed after 0 epochs in 0.0 s: ${COLLAPSED}`);
    expect(report).not.toContain('How the numbers are defined');
    await runMain('report', run.path);
  }
  const evaluated = await runMain('evaluate', run.path);
  expect(evaluated.errors).toContain(`the run failed before its first checkpoint: ${COLLAPSED}`);

  const resumed = await runMain('train', '--resume', run.path, '--out', out, '--quiet');
  expect(resumed.errors).toContain(COLLAPSED);
  expect(results()).toMatchObject({ status: 'failed' });
});
