import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ClickRows, decodeSafetensors, encodeSafetensors, rankingMetrics, writeFileAtomic } from '@seqrec/models';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { rankingWorld } from '../../testing/ranking-world.ts';
import { runMain } from '../../testing/run-main.ts';
import { segmentListings } from '../evaluation/segment-listing.ts';
import { readMetrics } from '../folder/metrics-log.ts';
import { readPredictions } from '../folder/predictions.ts';
import type { RunResults } from '../folder/results.ts';
import { openRunDir, type RunDir } from '../folder/run-dir.ts';
import { readTensorBoard } from '../folder/tensorboard-reader.ts';
import type { RankingFigures } from './evaluate-command.ts';

const folder = mkdtempSync(join(tmpdir(), 'seqrec-ranking-'));
afterAll(() => rmSync(folder, { recursive: true }));
const world = rankingWorld(folder);

const train = (out: string, ...argv: string[]) => runMain('train', ...argv, '--out', join(folder, out));
const fresh = (out: string, ...argv: string[]) => train(out, '--config', world.yaml, '--quiet', ...argv);
const latest = (out: string): RunDir => openRunDir(join(folder, out), 'latest');
const resultsOf = (run: RunDir) => JSON.parse(readFileSync(run.results, 'utf8')) as RunResults;

