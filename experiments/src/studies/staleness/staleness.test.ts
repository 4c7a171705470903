import { existsSync, mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeSafetensors } from '@seqrec/models';
import { beforeAll, describe, expect, it } from 'vitest';
import { runMain as run } from '../../testing/run-main.ts';

const folder = mkdtempSync(join(tmpdir(), 'seqrec-staleness-'));
const events = join(folder, 'events.csv');
const out = join(folder, 'runs');

beforeAll(() => {
  // A walk over 40 items in which each depends on the one before, an event an hour.
  const lines = Array.from({ length: 40 }, (_, user) =>
    Array.from({ length: 12 }, (_, i) => `u${user},i${(7 * user + 3 * i + (user % 3) * i * i) % 40},${3600 * i}`),
  );
  writeFileSync(events, `user,item,time\n${lines.flat().join('\n')}\n`);
});

const data = ['--data.path', events, '--data.columns.user', 'user', '--data.columns.item', 'item'];
const recipe = [
  ...[...data, '--data.columns.time', 'time', '--data.columns.rating', 'none'],
  ...['--model.embeddingDim', '8', '--model.dqk', '8', '--model.dv', '8', '--model.maxSequenceLength', '12'],
  ...['--training.batchSize', '16', '--evaluation.ks', '[5,10]', '--evaluation.baselines', '[]'],
  ...['--evaluation.selectBy', 'NDCG@10', '--objective.numNegatives', '8'],
];
const train = ['train', 'csv/hstu', ...recipe, '--quiet', '--epochs', '1', '--out', out];
const features = ['--model.features', '[{"column":"userVector","table":"events","encode":"standardise"}]'];

describe('vectors of users as a column of the data', () => {
  const file = join(folder, 'users.safetensors');
  const reading = ['--data.userVectors.path', file];

  it('are written by one run and read by another, as old as is asked for', async () => {
    expect(await run(...train)).toMatchObject({ code: 0 });
    expect(await run('vectors', 'latest', '--of', 'users', '--to', file, '--out', out)).toMatchObject({ code: 0 });
    const trained = await run(...train, ...reading, '--data.userVectors.every', '[1,4]', ...features);
    expect(trained).toMatchObject({ code: 0, errors: '' });
    const [newest] = readdirSync(out).sort((a, b) => statSync(join(out, b)).mtimeMs - statSync(join(out, a)).mtimeMs);
    const summary = JSON.parse(readFileSync(join(out, newest, 'data.json'), 'utf8'));
    expect(summary.steps.join(' ')).toContain('Added userVector, 8 numbers an event: the vector of the user in place');
    expect(await run('evaluate', 'latest', '--out', out)).toMatchObject({ code: 0 });
  });

  it('are refused of other data, of another file, with two ages, and for a ranker', async () => {
    const other = await run(...train, ...reading, '--data.kCore', '2', '--data.minRating', '0', ...features);
    expect(other.errors).toMatch(/data.minRating|expected vectors of the same data/);
    const cored = await run(...train, ...reading, '--data.kCore', '13', ...features);
    expect(cored).toMatchObject({ code: 1 });
    const twice = await run(...train, ...reading, '--data.userVectors.age', '1', '--data.userVectors.hours', '2');
    expect(twice).toMatchObject({ code: 2, errors: expect.stringContaining('expected one of age, every and hours') });
    const none = await run(...train, '--data.userVectors.path', join(folder, 'nowhere'), ...features);
    expect(none.code).not.toBe(0);
    expect(none.errors).toContain('nowhere');
    const [first] = readdirSync(out);
    const wrong = await run(...train, '--data.userVectors.path', join(out, first, 'checkpoints/last.safetensors'));
    expect(wrong.errors).toContain('make the file with `seqrec vectors RUN --of users`');
  });
});

