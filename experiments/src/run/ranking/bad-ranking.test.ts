import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { modelKinds } from '@seqrec/models';
import { afterAll, expect, test, vi } from 'vitest';
import { rankingWorld, tasteStars } from '../../testing/ranking-world.ts';
import { runMain } from '../../testing/run-main.ts';
import type { RunResults } from '../folder/results.ts';
import { openRunDir } from '../folder/run-dir.ts';

const folder = mkdtempSync(join(tmpdir(), 'seqrec-bad-ranking-'));
afterAll(() => rmSync(folder, { recursive: true }));
const world = rankingWorld(folder, { rows: 600 });
const out = join(folder, 'runs');
const train = (...argv: string[]) =>
  runMain('train', '--config', world.yaml, '--quiet', ...(argv.includes('--out') ? [] : ['--out', out]), ...argv);

function csv(name: string, change: (line: string, k: number) => string): string {
  const path = join(folder, `${name}.csv`);
  const [header, ...lines] = readFileSync(world.csv, 'utf8').trim().split('\n');
  writeFileSync(path, `${[header, ...lines.map(change)].join('\n')}\n`);
  return path;
}
const rankers = modelKinds('rank')
  .map((kind) => `"${kind}"`)
  .join(', ');
const price = (line: string, value: string): string => line.replace(/[^,]*$/, value);

test.each<[string[], string]>([
  [['--data.label.column', 'foo'], 'labelFromColumn: expected a column of the events of ratings; got "foo"; there are'],
  [['--task.labels', 'foo'], 'task: labels: expected columns in the role labels; got foo; there are label'],
  [
    ['--data.label.positiveAbove', '5'],
    'expected the label label to differ among the training rows; got 0 in all of the',
  ],
  [
    ['--task.loss', 'squared', '--evaluation.selectBy', 'AUC'],
    'evaluation.selectBy: expected one of RMSE, MSE, MAE, RAUC, XAUC; got AUC; the loss squared is of labels that are numbers',
  ],
  [
    ['--optimizer.schedule.metric', 'AUCC'],
    'optimizer.schedule.metric: expected one of AUC, GAUC, logloss, NE, ECE, accuracy; got AUCC',
  ],
  [['--objective.kind', 'full-softmax'], '--objective.kind: unknown key; known: --data, --initialWeights'],
  [['--model.kind', 'hstu'], `--model.kind: expected one of ${rankers}`],
  [['--model.features', 'hourr'], "features: expected a column of ratings; got hourr; did you mean 'hour'?"],
  [['--model.features', 'stars'], 'expected no column among the features that a label is made from; got stars'],
  [['--data.split', 'leave-last-out'], 'data.split: expected a split of rows, which a ranker learns from'],
  [
    ['--evaluation.checkpoint', 'best', '--data.split.validation', '0'],
    'evaluation.checkpoint: expected last with the split random, which has no validation set; got best',
  ],
  [
    ['--data.split.validation', '0'],
    'optimizer.schedule.kind: expected a schedule by steps with the split random, which has no validation set; got plateau',
  ],
  [['--evaluation.segments', 'hours'], 'evaluation.segments: hours: expected a column of ratings; got hours'],
  [['--evaluation.segments', 'at'], 'evaluation.segments: at: expected a column of one id or number a row; got time'],
  [
    [
      ...['--data.path', csv('alone', (line, k) => line.replace(/,h\d,/, `,h${k},`)), '--task.loss', 'pairwise'],
      ...['--task.group', 'hour', '--evaluation.selectBy', 'GAUC'],
    ],
    'which the best checkpoint is chosen by; got GAUC: expected a group with positives and negatives; got',
  ],
  [
    [
      ...['--training.renewTables', 'true', '--initialTables.path', 'none.safetensors'],
      ...['--initialTables.tables', '{"fields.user.weight":"a","fields.item.weight":"b"}'],
    ],
    'training.renewTables: expected tables that begin at random; got initialTables, whose rows the second epoch would throw away',
  ],
  [
    ['--task.loss', 'pairwise', '--evaluation.selectBy', 'RAUC'],
    'which the best checkpoint is chosen by; got RAUC: it is of numbers, and label is 0 or 1',
  ],
  [
    [
      '--data.labels',
      '["price"]',
      '--task.labels',
      '["price"]',
      '--task.loss',
      'listwise',
      '--evaluation.selectBy',
      'GAUC',
    ],
    'got GAUC: it is of clicks, and price is not 0 or 1 alone',
  ],
  [
    ['--task.loss', 'pairwise', '--optimizer.schedule.metric', 'XAUC'],
    'optimizer.schedule.metric: expected a metric that has a value on the validation set',
  ],
  [
    ['--model.kind', 'dssm', '--model.history', 'true'],
    'history: expected rows with histories; got none in any training row; set model.history to false',
  ],
  [['--optimizer.weightDecay', '100'], 'optimizer.weightDecay: expected less than 1 / learningRate = 20'],
  [
    ['--data.path', csv('inf', (line, k) => (k === 5 ? price(line, '1e39') : line))],
    'expected a finite number in price',
  ],
])('%j is one clear error, and nothing is left behind', async (argv, message) => {
  const { code, errors } = await train(...argv);
  expect(errors).toContain(message);
  expect(errors).not.toContain('    at ');
  expect(code).not.toBe(0);
  expect(existsSync(out)).toBe(false);
});