describe('a finished run', () => {
  let run: RunDir;
  let results: RunResults;
  let output: string;
  beforeAll(async () => {
    const trained = await train('runs', '--config', world.yaml, '--epochs', '12', '--training.patience', '2');
    expect(trained, trained.errors).toMatchObject({ code: 0 });
    output = trained.output;
    run = latest('runs');
    results = resultsOf(run);
  });

  test('prints figures of rows, and keeps the best checkpoint on validation', () => {
    expect(output).toMatch(/epoch +loss +AUC +GAUC +logloss +NE +rows\/s +time/);
    expect(output).toContain('beats base-rate, item-mean and user-item-mean');
    const epochs = readMetrics(run.metrics).filter((record) => record.type === 'epoch');
    const areas = epochs.map(({ metrics }) => metrics.AUC);
    const best = 1 + areas.indexOf(Math.max(...areas));
    expect(results.final).toMatchObject({ name: 'ranking', split: 'test', checkpoint: 'best', epoch: best });
    // Two more without a better one, and no more.
    expect(epochs).toHaveLength(best + 2);
    expect(epochs.every(({ rowsPerSecond }) => (rowsPerSecond ?? 0) > 0)).toBe(true);
  });

  test('tells when the learning rate falls, and logs it', () => {
    const records = readMetrics(run.metrics);
    const rates = records.flatMap((record) => (record.type === 'epoch' ? [record.learningRate] : []));
    expect(rates[0]).toBe(0.05);
    expect(rates.at(-1)).toBeCloseTo(0.005, 12);
    const steps = records.filter((record) => record.type === 'step');
    expect(steps.map(({ rows }) => rows).slice(0, 8)).toEqual([128, 128, 128, 128, 128, 128, 128, 4]);
  });

  test('keeps predictions whose metrics are those of the results', () => {
    const { rows, events, label, checkpoint } = readPredictions(run.predictions);
    expect([label, checkpoint, rows.size]).toEqual(['label', 'best', 300]);
    expect(new Set(events).size).toBe(300);
    const { metrics } = rankingMetrics(rows);
    for (const [name, value] of Object.entries(metrics)) expect(results.final?.metrics[name]).toBeCloseTo(value, 5);
    const { tensors, metadata } = decodeSafetensors(readFileSync(run.predictions), run.predictions);
    expect([...tensors.keys()].sort()).toEqual(['event', 'item', 'label', 'score', 'user']);
    expect(metadata.loss).toBe('binary');
    // The numbers are those of the files beside it.
    expect(readFileSync(run.itemIds, 'utf8').trim().split('\n')).toHaveLength(24);
    expect(readFileSync(run.userIds, 'utf8').trim().split('\n')).toHaveLength(30);
  });

  test('has intervals over users, a verdict, a calibration and segments', () => {
    const { final, verdict, calibration, segments } = results;
    for (const metric of ['AUC', 'GAUC', 'logloss', 'NE']) {
      const [low, high] = final?.intervals?.[metric] ?? [];
      expect(low).toBeLessThan(final?.metrics[metric] as number);
      expect(high).toBeGreaterThan(final?.metrics[metric] as number);
    }
    expect(verdict?.map(({ baseline, outcome }) => [baseline, outcome])).toEqual([
      ['base-rate', 'beats'],
      ['item-mean', 'beats'],
      ['user-item-mean', 'beats'],
    ]);
    expect(calibration?.variants.map(({ name }) => name)).toEqual(['model', 'platt', 'isotonic']);
    expect(calibration?.definitions.join()).toContain('300 rows of validation');
    const rows = segments?.map(({ column, parts }) => [column, parts.map(({ segment, rows: n }) => [segment, n])]);
    expect(rows).toEqual([
      ['hour', expect.arrayContaining([['h0', expect.any(Number)]])],
      [
        'price',
        [
          ['0-2', expect.any(Number)],
          ['2-4', expect.any(Number)],
        ],
      ],
    ]);
    const hours = segments?.[0].parts.reduce((sum, part) => sum + part.rows, 0);
    expect(hours).toBe(300);
  });

  test('writes scalars for TensorBoard, and a report', () => {
    const files = readdirSync(run.path).filter((name) => name.includes('tfevents'));
    const events = files.flatMap((file) => readTensorBoard(readFileSync(join(run.path, file))));
    const tags = new Set(events.flatMap((event) => Object.keys(event.scalars)));
    for (const tag of ['validation/AUC', 'test/logloss', 'baseline-item-mean/test/AUC', 'train/learningRate'])
      expect(tags).toContain(tag);
    const report = readFileSync(run.report, 'utf8');
    for (const text of ['>Calibration<', '>Parts of the test set<', 'log loss (validation)', 'rows/s', 'Learning rate'])
      expect(report).toContain(text);
  });

  test('evaluate gives the same figures, recalibrated on validation and never on test', async () => {
    const { output: json } = await runMain('evaluate', run.path, '--json', '--quiet');
    const figures = JSON.parse(json) as RankingFigures;
    expect(figures.metrics).toEqual(results.final?.metrics);
    expect(figures.calibration).toEqual(results.calibration);
    expect(figures.verdict).toEqual(results.verdict);
    const own = await runMain('evaluate', run.path, '--split', 'validation', '--json', '--quiet');
    expect((JSON.parse(own.output) as RankingFigures).calibration).toBeUndefined();
    const text = await runMain(
      'evaluate',
      run.path,
      '--evaluation.segments',
      'hour',
      '--baselines',
      'item-mean',
      '--quiet',
    );
    expect(text.output).toMatch(/metric +value +95 % over users +item-mean\n/);
    expect(text.output).toMatch(/hour +rows +AUC/);
  });

  test('evaluate tells cold items and short histories apart', async () => {
    const segments = JSON.stringify([{ trainingRows: 'items', bounds: [1, 38] }, { trainingRows: 'users' }]);
    const argv = ['--evaluation.segments', segments, '--baselines', 'none', '--json', '--quiet'];
    const { output: json, errors } = await runMain('evaluate', run.path, ...argv);
    expect(errors).toBe('');
    const [items, users] = (JSON.parse(json) as RankingFigures).segments;
    expect(items.column).toBe('training rows of items');
    expect(items.parts.map(({ segment }) => segment)).toEqual(['1-37', '38 and more']);
    expect(items.parts.reduce((sum, { rows }) => sum + rows, 0)).toBe(300);
    expect(users.parts.map(({ segment }) => segment)).toContain('20-99');
    const liked = JSON.stringify([{ trainingRows: 'items', bounds: [38], label: 'positive' }]);
    const { output } = await runMain('evaluate', run.path, '--evaluation.segments', liked, ...argv.slice(2));
    const [positive] = (JSON.parse(output) as RankingFigures).segments;
    expect(positive.column).toBe('positive training rows of items');
    // About half of an item's rows are positive: no item has so many.
    expect(positive.parts.map(({ segment, rows }) => [segment, rows])).toEqual([['0-37', 300]]);
    const wrong = JSON.stringify([{ trainingRows: 'items', bounds: [5, 5] }]);
    const refused = await runMain('evaluate', run.path, '--evaluation.segments', wrong);
    expect(refused.errors).toContain('error: --evaluation.segments.0.bounds: expected bounds that ascend; got [5,5]');
  });

  test('exported weights give the same figures again', async () => {
    const weights = join(folder, 'weights.safetensors');
    const exported = await runMain('export', run.path, '--to', weights, '--no-buffers', '--digest');
    expect(exported).toMatchObject({ code: 0 });
    // Of as many weights as the digest is; those of features are no weights, and no buffers.
    const [told, digest] = exported.output.split('\n');
    const [, count] = / (\d+ weights, \d+ numbers)$/.exec(digest) ?? [];
    expect(told).toMatch(new RegExp(`: ${count}; beside them item_features/\\* of the data \\(\\d+ tensors\\)$`));
    const again = await runMain('evaluate', '--config', world.yaml, '--from', weights, '--json', '--quiet');
    expect(again.errors).toBe('');
    const { metrics, warnings } = JSON.parse(again.output) as RankingFigures;
    expect(metrics).toEqual(results.final?.metrics);
    expect(warnings).toEqual([]);
  });

  test('exported weights on other data: their users and items are noted, their features are refused', async () => {
    const weights = join(folder, 'elsewhere.safetensors');
    expect(await runMain('export', run.path, '--to', weights)).toMatchObject({ code: 0 });
    const changed = (name: string, from: RegExp, to: (found: string) => string): string => {
      const path = join(folder, `${name}.csv`);
      writeFileSync(path, readFileSync(world.csv, 'utf8').replaceAll(from, to));
      return path;
    };
    const of = (...argv: string[]) =>
      runMain('evaluate', '--config', world.yaml, '--from', weights, '--json', '--quiet', ...argv);
    const items = await of(
      '--data.path',
      changed('items', /,i\d+,/g, (item) => `,i${23 - Number(item.slice(2, -1))},`),
    );
    expect((JSON.parse(items.output) as RankingFigures).warnings.join()).toMatch(
      /it was trained on other data \(digest \w{12}, here \w{12}\): its users and items may be others/,
    );
    const features = ['--data.path', changed('hours', /,h1,/g, () => ',h7,')];
    expect((await of(...features)).errors).toContain('expected features that were fitted on the training rows here');
    const written = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    const trained = await train('elsewhere', '--config', world.yaml, '--from', weights, '--epochs', '1', ...features);
    const notes = written.mock.calls.join();
    written.mockRestore();
    expect(trained).toMatchObject({ code: 0 });
    expect(notes).toContain('its features were fitted on other rows');
  });

  test('compare pairs two runs over users', async () => {
    expect(await fresh('runs', '--seed', '2', '--evaluation.baselines', 'none')).toMatchObject({ code: 0 });
    const other = latest('runs');
    const compared = await runMain('compare', run.path, other.path, '--json');
    const [{ rows, users, differences }] = JSON.parse(compared.output) as [
      { rows: number; users: number; differences: { metric: string; a: number; b: number }[] },
    ];
    expect([rows, users]).toEqual([300, 30]);
    expect(differences.map(({ metric }) => metric)).toEqual(['AUC', 'GAUC', 'logloss', 'NE']);
    expect(differences[0].a).toBeCloseTo(results.final?.metrics.AUC as number, 6);
    expect(differences[0].b).toBeCloseTo(resultsOf(other).final?.metrics.AUC as number, 6);
    const refused = await runMain('compare', run.path, other.path, '--metrics', 'HR@10');
    expect(refused.errors).toContain('--metrics: expected of AUC, GAUC, logloss, NE, with commas, for ranking runs');
    expect(await fresh('runs', '--data.split.seed', '9')).toMatchObject({ code: 0 });
    const elsewhere = await runMain('compare', run.path, latest('runs').path);
    expect(elsewhere.errors).toContain('data.split: {"kind":"random"');
    const forced = await runMain('compare', run.path, latest('runs').path, '--force');
    expect(forced.errors).toContain('compare: expected runs on the same test rows');
  });

  test.each([['recommend', '--user', 'u1'], ['vectors'], ['page']])(
    '%s refuses it, and says what takes it',
    async (command, ...argv) => {
      const { code, errors } = await runMain(command, run.path, ...argv);
      expect(errors).toContain(
        `expected the task retrieval, which this command is for; got the run ${run.id} of the task ranking; seqrec train, evaluate, compare, report, export, reproduce, recipes, labels, plan, profile, bench step take it`,
      );
      expect(errors).not.toContain('    at ');
      expect(code).toBe(2);
    },
  );

  test.each([
    [['--windows'], '--windows: expected it with a run of the task retrieval'],
    [['--future', '7'], '--future: expected it with a run of the task retrieval'],
    [['--sample', '7'], '--sample: expected it with a run of the task retrieval'],
    [
      ['--baselines', 'ease'],
      '--baselines: expected of base-rate, item-mean, user-item-mean for a model of rows; got "ease"',
    ],
    [['--evaluation.ties', 'expected'], '--evaluation.ties: expected one of --evaluation.batchSize'],
    [
      ['--evaluation.segments', 'hours'],
      'evaluation.segments: hours: expected a column of ratings; got hours; did you mean',
    ],
  ])('evaluate %j is refused', async (argv, message) => {
    const { code, errors } = await runMain('evaluate', run.path, ...argv, '--quiet');
    expect(errors).toContain(message);
    expect(code).toBe(2);
  });
});

