import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runCli } from '../../testing/run-cli.ts';
import { readMetrics } from '../folder/metrics-log.ts';
import type { RunResults } from '../folder/results.ts';
import { flatWindowTests } from './window-tests.ts';

const cwd = mkdtempSync(join(tmpdir(), 'seqrec-windows-'));
const lines = ['user,item,at'];
for (let user = 0; user < 60; user++)
  for (let e = 0; e < 12 + user; e++) lines.push(`u${user},i${(user * 3 + e * e + (e % 5) * user) % 70},${1000 * e}`);
writeFileSync(join(cwd, 'events.csv'), lines.join('\n'));

const training = [
  'csv/hstu',
  '--data.path=events.csv',
  '--data.columns.user=user',
  '--data.columns.item=item',
  '--data.columns.time=at',
  '--data.heldOut.share=0.3',
  '--model.maxSequenceLength=8',
  '--model.embeddingDim=16',
  '--model.dqk=8',
  '--model.dv=8',
  '--training.batchSize=16',
  '--windows.policy=strided-offset',
  '--windows.schedule.epochs=3',
  '--windows.schedule.controlEpochs=1',
  '--windows.schedule.order=interleaved',
  '--evaluation.checkpoint=last',
];

function runIn(out: string): { readonly results: RunResults; readonly losses: readonly unknown[] } {
  const path = join(cwd, out, readdirSync(join(cwd, out))[0]);
  const results = JSON.parse(readFileSync(join(path, 'results.json'), 'utf8')) as RunResults;
  const losses = readMetrics(join(path, 'metrics.jsonl')).map((record) => record.type === 'step' && record.loss);
  return { results, losses: losses.filter((loss) => loss !== false) };
}

// One story: train, train in two parts, evaluate.
test('a run on windows is tested on the three sets, and equals one that was resumed', async () => {
  const [whole, part] = await Promise.all([
    runCli(['train', ...training, '--epochs', '4', '--out', 'whole'], cwd),
    runCli(['train', ...training, '--epochs', '2', '--out', 'part'], cwd),
  ]);
  expect(whole, whole.stderr).toMatchObject({ code: 0 });
  expect(part, part.stderr).toMatchObject({ code: 0 });
  expect(whole.stdout).toMatch(/test set +queries .* perplexity/);
  const resumed = await runCli(['train', '--resume', 'latest', '--out', 'part', '--epochs', '4'], cwd);
  expect(resumed, resumed.stderr).toMatchObject({ code: 0 });
  const { results, losses } = runIn('whole');
  expect(runIn('part')).toMatchObject({ losses, results: { windowTests: results.windowTests, final: results.final } });

  const tests = results.windowTests!;
  expect(Object.keys(tests.sets)).toEqual(['recent', 'older', 'future']);
  expect(tests.sets.future!.queries).toBe(60);
  // Eight queries a window.
  expect(tests.sets.older!.queries % 8).toBe(0);
  const { perplexity: _, ...future } = tests.sets.future!.metrics;
  expect(future).toEqual(results.final!.metrics);
  expect(flatWindowTests(tests)['older/perplexity']).toBe(tests.sets.older!.metrics.perplexity);

  const evaluated = await runCli(
    ['evaluate', 'latest', '--out', 'whole', '--windows', '--checkpoint', 'last', '--json'],
    cwd,
  );
  expect(JSON.parse(evaluated.stdout).sets).toEqual(tests.sets);
});

test('refuses the window tests of a run that trained on all users', async () => {
  const all = training.filter((argument) => !argument.startsWith('--data.heldOut'));
  const trained = await runCli(['train', ...all, '--epochs', '1', '--out', 'all'], cwd);
  expect(trained, trained.stderr).toMatchObject({ code: 0 });
  const refused = await runCli(['evaluate', 'latest', '--out', 'all', '--windows'], cwd);
  expect(refused.stderr).toContain(
    '--windows: expected a run that kept users out of training; got one that trained on all; train with --data.heldOut.share 0.1',
  );
  expect(refused.code).toBe(2);
});