test.each([
  ['a label that no row tested on has', ['--task.labels', '["label","price"]'], 'the label price in every part that'],
  [
    'labels of the value that no row has together',
    [
      ...['--data.columns.seconds', 'number', '--task.labels', '["seconds","price"]', '--task.loss', 'squared'],
      ...['--task.value', '[{"label":"seconds","weight":1},{"label":"price","weight":1}]'],
    ],
    'all labels of task.value, seconds, price in every part that',
  ],
])('%s ends the run before the first step', async (what, task, message) => {
  const late = what.startsWith('a label');
  const path = csv(late ? 'unknown' : 'apart', (line, k) => {
    const known = late ? k <= 400 : k % 2 === 0;
    return `${known ? line : price(line, '')},${known ? '' : k % 3}`;
  });
  writeFileSync(path, readFileSync(path, 'utf8').replace('price', 'price,seconds'));
  const labels = ['--data.labels', late ? '["price"]' : '["price","seconds"]', '--data.split.kind', 'rows-by-time'];
  const { code, errors } = await train('--data.path', path, ...labels, ...task);
  expect(errors).toContain(`data.split: expected rows with ${message} is evaluated; got none among the`);
  expect(code).toBe(2);
  expect(existsSync(out)).toBe(false);
});

test('a validation part without positives chooses nothing by AUC, and everything by log loss', async () => {
  mkdirSync(join(folder, 'late'));
  const { csv: late } = rankingWorld(join(folder, 'late'), {
    rows: 600,
    stars: (row) => (row.k > 350 ? 1 : tasteStars(row)),
  });
  const argv = ['--data.path', late, '--data.split.kind', 'rows-by-time', '--out', join(folder, 'late-runs')];
  const { code, errors } = await train(...argv);
  expect(errors).toContain(
    'evaluation.selectBy: expected a metric that has a value on the validation set, which the best checkpoint is chosen by; got AUC: expected positives and negatives',
  );
  expect(errors).toContain('set --evaluation.selectBy logloss');
  expect(code).toBe(2);
  expect(await train(...argv, '--evaluation.selectBy', 'logloss')).toMatchObject({ code: 0 });
  const { results } = openRunDir(join(folder, 'late-runs'), 'latest');
  const { final, baselines } = JSON.parse(readFileSync(results, 'utf8')) as RunResults;
  expect(final?.warnings?.join('; ')).toContain('AUC has no value on the test set: expected positives and negatives');
  for (const { metrics } of [final, ...baselines].filter((each) => each !== undefined)) {
    expect(metrics.AUC).toBeUndefined();
    expect(metrics.logloss).toBeGreaterThan(0);
  }
});

test('a label that is the same in all rows is no error where the task does not learn it', async () => {
  const argv = [
    ...['--data.path', csv('constant', (line) => price(line, '1')), '--data.labels', '["price"]'],
    ...['--out', join(folder, 'constant-runs'), '--epochs', '1'],
  ];
  expect(await train(...argv)).toMatchObject({ code: 0, errors: '' });
  const { code, errors } = await train(...argv, '--task.labels', '["label","price"]');
  expect(errors).toContain('expected the label price to differ among the training rows; got 1 in all of the');
  expect(code).not.toBe(0);
});

test('a label that is the same in the training rows alone is refused', async () => {
  mkdirSync(join(folder, 'early'));
  const { csv: early } = rankingWorld(join(folder, 'early'), {
    rows: 600,
    stars: (row) => (row.k < 450 ? 5 : tasteStars(row)),
  });
  const { code, errors } = await train('--data.path', early, '--data.split.kind', 'rows-by-time');
  expect(errors).toContain('expected the label label to differ among the training rows; got 1 in all of the 360 ');
  expect(code).not.toBe(0);
});

test('a label that is 1 or missing is no error where its parent tells rows of 0', async () => {
  const bought = csv('bought', (line, k) => price(line, Number(line.split(',')[3]) > 3 && k % 2 === 0 ? '1' : ''));
  const labels = ['label', { column: 'price', parent: 'label' }];
  const argv = [
    ...['--data.path', bought, '--data.labels', '["price"]', '--task.labels', JSON.stringify(labels)],
    ...['--evaluation.segments', '["hour"]', '--out', join(folder, 'bought-runs'), '--epochs', '1'],
  ];
  expect(await train(...argv)).toMatchObject({ code: 0, errors: '' });
});