test('a run that is gone on with ends with the weights of one left alone, its plateau and patience too', async () => {
  const keys = ['--training.patience', '4'];
  expect(await fresh('whole', '--epochs', '7', ...keys)).toMatchObject({ code: 0 });
  expect(await fresh('parts', '--epochs', '4', ...keys)).toMatchObject({ code: 0 });
  const resumed = await train('parts', '--resume', 'latest', '--epochs', '7', '--quiet');
  expect(resumed, resumed.errors).toMatchObject({ code: 0 });
  const [whole, parts] = [latest('whole'), latest('parts')];
  const digestOf = async (run: RunDir): Promise<string> =>
    (await runMain('export', run.path, '--digest', '--checkpoint', 'last')).output.slice(0, 64);
  const digest = await digestOf(whole);
  expect(digest).toMatch(/^[0-9a-f]{64}$/);
  expect(await digestOf(parts)).toBe(digest);
  expect(resultsOf(parts)).toEqual(resultsOf(whole));
  const changed = await train('parts', '--resume', 'latest', '--evaluation.selectBy', 'logloss');
  expect(changed.errors).toContain('evaluation.selectBy: expected none as in the run; got "logloss"');
});

test('a run with settings of before they were refused is evaluated and gone on with', async () => {
  const yaml = join(folder, 'plain.yaml');
  writeFileSync(
    yaml,
    readFileSync(world.yaml, 'utf8')
      .replace(/ {2}schedule: .*\n/, '')
      .replace('validation: 0.2', 'validation: 0'),
  );
  const begun = await train('before', '--config', yaml, '--quiet', '--epochs', '1');
  expect(begun, begun.errors).toMatchObject({ code: 0 });
  const run = latest('before');
  const { recipe, config } = JSON.parse(readFileSync(run.config, 'utf8'));
  const idle = { group: 'hour', labels: [{ column: 'label', weight: 1 }], lossWeights: [3] };
  const before = { ...config, task: { ...config.task, ...idle }, training: { ...config.training, patience: 2 } };
  writeFileSync(run.config, JSON.stringify({ recipe, config: before }));
  const { output } = await runMain('evaluate', run.path, '--checkpoint', 'last', '--json', '--quiet');
  expect((JSON.parse(output) as RankingFigures).metrics).toEqual(resultsOf(run).final?.metrics);
  const resumed = await train('before', '--resume', 'latest', '--epochs', '2', '--quiet');
  expect(resumed, resumed.errors).toMatchObject({ code: 0 });
  const anew = await fresh('before', '--task.group', 'hour');
  expect(anew.errors).toContain('task: group: expected it with pairwise or listwise');
});