describe('a study of staleness', () => {
  const study = join(folder, 'study');
  const command = [
    ...['scale', 'staleness', '--recipe', 'csv/hstu', ...recipe, '--quiet', '--epochs', '1', '--widths', '8'],
    ...['--hours', '1,2', '--seeds', '1'],
  ];

  it('trains four models and shows quality against age, and goes on from what is there', async () => {
    const asked = [...command, '--window', '4', '--ages', '0,1,3', '--out', study];
    const first = await run(...asked);
    expect(first).toMatchObject({ code: 0 });
    expect(first.output).toContain('HR@10 against age; small model alone');
    expect(first.output).toContain('long model at each request, cached');
    expect(readdirSync(join(study, 'runs')).sort()).toEqual(['aged', 'fresh', 'long', 'small']);
    for (const name of ['report.html', 'hr10.csv', 'plots/hr10-events.svg', 'plots/ndcg10-hours.png'])
      expect(existsSync(join(study, name)), name).toBe(true);
    expect(readFileSync(join(study, 'report.html'), 'utf8')).toContain(
      'where there is none it is the mean of those of all users that were computed before the request',
    );
    // An event an hour: an age of k hours is one of k events.
    const rows = readFileSync(join(study, 'hr10.csv'), 'utf8').split('\n');
    const row = (age: string, unit: string) => rows.find((line) => line.startsWith(`${age},${unit},`));
    expect(row('1', 'hours')).toBe(row('1', 'events')?.replace('events', 'hours'));
    expect(await run(...asked)).toMatchObject({ code: 0, output: first.output });
    // A pair reads stored vectors: the time of the small model alone is not its time.
    const file = join(study, 'cost.json');
    const { pair, ...older } = JSON.parse(readFileSync(file, 'utf8'));
    expect(pair).toBeGreaterThan(0);
    const costs = readFileSync(join(study, 'cost.csv'), 'utf8').split('\n');
    expect(costs.find((line) => line.includes('every 3 events'))).toContain(`,${pair.toFixed(3)},`);
    writeFileSync(file, JSON.stringify({ ...older, small: 1000 }));
    const renewed = await run(...asked);
    expect(renewed.code).toBe(0);
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ pair: expect.any(Number) });
    expect(renewed.output).not.toContain('1000.0');
  });

  it('takes the checkpoint of each run that the test set of the run saw', async () => {
    const asked = ['--window', '4', '--ages', '0,1', '--out', join(folder, 'last')];
    const { code, errors } = await run(...command, ...asked, '--evaluation.checkpoint', 'last');
    expect(code, errors).toBe(0);
    const file = join(folder, 'last/vectors/seed-1.safetensors');
    const { metadata } = decodeSafetensors(readFileSync(file), file);
    expect(Object.values(metadata).join()).toContain('checkpoints/last.safetensors');
  });

  it('measures no hours of data without times, and refuses those that are asked for', async () => {
    const untimed = join(folder, 'untimed');
    const [name, ...asked] = command.slice(0, command.indexOf('--hours'));
    const without = asked.map((text, i) => (asked[i - 1] === '--data.columns.time' ? 'none' : text));
    const study = (...more: string[]) =>
      run(
        name,
        ...without,
        '--model.relativeBias',
        'position',
        '--seeds',
        '1',
        '--window',
        '4',
        '--out',
        untimed,
        ...more,
      );
    const refused = await study('--ages', '0,1', '--hours', '1,24');
    expect(refused).toMatchObject({ code: 2 });
    expect(refused.errors).toContain('--hours: expected none for data without times; got 1,24; --hours none');
    expect(existsSync(untimed)).toBe(false);
    const timed = await study('--ages', '0,1');
    expect(timed.errors).toContain('model.relativeBias: expected a setting that reads no times');
    expect(existsSync(untimed)).toBe(false);
    const { code, errors } = await study('--ages', '0,1', '--encoders', 'sasrec');
    expect(code, errors).toBe(0);
    expect(readFileSync(join(untimed, 'hr10.csv'), 'utf8')).not.toContain(',hours,');
  });

  it.each([
    [['--window', '13'], 'expected at most the 12 events that the long model reads; got 13'],
    [['--evaluation.baselines', '[popularity]'], '--evaluation.baselines: expected no baselines in scale staleness'],
    [['--evaluation.tuneBaselines', 'true'], '--evaluation.tuneBaselines: expected no baselines'],
    [['--evaluation.positions', 'all'], '--evaluation.positions: expected none in scale staleness'],
    [['--training.epochs', '2'], '--training.epochs: expected one of this and --epochs; got both'],
    [['--model.similarity', 'dot', '--objective.temperature', '1'], 'model.similarity: expected cosine in a study'],
    [['--seed', '1'], 'expected --seeds for scale staleness'],
    [['--ages', '-1'], 'expected distinct whole numbers of at least 0'],
    [['--encoders', 'hstu,sasrec'], '--encoders: expected one for scale staleness; got hstu,sasrec'],
  ])('refuses %j', async (further, message) => {
    const refused = await run(...command, '--out', join(folder, 'refused'), ...further);
    expect(refused.code).not.toBe(0);
    expect(refused.errors).toContain(message);
    expect(existsSync(join(folder, 'refused'))).toBe(false);
  });
});
