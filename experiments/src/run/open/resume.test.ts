import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { itInFull } from '../../../../test/part.ts';
import { runCli, startCli, tinyRecipe } from '../../testing/run-cli.ts';
import { readMetrics } from '../folder/metrics-log.ts';
import { CheckpointClock } from '../loop/checkpoint-clock.ts';
import { firstDifference } from './resume.ts';

test('the first difference of two configurations is named; the number of epochs may differ', () => {
  const before = { seed: 1, training: { epochs: 2, batchSize: 8 }, ks: [10] };
  expect(firstDifference(before, { ...before, training: { epochs: 5, batchSize: 8 } })).toBeUndefined();
  expect(firstDifference(before, { ...before, training: { epochs: 2, batchSize: 4 } })).toEqual({
    key: 'training.batchSize',
    before: '8',
    after: '4',
  });
  expect(firstDifference(before, { ...before, ks: [10, 20] })).toMatchObject({ key: 'ks' });
  expect(firstDifference(before, { ...before, extra: 1 })).toMatchObject({ key: 'extra', before: 'none' });
});

test('a checkpoint is due after so many steps or seconds', () => {
  let now = 0;
  const clock = new CheckpointClock({ everySteps: 5, everySeconds: 60, now: () => now });
  expect(clock.due(4)).toBe(false);
  expect(clock.due(5)).toBe(true);
  clock.saved(5);
  expect(clock.due(9)).toBe(false);
  now = 60;
  expect(clock.due(9)).toBe(true);
});

// One story, since every part of it needs a trained run: interrupt, refuse, resume, evaluate, recommend, report.
itInFull('Ctrl-C saves, and the run goes on from there', async () => {
  const cwd = mkdtempSync(join(tmpdir(), 'seqrec-interrupt-'));
  // More epochs than any machine trains while the second command starts.
  const { child, ended } = startCli(['train', ...tinyRecipe, '--epochs', '100000', '--backend', 'simd'], cwd);
  const run = () => {
    const id = readdirSync(cwd).includes('runs') ? readdirSync(join(cwd, 'runs'))[0] : undefined;
    return id === undefined ? undefined : join(cwd, 'runs', id);
  };
  const records = () => (run() ? readMetrics(join(run()!, 'metrics.jsonl')) : []);
  while (child.exitCode === null && records().length < 5) await sleep(20);
  const second = await runCli(['train', '--resume', 'latest'], cwd);
  expect(second.stderr).toContain(
    `run ${run()!.split('/').pop()}: expected that no other process writes it; got process ${child.pid} on `,
  );
  expect(second.code).toBe(1);
  child.kill('SIGINT');
  const interrupted = await ended;
  expect(interrupted.stderr).toContain(`resume with: seqrec train --resume ${join('runs', run()!.split('/').pop()!)}`);
  expect(interrupted.code).toBe(130);
  expect(existsSync(join(run()!, 'run.lock'))).toBe(false);
  const stopped = records().at(-1)!.step;
  expect(readFileSync(join(run()!, 'report.html'), 'utf8')).toContain('Interrupted after');

  const other = await runCli(['train', '--resume', 'latest', '--optimizer.learningRate', '0.5'], cwd);
  expect(other.stderr).toContain('optimizer.learningRate: expected 0.001 as in the run; got 0.5');
  expect(other.code).toBe(1);
  expect(records().at(-1)!.step).toBe(stopped);

  const epochs = Math.ceil(stopped / 18) + 1;
  const more = ['train', '--resume', 'latest', '--epochs', String(epochs), '--backend', 'simd'];
  const resumed = await runCli(more, cwd);
  expect(resumed, resumed.stderr).toMatchObject({ code: 0 });
  const steps = records().flatMap((record) => (record.type === 'step' ? [record.step] : []));
  expect(steps).toEqual(Array.from({ length: epochs * 18 }, (_, i) => i + 1));
  // A signal that came while the model was evaluated leaves an epoch whose steps the resumed process did not take.
  const trained = records().filter((record) => record.type === 'epoch' && record.seconds > 0);
  const peaks = trained.map((record) => (record.type === 'epoch' ? (record.peakHeapBytes ?? 0) : 0));
  expect(peaks.length).toBeGreaterThan(0);
  expect(Math.min(...peaks)).toBeGreaterThan(2 ** 20);

  const evaluated = await runCli(['evaluate', 'latest', '--checkpoint', 'last', '--json'], cwd);
  const final = records().find((record) => record.type === 'final')!;
  expect(JSON.parse(evaluated.stdout).metrics).toEqual(final.metrics);
  const recommended = await runCli(['recommend', 'latest', '--history', '3,5,8', '-k', '4', '--json'], cwd);
  expect(JSON.parse(recommended.stdout).recommendations).toHaveLength(4);
  const unknown = await runCli(['recommend', 'latest', '--history', '3,999999'], cwd);
  expect(unknown.stderr).toContain('--history: expected ids or titles of items of streaming; got "999999"');
  expect(unknown.code).toBe(2);

  // A damaged checkpoint, and one of another model.
  const last = join(run()!, 'checkpoints/last.safetensors');
  const whole = readFileSync(last);
  writeFileSync(last, whole.subarray(0, whole.length - 9));
  const damaged = await runCli(['train', '--resume', 'latest'], cwd);
  expect(damaged.stderr).toContain('last.safetensors');
  expect(damaged.code).toBe(1);
  writeFileSync(last, whole);
  const config = join(run()!, 'config.json');
  const text = readFileSync(config, 'utf8');
  writeFileSync(config, text.replace('"numBlocks": 2', '"numBlocks": 3'));
  const foreign = await runCli(['evaluate', 'latest', '--checkpoint', 'last'], cwd);
  expect(foreign.stderr).toContain('one of another model: numBlocks is 2, the run has 3');
  expect(foreign.code).toBe(1);
  writeFileSync(config, text);

  const data = join(run()!, 'data.json');
  writeFileSync(data, readFileSync(data, 'utf8').replace(/"digest": "\w{4}/, '"digest": "0000'));
  const changed = await runCli(['train', '--resume', 'latest'], cwd);
  expect(changed.stderr).toContain('data digest: expected 0000');
  expect(changed.code).toBe(1);
});