describe('a run whose scores are an order within groups', () => {
  let [run, results] = [] as unknown as [RunDir, RunResults];
  beforeAll(async () => {
    const keys = ['--task.loss', 'listwise', '--task.group', 'hour', '--optimizer.schedule.patience', '9'];
    const trained = await fresh('order', '--epochs', '2', ...keys);
    expect(trained, trained.errors).toMatchObject({ code: 0 });
    run = latest('order');
    results = resultsOf(run);
  });

  test('has figures of order alone, the baselines too, and a verdict on the metric that chooses', async () => {
    const { final, baselines, verdict, calibration, segments } = results;
    for (const { metrics, intervals } of [final, ...baselines].filter((each) => each !== undefined)) {
      expect(Object.keys(metrics).sort()).toEqual(['AUC', 'GAUC', 'NDCG@10']);
      // Three groups, each of rows of many users: too few to draw.
      expect(Object.keys(intervals ?? {})).toEqual(['AUC']);
    }
    expect(verdict?.[0].differences.map(({ metric }) => metric)).toEqual(['AUC', 'NDCG@10']);
    expect(verdict?.[0].users).toBe(30);
    expect(calibration).toBeUndefined();
    for (const { metrics } of segments?.[0].parts ?? [])
      expect(Object.keys(metrics).sort()).toEqual(['AUC', 'GAUC', 'NDCG@10']);
    expect(segmentListings(results)[0].titles).toContain('NDCG@10');
    const { output } = await runMain('evaluate', run.path, '--json', '--quiet');
    const figures = JSON.parse(output) as RankingFigures;
    expect(figures.metrics).toEqual(final?.metrics);
    expect(figures.calibration).toBeUndefined();
  });

  test('is compared by its groups with one that has them too, else by user, and never by losses', async () => {
    interface Compared {
      readonly by: string;
      readonly users: number;
      readonly differences: { readonly metric: string; readonly a: number; readonly b: number }[];
    }
    const compared = async (...names: string[]) =>
      (JSON.parse((await runMain('compare', run.path, ...names, '--json')).output) as [Compared])[0];
    expect(await fresh('order', '--epochs', '2', '--evaluation.baselines', 'none')).toMatchObject({ code: 0 });
    const [same, other] = [await compared(run.path), await compared(latest('order').path)];
    const of = ({ differences }: Compared, metric: string) => differences.find((each) => each.metric === metric);
    for (const { differences, users } of [same, other]) {
      expect(differences.map(({ metric }) => metric)).toEqual(['NDCG@10', 'GAUC', 'AUC']);
      expect(users).toBe(30);
    }
    expect([same.by, other.by]).toEqual(['group', 'user']);
    for (const metric of ['NDCG@10', 'GAUC'])
      expect(of(same, metric)?.a).toBeCloseTo(results.final?.metrics[metric] as number, 6);
    expect(of(other, 'GAUC')?.b).toBeCloseTo(resultsOf(latest('order')).final?.metrics.GAUC as number, 6);
    const refused = await runMain('compare', run.path, latest('order').path, '--metrics', 'logloss');
    expect(refused.errors).toContain('expected of NDCG@10, GAUC, AUC, with commas, for runs whose scores are an order');
    // Files did not always say what scores are.
    const { tensors, metadata } = decodeSafetensors(readFileSync(run.predictions), run.predictions);
    const { as: _, ...earlier } = metadata;
    await writeFileAtomic(run.predictions, encodeSafetensors({ tensors, metadata: earlier }));
    expect((await compared(run.path)).differences).toEqual(same.differences);
  });
});