test('a feature without a value in some rows is no error', async () => {
  const argv = [
    ...['--data.path', csv('nan', (line, k) => (k % 3 === 0 ? price(line, 'NaN') : line))],
    ...['--model.features', '[{"column":"price","encode":"standardise"}]', '--out', join(folder, 'nan-runs')],
  ];
  expect(await train(...argv, '--epochs', '1')).toMatchObject({ code: 0 });
});

test.each([
  ['three steps an epoch', [], /train: expected a finite loss; got NaN at step 1 /],
  [
    'one step',
    ['--training.batchSize', '1000'],
    /evaluate: expected finite logits; got \S+ for example 0 of the validation set/,
  ],
  [
    'one value of the only field',
    [
      ...['--model.userId', 'false', '--model.itemId', 'false', '--optimizer.learningRate', '0.01'],
      ...['--data.path', csv('flat', (line) => line.replace(/,h\d,/, ',h0,'))],
    ],
    /evaluate: expected logits that tell rows apart; got \S+ for all \d+ rows of the validation set; the model has collapsed/,
  ],
])('a run that diverges or collapses (%s) fails, and no checkpoint is kept as best', async (_, argv, message) => {
  const own = mkdtempSync(join(folder, 'diverging-'));
  const rate = argv.includes('--optimizer.learningRate') ? [] : ['--optimizer.learningRate', '1e20'];
  const { code, errors } = await train('--out', own, ...rate, ...argv);
  expect(errors).toMatch(message);
  expect(errors).not.toContain('    at ');
  expect(code).toBe(1);
  const run = openRunDir(own, 'latest');
  expect(readdirSync(join(run.path, 'checkpoints'))).toEqual([]);
  expect(JSON.parse(readFileSync(run.results, 'utf8'))).toMatchObject({ status: 'failed' });
  expect(readFileSync(run.report, 'utf8')).toContain('Failed after 0 epochs');
});

/** A world of rows of seconds. */
const tiny = [
  ...['--data.users', '40', '--data.items', '600', '--data.steps', '4', '--data.eventsPerStep', '3'],
  ...['--training.batchSize', '64', '--model.hiddenSizes', '[4]', '--model.embeddingDim', '4'],
];

test('profile takes a ranking recipe', async () => {
  const { code, output } = await runMain('profile', 'ranker/dlrm-v3-small-dcn-v2', ...tiny, '--steps', '1', '--quiet');
  expect(code).toBe(0);
  expect(output).toMatch(/ranker\/dlrm-v3-small-dcn-v2 on \w+, mean of 1 steps/);
  expect(output).toMatch(/AdamWStep +\d+/);
});

test('bench step does not time a peer that has another number of weights', async () => {
  const python = join(mkdtempSync(join(tmpdir(), 'seqrec-python-')), 'python');
  const said = '{"seconds":[1],"torch":"none","parameters":3}';
  writeFileSync(python, `#!/bin/sh\n[ "$1" = -c ] && exit 0\necho '${said}'\n`, { mode: 0o755 });
  vi.stubEnv('SEQREC_PYTHON', python);
  const args = ['--recipe', 'ranker/dlrm-v3-small-dcn-v2', ...tiny, '--rounds', '1', '--peer', 'best', '--quiet'];
  const { code, output } = await runMain('bench', 'step', ...args);
  vi.unstubAllEnvs();
  expect(code).toBe(0);
  expect(output).toMatch(/PyTorch best: another model: it has 3 parameters, ours has \d+/);
});

test('bench epoch refuses a ranking recipe', async () => {
  const { code, errors } = await runMain('bench', 'epoch', '--recipe', 'ctr/ml-1m-lr');
  expect(errors).toContain('got the recipe ctr/ml-1m-lr of the task ranking; seqrec train, evaluate, compare');
  expect(code).toBe(2);
});

test('evaluate warns, in JSON too, of a checkpoint that the tested rows have chosen', async () => {
  const own = join(folder, 'flattered-runs');
  const yaml = join(folder, 'flattered.yaml');
  const plain = readFileSync(world.yaml, 'utf8').replace(/ {2}schedule: .*\n/, '');
  writeFileSync(yaml, plain.replace('validation: 0.2', 'validation: 0'));
  const argv = ['--config', yaml, '--evaluation.checkpoint', 'last', '--epochs', '1', '--out', own, '--quiet'];
  const trained = await runMain('train', ...argv);
  expect(trained.code, trained.errors).toBe(0);
  const evaluated = async (...checkpoint: string[]) => {
    const { path } = openRunDir(own, 'latest');
    const { output } = await runMain('evaluate', path, ...checkpoint, '--json', '--quiet');
    return JSON.parse(output) as { readonly checkpoint: string; readonly warnings: readonly string[] };
  };
  expect((await evaluated('--checkpoint', 'best')).warnings.join('; ')).toContain(
    'This checkpoint was chosen by this very set: the figures flatter it',
  );
  // Unasked it is the one that the run was tested with.
  const { checkpoint, warnings } = await evaluated();
  expect(checkpoint).toBe('last');
  expect(warnings.join('; ')).not.toContain('flatter');
});
