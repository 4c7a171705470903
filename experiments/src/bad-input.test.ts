import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { part } from '../../test/part.ts';
import { openRunDir, type RunDir } from './run/folder/run-dir.ts';
import { tinyRecipe } from './testing/run-cli.ts';
import { runMain as run } from './testing/run-main.ts';

const folder = mkdtempSync(join(tmpdir(), 'seqrec-bad-input-'));
const out = join(folder, 'runs');

const train = (...argv: string[]) =>
  run('train', ...tinyRecipe, '--quiet', ...(argv.includes('--backend') ? [] : ['--backend', 'cpu']), ...argv);

describe('before training', () => {
  const aFile = join(folder, 'a-file');
  writeFileSync(aFile, '');
  const here = ['--out', out];

  test.each([
    [[...here, '--epochs', '0'], '--epochs: expected a whole number, at least 1; got 0'],
    [[...here, '--epochs', '-1'], '--epochs: expected a whole number, at least 1; got -1'],
    [[...here, '--epochs', '2.5'], '--epochs: expected a whole number, at least 1; got 2.5'],
    [[...here, '--threads', '0'], '--threads: expected a whole number, at least 1 and at most 64; got 0'],
    [[...here, '--threads', '1000'], '--threads: expected a whole number, at least 1 and at most 64; got 1000'],
    [
      [...here, '--training.batchSize', '1e9'],
      '--training.batchSize: expected a number of at most 1048576; got 1000000000',
    ],
    [
      [...here, '--objective.temperature', '1e-9'],
      '--objective.temperature: expected a number of at least 0.001; got 1e-9',
    ],
    [
      [...here, '--model.embeddingDim', '100000'],
      '--model.embeddingDim: expected a number of at most 16384; got 100000',
    ],
    [
      [...here, '--model.embeddingDim', '16384', '--model.dqk', '60000', '--model.dv', '60000'],
      'lower model.embeddingDim',
    ],
    [
      [...here, '--objective.numNegatives', '1e6', '--data.records', '3000', '--training.batchSize', '1000000'],
      '1000000 negatives of each label',
    ],
    [[...here, '--evaluation.ks', '[10,10]'], '--evaluation.ks: expected cut-offs that differ; got [10,10]'],
    [
      [...here, '--optimizer.embeddings', 'rowwise', '--objective.kind', 'full-softmax'],
      "embeddings: expected 'dense' for the objective",
    ],
    [[...here, '--optimizer.weightDecay', '1000'], 'optimizer.weightDecay: expected less than 1 / learningRate = 1000'],
    [
      [...here, '--optimizer.tables', '{"learningRate":1,"weightDecay":3}'],
      'optimizer.tables.weightDecay: expected less than 1 / learningRate of tables = 1, which takes all of a weight in one step; got 3',
    ],
    [
      [...here, '--optimizer.kind', 'muon', '--optimizer.muon.learningRate', '2', '--optimizer.weightDecay', '0.5'],
      'optimizer.weightDecay: expected less than 1 / learningRate of muon = 0.5',
    ],
    [
      [...here, '--objective.actionWeight', '0.5'],
      'objective.actionWeight: expected 0 for a model without interleaved actions',
    ],
    [
      [...here, '--model.learnedTemperature', 'true', '--objective.temperature', '0.01'],
      'objective.temperature: expected more than 0.01, below which no learned temperature falls; got 0.01',
    ],
    [
      [...here, '--objective.labels.minRating', '4'],
      'objective.labels.minRating: expected data with ratings; got data without',
    ],
    [[...here, '--backend', 'gpu'], '--backend: expected one of auto, simd, cpu, wasm, webgpu, tensorflow; got "gpu"'],
    [[...here, '--evaluation.ks', '[10,5000]'], 'evaluation.ks: expected cut-offs of at most'],
    [['--out', aFile], `--out: expected a folder for runs, or a place for one; got ${aFile}; ${aFile} is not a folder`],
    [['--out', join(aFile, 'deep', 'runs')], `${aFile} is not a folder`],
    // Nobody, root included, makes a folder there.
    [['--out', '/dev/null/runs'], '/dev/null is not a folder'],
  ])('%j is refused, and nothing is left behind', async (argv, message) => {
    const { code, errors } = await train(...argv);
    expect(errors).toContain(message);
    expect(errors).not.toContain('    at ');
    // A model and a trainer that do not go together are an error of the package.
    expect(code).toBe(message.startsWith('embeddings') ? 1 : 2);
    expect(readdirSync(folder)).toEqual(['a-file']);
  });

  // Root may write anywhere, so it cannot be refused.
  test.skipIf(process.getuid?.() === 0 || process.platform === 'win32')('a folder that is not ours', async () => {
    const closed = mkdtempSync(join(tmpdir(), 'seqrec-closed-'));
    chmodSync(closed, 0o555);
    const { code, errors } = await train('--out', join(closed, 'runs'));
    expect(errors).toContain(`${closed} cannot be written`);
    expect(code).toBe(2);
  });
});