test('rows of fewer than six users have no intervals, and it is said why', async () => {
  const [head, ...lines] = readFileSync(world.csv, 'utf8').trim().split('\n');
  const few = join(folder, 'few.csv');
  writeFileSync(few, [head, ...lines.map((line, k) => line.replace(/^u\d+/, `u${k % 5}`))].join('\n'));
  expect(await fresh('few', '--data.path', few, '--epochs', '1')).toMatchObject({ code: 0 });
  const run = latest('few');
  const { final, definitions } = resultsOf(run);
  expect(final?.intervals).toEqual({});
  expect(definitions).toContain('Intervals over users: none; 5 users: too few for an interval.');
  expect(readFileSync(run.report, 'utf8')).not.toContain('its 95 % interval');
  const { output } = await runMain('compare', run.path, run.path);
  expect(output).toContain('5 users: too few for an interval');
  expect(output).not.toContain('[');
  const evaluated = await runMain('evaluate', run.path, '--quiet');
  expect(evaluated.output.replaceAll(/\s+/g, ' ')).toContain('none; 5 users: too few for an interval');
});

test('labels that are numbers train by squared error', async () => {
  const squared = readFileSync(world.yaml, 'utf8')
    .replace('{ kind: ranking }', '{ kind: ranking, loss: squared }')
    .replace(/ {2}label: .*\n/, '  labels: [stars]\n');
  const yaml = join(folder, 'squared.yaml');
  writeFileSync(yaml, squared);
  const keys = ['--config', yaml, '--quiet', '--optimizer.schedule.patience', '9'];
  const { code, errors } = await train('squared', ...keys, '--epochs', '15');
  expect(code, errors).toBe(0);
  const { final, baselines, verdict } = resultsOf(latest('squared'));
  expect(final?.metrics.RMSE).toBeLessThan(baselines.at(-1)?.metrics.RMSE as number);
  expect(final?.warnings).toBeUndefined();
  expect(verdict).toBeUndefined();
  expect(readPredictions(latest('squared').predictions).rows).not.toBeInstanceOf(ClickRows);
  expect(existsSync(latest('squared').best)).toBe(true);
  // There is no verdict on numbers, but a baseline that wins is told.
  expect(await train('short', ...keys, '--epochs', '1')).toMatchObject({ code: 0 });
  expect(resultsOf(latest('short')).final?.warnings?.join()).toMatch(/^RMSE \S+ is no better than \S+ of base-rate/);
});
