// Rows of one's own, through configuration alone: Parquet with ten features and three labels; then a student of it.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { scattered } from '../../testing/ranking-world.ts';
import { runMain } from '../../testing/run-main.ts';
import type { RunResults } from '../folder/results.ts';
import { openRunDir } from '../folder/run-dir.ts';
import type { RankingFigures } from './evaluate-command.ts';

const duckdb = await import('@duckdb/node-api').catch(() => undefined);
const folder = mkdtempSync(join(tmpdir(), 'seqrec-own-rows-'));
afterAll(() => rmSync(folder, { recursive: true }));

const ROWS = 1600;
const parquet = join(folder, 'shop.parquet');
const out = join(folder, 'runs');
const resultsOf = () => JSON.parse(readFileSync(openRunDir(out, 'latest').results, 'utf8')) as RunResults;

/** A shop: clicks by taste, purchases and seconds of those who clicked. */
async function writeShop(): Promise<void> {
  const lines = Array.from({ length: ROWS }, (_, k) => {
    const [user, item] = [scattered(k, 30), scattered(k + 50_000, 24)];
    const clicked = Number(((user + item) % 2 === 0) !== scattered(k + 7, 10) < 2);
    const bought = clicked * Number(scattered(k + 9, 3) === 0);
    const watched = clicked * (1 + scattered(k + 11, 60));
    const features = [`c${user % 4}`, 20 + (user % 9), `g${user % 2}`, `b${item % 5}`, (item % 7) / 2, `h${k % 24}`];
    return [
      `u${user}`,
      `i${item}`,
      1_600_000_000 + 500 * k,
      ...features,
      `d${k % 3}`,
      k % 11,
      `p${k % 6}`,
      `q${k % 2}|q${k % 5}`,
    ]
      .concat([clicked, bought, watched].map(String))
      .join(',');
  });
  const head = 'user,item,at,city,age,gender,brand,price,hour,device,depth,page,tags,clicked,bought,watched';
  const csv = join(folder, 'shop.csv');
  writeFileSync(csv, `${head}\n${lines.join('\n')}\n`);
  const instance = await duckdb!.DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  await connection.run(
    `COPY (SELECT * REPLACE (string_split(tags, '|') AS tags) FROM read_csv('${csv}')) TO '${parquet}' (FORMAT parquet)`,
  );
  connection.closeSync();
  instance.closeSync();
}

const yaml = join(folder, 'shop.yaml');
const config = `task:
  kind: ranking
  labels:
    - clicked
    - { column: bought, parent: clicked }
    - { column: watched, loss: log-mse, weight: 0.1, parent: clicked }
  balance: uncertainty
  value: [{ label: clicked, weight: 1 }, { label: watched, weight: 0.02 }]
data:
  format: csv
  path: ${parquet}
  columns:
    user: user
    item: item
    time: at
    city: id
    age: number
    gender: id
    brand: id
    price: number
    hour: id
    device: id
    depth: number
    page: id
    tags: ids
    clicked: number
    bought: number
    watched: number
  labels: [clicked, bought, watched]
  split: { kind: random, test: 0.2, validation: 0.2 }
model:
  kind: mmoe
  embeddingDim: 8
  experts: 2
  expertHiddenSizes: [16]
  towerHiddenSizes: [8]
  gateDropout: 0.1
  features:
    - city
    - { column: age, encode: standardise }
    - gender
    - brand
    - { column: price, buckets: 4 }
    - hour
    - device
    - { column: depth, encode: log1p }
    - page
    - tags
  embeddingStd: 0.1
optimizer: { learningRate: 0.03 }
training: { epochs: 8, batchSize: 128, shuffle: true, evaluateEvery: 1 }
evaluation: { batchSize: 512, segments: [device] }
seed: 1
`;