// The first step takes the weights beyond the largest number: what comes first, the next loss
// or a checkpoint, stops it.
test.each([
  [[], /train: expected a finite loss; got \S+ at step 1 \(epoch 0, batch 1 of \d+, .*learning rate 1e\+38/],
  [['--checkpoint-every-steps', '1'], /last\.safetensors: expected finite weights.*nothing was written/],
])('a learning rate far too large ends the run, and nothing broken is saved: %j', async (argv, message) => {
  const other = mkdtempSync(join(tmpdir(), 'seqrec-diverging-'));
  const { code, errors } = await train('--out', other, '--optimizer.learningRate', '1e38', ...argv);
  expect(errors).toMatch(message);
  expect(errors).not.toContain('    at ');
  expect(code).toBe(1);
  const found = openRunDir(other, 'latest');
  expect(readdirSync(join(found.path, 'checkpoints'))).toEqual([]);
  expect(existsSync(found.lock)).toBe(false);
});

describe('with a trained run', () => {
  let trained: RunDir;
  beforeAll(async () => {
    const { code, errors } = await train('--out', out, '--epochs', '1', '--evaluation.baselines', '[]');
    expect(code, errors).toBe(0);
    trained = openRunDir(out, 'latest');
  });
  const contents = () =>
    readdirSync(trained.path, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => [entry.name, readFileSync(join(entry.parentPath, entry.name), 'latin1')]);

  test.each([
    [['--user', 'nobody'], '--user: expected a user of streaming; got "nobody"; the first are ', 2],
    [['--history', '3,999999'], '--history: expected ids or titles of items of streaming; got "999999"', 2],
    [['--history', '3', '-k', '5000'], '-k: expected at most 300, the number of items; got 5000', 2],
    [['--history', '3', '--threads', '0'], '--threads: expected a whole number, at least 1 and at most 64; got 0', 2],
  ])('recommend %j', async (argv, message, expected) => {
    const { code, errors } = await run('recommend', trained.path, '--backend', 'cpu', ...argv);
    expect(errors).toContain(message);
    expect(errors).not.toContain('    at ');
    expect(code).toBe(expected);
  });

  const damages: [keyof RunDir, (text: string) => string, string][] = [
    ['config', (text) => text.slice(0, 40), 'config.json: not valid JSON'],
    ['config', () => 'null', 'config.json: expected an object with recipe and config; got null'],
    [
      'config',
      (text) => text.replace('"batchSize"', '"batchSiez"'),
      'config.json: config.training.batchSize: expected a number; got nothing',
    ],
    [
      'metrics',
      (text) => text.replace('{"type":"step","step":3,', '{"type":"st'),
      'metrics.jsonl:3: expected a JSON record',
    ],
    ['data', (text) => text.slice(0, -9), 'data.json: not valid JSON'],
    ['last', (text) => text.slice(0, -9), 'last.safetensors: expected'],
  ];
  test.each(part(damages, 2))('train --resume with a damaged %s: nothing is written', async (key, damage, message) => {
    const file = trained[key];
    const whole = readFileSync(file, 'latin1');
    const damaged = damage(whole);
    expect(damaged).not.toBe(whole);
    writeFileSync(file, damaged, 'latin1');
    const before = contents().filter(([name]) => name !== 'environment.json');
    const { code, errors } = await run('train', '--resume', trained.path, '--backend', 'cpu', '--quiet');
    const after = contents().filter(([name]) => name !== 'environment.json');
    writeFileSync(file, whole, 'latin1');
    expect(errors).toContain(message);
    expect(errors).not.toContain('    at ');
    expect(code).toBe(1);
    expect(after).toEqual(before);
  });
});
