// Benchmarks and tables in files of one's own, as a stranger has them: every run is a process of its own.
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, test } from 'vitest';
import { writeFiles } from '../testing/plugin-files.ts';
import { runCli } from '../testing/run-cli.ts';
import { benchmarkNames, loadBenchmark } from './benchmark/load-benchmark.ts';
import { benchmarkShape } from './benchmark/shape.ts';
import { definitionTitle } from './definitions.ts';
import { loadTable, tableNames } from './reproduce/load-table.ts';
import { tableShape } from './reproduce/shape.ts';

const folder = mkdtempSync(join(tmpdir(), 'seqrec-own-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Users who walk round twenty items, a step a day. */
const walks = Array.from({ length: 60 }, (_, user) =>
  Array.from({ length: 12 }, (_, day) => `u${user},i${(user * 7 + day) % 20},${1.7e9 + 86400 * (day + user)}`),
).flat();

const objective = `import { candidateFlops, defineObjective } from '@seqrec/models';
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
defineObjective({
  kind: 'acme/near',
  schema: z.strictObject({ kind: z.literal('acme/near') }),
  flops: (_, work) => candidateFlops(0, work),
  create: () => ({
    name: 'acme/near',
    settings: {},
    loss({ model, batch, run }) {
      const labels = tf.gather(model.itemVectors(run), batch.targets);
      const sum = tf.sum(tf.mul(model.encode(batch, run), labels));
      return { sum: tf.neg(sum), weight: batch.numTokens };
    },
  }),
});
`;

const benchmark = `import { defineBenchmark, loadBenchmark } from '@seqrec/experiments';
const { models, losses, protocols, ...base } = await loadBenchmark('losses-and-blocks');
export const benchmark = defineBenchmark({
  ...base,
  plugins: ['./near.ts'],
  data: { walks: {
    'data.format': 'csv', 'data.path': 'walks.csv',
    'data.columns.user': 'user', 'data.columns.item': 'item', 'data.columns.time': 'at',
  } },
  protocols: { time: { changes: { ...protocols.time.changes, 'evaluation.ks': '[5,10]' } } },
  models: { SASRec: { ...models.SASRec, on: {} }, Mine: { recipe: './mine.yaml' } },
  losses: { sampled: losses.sampled, near: { 'objective.kind': 'acme/near' } },
  quickData: ['walks'],
});
`;

const table = `export const table = {
  title: 'Walks', source: 'here', notes: [], metrics: ['HR@10'],
  rows: [
    { name: 'Mine', recipe: './recipes/mine.yaml', paper: {} },
    { name: 'Chain', recipe: './recipes/mine.yaml', paper: {}, from: { row: 'Mine', baseline: 'markov' } },
  ],
  claims: [{ better: 'Chain', worse: 'Mine', metrics: ['HR@10'] }],
};
`;
const mine = `extends: csv/sasrec
data: { path: walks.csv, columns: { time: at } }
model: { embeddingDim: 8, maxSequenceLength: 10, numBlocks: 1, numHeads: 1 }
training: { epochs: 2 }
evaluation: { ks: [10], baselines: [markov] }
`;

writeFiles(folder, {
  'walks.csv': `user,item,at\n${walks.join('\n')}\n`,
  'near.ts': objective,
  'mine.yaml': mine,
  'recipes/mine.yaml': mine,
  'recipes/asked.yaml': `${mine}plugins: [../near.ts]\n`,
  'SASRec.yaml': mine,
  'own.ts': benchmark,
  'own-table.ts': table,
  'codes.ts': benchmark
    .replace('Mine: {', "Codes: { space: { 'optimizer.learningRate': [0.001, 0.01] },")
    .replace('./mine.yaml', './codes.yaml')
    .replace(/losses: \{.*\n/, "losses: { full: { 'objective.kind': 'full-softmax' } },\n"),
  'codes.yaml': `extends: amazon-beauty/sid-decoder
model: { embeddingDim: 8, maxSequenceLength: 10, numBlocks: 1, numHeads: 1, ffnDim: 8 }
task: { kind: generation, ids: { vectors: [{ kind: behaviour, width: 4 }], tokenizer: { kind: residual-k-means, levels: 2, codes: 4 } }, beams: all }
`,
  'throws.ts': "throw new TypeError('broken');\n",
  'wrong.ts': "export const benchmark = { title: 3, models: { A: { recipes: 'x' } } };\n",
  'two-rules.ts': table.replace(
    "{ name: 'Chain'",
    "{ name: 'Seen', recipe: './mine.yaml', changes: [{ key: 'evaluation.excludeSeen', text: 'false' }], paper: {} }, { name: 'Chain'",
  ),
  'wrong-table.ts': table.replace('recipe:', 'recipes:'),
  'unknown-row.ts': table.replace("worse: 'Mine'", "worse: 'Yours'"),
  'no-yaml.ts': benchmark.replace('./mine.yaml', './gone.yaml'),
  'no-plugin.ts': benchmark.replace('./near.ts', './gone.ts'),
});

describe.concurrent('a file that cannot be used is one clear error', () => {
  test.each<[string[], string]>([
    [
      ['benchmark', './none.ts'],
      `the name of a benchmark or a file; got ./none.ts; there is no file ${folder}/none.ts`,
    ],
    [['reproduce', './none.ts'], 'the name of a table or a file; got ./none.ts'],
    [['benchmark', './throws.ts'], './throws.ts: expected a file that loads; got TypeError: broken'],
    [['benchmark', './own-table.ts'], './own-table.ts: expected an export named "benchmark"; got table'],
    [['reproduce', './own.ts'], './own.ts: expected an export named "table"; got benchmark'],
    [['benchmark', './wrong.ts'], './wrong.ts: benchmark: models.A.recipes: unknown key; did you mean recipe?'],
    [['reproduce', './wrong-table.ts'], 'table: rows.0.recipes: unknown key; did you mean recipe?'],
    [['reproduce', './unknown-row.ts'], 'table: claims: expected a row; got Yours'],
    [['benchmark', './no-yaml.ts'], `${folder}/gone.yaml: expected a YAML configuration file`],
    [['benchmark', './no-plugin.ts'], `./no-plugin.ts: plugins: expected a plug-in, a file or an installed package`],
    [['benchmark', 'own'], 'benchmark "own" is not known'],
    [['benchmark', './own.ts', '--models', './SASRec.yaml'], 'there is a model SASRec'],
    [['benchmark', './own.ts', '--models', 'Mine,./gone.yaml'], './gone.yaml: expected a YAML configuration file'],
  ])('%j: %s', async (args, said) => {
    const { code, stderr } = await runCli(args, folder);
    expect(stderr).toContain(said);
    expect(stderr).not.toContain('defect');
    expect(code).toBe(2);
  });
});

it('a benchmark runs with a plug-in, a recipe and data of its own, in jobs as well', async () => {
  const models = 'SASRec,Mine,./recipes/asked.yaml';
  const args = ['benchmark', './own.ts', '--quick', '--models', models, '--backend', 'cpu', '--jobs', '2'];
  const { code, stdout, stderr } = await runCli(args, folder);
  expect(stderr).not.toContain('error');
  expect(code).toBe(0);
  for (const row of ['SASRec, sampled', 'SASRec, near', 'Mine, sampled', 'Mine, near', 'asked, near'])
    expect(stdout).toMatch(
      new RegExp(`\\| ${row} +\\| 1 +\\| [.\\d]+ \\| [.\\d]+ +\\| [\\d,]+ +\\| 1 +\\| [\\d.]+e\\+\\d+`),
    );
  const runs = readdirSync(join(folder, 'runs/benchmark-own-quick')).filter((name) => name.startsWith('mine-'));
  expect(runs).toHaveLength(2);
});

it('codes of items stand beside models of items in one benchmark', async () => {
  const { stdout, stderr } = await runCli(['benchmark', './codes.ts', '--quick', '--backend', 'cpu'], folder);
  expect(stderr).not.toContain('error');
  expect(stdout).toMatch(/\| Codes, full +\| 1 +\| [.\d]+ \| [.\d]+ +\| [\d,]+ +\| 1 +\| [\d.]+e\+\d+ +\|/);
  expect(stdout).toMatch(/\| Codes, full +\|(?: [.\d]+ +\|)+ [.\d]+ +\| [.\d]+ +\|\n/);
});

it('codes are tuned in time, and refused a budget of operations before anything is searched', async () => {
  const args = ['benchmark', './codes.ts', '--quick', '--trials', '2', '--backend', 'cpu', '--out', 'tuned', '--tune'];
  const refused = await runCli([...args, '1e12'], folder);
  expect(refused.code).toBe(2);
  expect(refused.stderr).toContain(
    '--tune: expected a time such as 20m, since the operations of transformer under full-softmax over codes that are fitted later are not counted',
  );
  expect(existsSync(join(folder, 'tuned/tuning'))).toBe(false);
  const { code, stdout } = await runCli([...args, '60s', '--models', 'Codes'], folder);
  expect(code).toBe(0);
  expect(stdout).toMatch(/\| Codes, full +\| optimizer\.learningRate 0\.0/);
});

it('a table runs with a recipe beside it', async () => {
  const { code, stdout } = await runCli(['reproduce', './own-table.ts', '--seeds', '1', '--backend', 'cpu'], folder);
  expect(code).toBe(0);
  expect(stdout).toContain('| Chain > Mine |');
  expect(stdout).toContain('written: runs/reproduce-own-table/table.md');
});

it('rows that are judged by other rules are told', async () => {
  const args = ['reproduce', './two-rules.ts', '--seeds', '1', '--epochs', '1', '--backend', 'cpu'];
  const { stdout } = await runCli(args, folder);
  expect(stdout).toContain('Judged by other rules: Mine by evaluation.excludeSeen true, Seen by false.');
});

it('those of the repository have the shape that is asked of others', async () => {
  for (const name of benchmarkNames())
    expect(benchmarkShape.safeParse(await loadBenchmark(name)).error).toBeUndefined();
  for (const name of tableNames()) expect(tableShape.safeParse(await loadTable(name)).error).toBeUndefined();
});

it.each([
  ['hstu/ml-1m', 'hstu/ml-1m'],
  ['./own.ts', 'own'],
  ['/there/own.table.mjs', 'own.table'],
])('%s is called %s', (name, title) => {
  expect(definitionTitle(name)).toBe(title);
});