describe.skipIf(duckdb === undefined)('rows of one own in Parquet', () => {
  beforeAll(async () => {
    await writeShop();
    writeFileSync(yaml, config);
    const trained = await runMain('train', '--config', yaml, '--out', out, '--quiet');
    expect(trained, trained.errors).toMatchObject({ code: 0 });
  });

  test('train by configuration alone, with figures of each label and of the value', async () => {
    const { final, baselines, calibration } = resultsOf();
    const metrics = final?.metrics ?? {};
    for (const name of [
      'AUC',
      'AUC|bought',
      'NE|bought',
      'RMSE|watched',
      'RAUC|watched',
      'RAUC|value',
      'GAUC|value:clicked',
    ])
      expect(metrics[name], name).toBeGreaterThan(0);
    expect(metrics.AUC).toBeGreaterThan(0.55);
    expect(baselines[0].metrics).toHaveProperty('RMSE|watched');
    expect(calibration?.variants.map(({ name }) => name)).toEqual(['model', 'platt', 'isotonic']);
    expect(calibration?.variants[1].metrics).toHaveProperty('NE');
    const report = readFileSync(openRunDir(out, 'latest').report, 'utf8');
    for (const text of ['>Calibration<', 'AUC|bought', 'RMSE|watched', 'RAUC|value']) expect(report).toContain(text);
    const evaluated = await runMain('evaluate', openRunDir(out, 'latest').path, '--json', '--quiet');
    expect((JSON.parse(evaluated.output) as RankingFigures).metrics).toEqual(metrics);
  });

  test('resume goes on with the learned weights of the losses', async () => {
    const resumed = await runMain('train', '--resume', openRunDir(out, 'latest').path, '--epochs', '9', '--quiet');
    expect(resumed, resumed.errors).toMatchObject({ code: 0 });
  });

  test('labels of a run teach a student, whose other head is served', async () => {
    const store = join(folder, 'labels');
    const run = openRunDir(out, 'latest');
    const written = await runMain('labels', run.path, '--to', store, '--quiet');
    expect(written, written.errors).toMatchObject({ code: 0 });
    expect(written.output).toContain(`teacher=${run.id}: 960 rows, clicked, bought, watched`);
    const student = join(folder, 'student.yaml');
    writeFileSync(
      student,
      config
        .replace(
          / {2}labels:\n[\s\S]*?data:/,
          '  labels:\n    - clicked\n    - { column: teacher.clicked, loss: sigmoid-squared, served: false }\ndata:',
        )
        .replace('  split:', `  teacherLabels: [{ path: ${store} }]\n  split:`),
    );
    const trained = await runMain('train', '--config', student, '--out', out, '--quiet', '--epochs', '3');
    expect(trained, trained.errors).toMatchObject({ code: 0 });
    expect(Object.keys(resultsOf().final?.metrics ?? {}).filter((name) => name.includes('|'))).toEqual([]);
    const again = await runMain('labels', run.path, '--to', store, '--quiet');
    expect(again.errors).toContain(`expected no labels of ${run.id} yet; got ${store}`);

    // A further teacher of the store is none of a student that has begun.
    const { path, config: file } = openRunDir(out, 'latest');
    const second = await runMain('labels', run.path, '--to', store, '--teacher', 'second', '--quiet');
    expect(second, second.errors).toMatchObject({ code: 0 });
    const saved = JSON.parse(readFileSync(file, 'utf8'));
    expect(saved.config.data.teacherLabels[0].teacher).toBe(run.id);
    const works = async (...argv: string[]) => {
      const { code, errors } = await runMain(...argv, '--quiet');
      expect(code, errors).toBe(0);
    };
    await works('evaluate', path);
    await works('train', '--config', student, '--resume', path, '--epochs', '4');
    // From before the name was kept.
    delete saved.config.data.teacherLabels[0].teacher;
    saved.config.training.epochs = 4;
    writeFileSync(file, JSON.stringify(saved));
    await works('evaluate', path);
    await works('train', '--resume', path, '--epochs', '5');
    const other = await runMain('train', '--config', student, '--out', out, '--quiet');
    expect(other.errors).toContain('name one of them by `teacher` in data.teacherLabels');
  });
});
