import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { weightsDigest } from '@seqrec/models';
import { afterAll, describe, expect, test } from 'vitest';
import { codedShop, writeShop } from '../../testing/coded-shop.ts';
import { runMain } from '../../testing/run-main.ts';
import { readMetrics } from '../folder/metrics-log.ts';

const folder = mkdtempSync(join(tmpdir(), 'seqrec-patience-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
writeShop(folder);
const shop = codedShop(folder);
const file = join(folder, 'shop.yaml');
writeFileSync(
  file,
  JSON.stringify({
    ...{ ...shop, task: { kind: 'retrieval' }, training: { ...shop.training, evaluateEvery: 1 } },
    // Far too fast a rate: the metric moves up and down.
    optimizer: { learningRate: 0.1 },
    evaluation: { ...shop.evaluation, baselines: [] },
  }),
);

const settings = ['--config', file, '--quiet', '--training.patience=2'];

async function train(...further: string[]): Promise<{ readonly run: string; readonly out: string }> {
  const out = mkdtempSync(join(folder, 'runs-'));
  const { code, errors } = await runMain('train', ...settings, '--out', out, ...further);
  expect(code, errors).toBe(0);
  return { out, run: join(out, readdirSync(out)[0]) };
}

const epochsOf = (run: string) => readMetrics(join(run, 'metrics.jsonl')).filter(({ type }) => type === 'epoch');
const digestOf = async (run: string) => (await weightsDigest(join(run, 'checkpoints/last.safetensors'))).digest;

/** Makes a checkpoint one of a program that did not know the key. */
function forgetBestOnTime(file: string): void {
  const text = readFileSync(file, 'latin1');
  const key = /,\\"bestOnTime\\":[^,}]+/g;
  expect(text.match(key)).toHaveLength(1);
  // The header keeps its length; version 2 had no hash of these texts.
  const older = text
    .replace(key, (found) => ' '.repeat(found.length))
    .replace('"version":"3"', '"version":"2"')
    .replace('"textsHash"', '"otherText"');
  writeFileSync(file, older, 'latin1');
}

describe('training.patience', () => {
  test('has something to hold up where epochs are asked for at least', async () => {
    const without = settings.filter((each) => !each.startsWith('--training.patience'));
    const { code, errors } = await runMain('train', ...without, '--training.minEpochs=3');
    expect(code).toBe(2);
    expect(errors).toContain('training.minEpochs: expected it beside training.patience');
  });

  test('does not stop by a test set, and no learning rate falls by one', async () => {
    const { code, errors } = await runMain(
      'train',
      ...settings,
      '--data.split=train-test',
      '--out',
      join(folder, 'none'),
    );
    expect(code).toBe(2);
    expect(errors).toContain(
      'training.patience: expected none with the split train-test, which has no validation set; got 2',
    );
    expect(existsSync(join(folder, 'none'))).toBe(false);
  });

  test('ends a run by its test set only where that has begun so', async () => {
    const out = mkdtempSync(join(folder, 'runs-'));
    const { code, errors } = await runMain(
      ...['train', '--config', file, '--quiet', '--out', out, '--epochs=1'],
      ...['--data.split=train-test', '--evaluation.checkpoint=last'],
    );
    expect(code, errors).toBe(0);
    const run = join(out, readdirSync(out)[0]);
    const saved = JSON.parse(readFileSync(join(run, 'config.json'), 'utf8'));
    saved.config.training.patience = 2;
    writeFileSync(join(run, 'config.json'), JSON.stringify(saved));
    const resumed = await runMain('train', '--resume', run, '--training.epochs=2', '--quiet');
    expect(resumed.code, resumed.errors).toBe(0);
  });

  test('stops when the metric no longer improves, and a run resumed in the middle stops at the same epoch', async () => {
    const { run } = await train('--epochs=30');
    const values = epochsOf(run).map((record) => (record as { metrics: Record<string, number> }).metrics);
    const metric = JSON.parse(readFileSync(join(run, 'config.json'), 'utf8')).config.evaluation.selectBy as string;
    const best = values.map((metrics) => metrics[metric]).reduce((at, value, i, all) => (value > all[at] ? i : at), 0);
    expect(values).toHaveLength(best + 3);
    expect(values.length).toBeLessThan(30);
    const results = JSON.parse(readFileSync(join(run, 'results.json'), 'utf8'));
    expect(results.status).toBe('finished');
    expect(existsSync(join(run, 'report.html'))).toBe(true);

    const first = await train(`--epochs=${best + 2}`);
    expect(epochsOf(first.run)).toHaveLength(best + 2);
    const resumed = await runMain('train', '--resume', first.run, '--training.epochs=30', '--quiet');
    expect(resumed.code, resumed.errors).toBe(0);
    expect(epochsOf(first.run)).toHaveLength(best + 3);
    expect(await digestOf(first.run)).toBe(await digestOf(run));
    // Further on it stops as soon as it may; a best one in between begins the count anew.
    const later = await train('--epochs=30', `--training.minEpochs=${best + 5}`);
    expect(epochsOf(later.run).length).toBeGreaterThanOrEqual(best + 5);
    // A run that has stopped takes no step more.
    const again = await runMain('train', '--resume', first.run, '--training.epochs=30', '--quiet');
    expect(again.code, again.errors).toBe(0);
    expect(epochsOf(first.run)).toHaveLength(best + 3);
  }, 60_000);

  test('counts every second epoch where these are evaluated, and not the last one of a run that is gone on with', async () => {
    // The metric stands still, so that nothing is better than the first evaluation.
    const still = ['--optimizer.learningRate=0', '--training.evaluateEvery=2', '--evaluation.checkpoint=last'];
    const { run } = await train(...still, '--epochs=5');
    const resume = (epochs: number) =>
      runMain('train', '--resume', run, `--training.epochs=${epochs}`, '--quiet', '--out', folder);
    const resumed = await resume(12);
    expect(resumed.code, resumed.errors).toBe(0);
    expect(epochsOf(run)).toHaveLength(6);
    const fewer = await resume(4);
    expect(fewer.code).toBe(1);
    expect(fewer.errors).toContain('training.epochs: expected 6 or more, which the run has begun; got 4');

    // A checkpoint that has one best value for both goes on by that.
    const older = await train(...still, '--epochs=4');
    forgetBestOnTime(join(older.run, 'checkpoints/last.safetensors'));
    const gone = await runMain('train', '--resume', older.run, '--training.epochs=12', '--quiet', '--out', folder);
    expect(gone.code, gone.errors).toBe(0);
    expect(epochsOf(older.run)).toHaveLength(6);

    const later = await train(...still, '--epochs=12', '--training.minEpochs=7');
    expect(epochsOf(later.run)).toHaveLength(8);
  }, 60_000);
});
