// A model of rows and a task over rows from outside, through the command line.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { rankingWorld } from '../../testing/ranking-world.ts';
import { runCli } from '../../testing/run-cli.ts';
import type { RunResults } from '../folder/results.ts';
import { openRunDir } from '../folder/run-dir.ts';

const folder = mkdtempSync(join(tmpdir(), 'seqrec-plugin-ranking-'));
afterAll(() => rmSync(folder, { recursive: true }));
const { yaml } = rankingWorld(folder);

writeFileSync(
  join(folder, 'acme.ts'),
  `import { createRanker, defineModel, defineTask, fieldFields, fieldTables, rankingLabels, rankingTask, tableFields } from '@seqrec/models';
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';

const factors = z.strictObject({ kind: z.literal('acme/factors'), ...fieldFields, ...tableFields, width: z.int().positive() });
defineModel({
  kind: 'acme/factors',
  can: ['rank'],
  schema: factors,
  create: (config, options) =>
    createRanker(config, options, ({ embeddingStd, width }, { fields, labels, seed }) => {
      const tables = fieldTables({ fields, width: width * labels, standardDeviation: embeddingStd, seed, stream: 'factors' });
      return {
        tables: [tables],
        net: [],
        logits: (columns) => tf.tidy(() => {
          const [a, b] = tables.vectors(columns);
          return tf.sum(tf.reshape(tf.mul(a, b), [-1, labels, width]), 2);
        }),
      };
    }),
});

const focal = z.strictObject({ kind: z.literal('acme/focal'), gamma: z.number().min(0).default(2) });
defineTask({
  kind: 'acme/focal',
  needs: 'rank',
  schema: focal,
  create({ gamma }, { train }) {
    const labels = rankingLabels({}, train);
    const task = rankingTask({ loss: 'binary' }, labels);
    return {
      ...task,
      name: 'acme/focal',
      identity: { ...task.identity, gamma },
      loss({ model, batch, run }) {
        const y = tf.tensor1d(batch.host.columns.targets.get(labels[0]).values);
        const signed = tf.mul(tf.sub(tf.mul(y, 2), 1), tf.reshape(model.logits(batch, run), [-1]));
        const terms = tf.mul(tf.pow(tf.sigmoid(tf.neg(signed)), gamma), tf.softplus(tf.neg(signed)));
        return { sum: tf.sum(terms), weight: batch.numSequences };
      },
    };
  },
});

// A metric of its own, of which less is better.
defineTask({
  kind: 'acme/cost',
  needs: 'rank',
  schema: z.strictObject({ kind: z.literal('acme/cost') }),
  create(_, { train }) {
    const task = rankingTask({ loss: 'binary' }, rankingLabels({}, train));
    const cost = { name: 'cost', better: 'smaller' };
    return {
      ...task,
      name: 'acme/cost',
      metrics: [cost, ...task.metrics],
      judged: task.judged.map((label) => ({ ...label, metrics: [cost, ...label.metrics] })),
      async evaluate(options) {
        const found = await task.evaluate(options);
        return { ...found, metrics: { cost: found.metrics.logloss, ...found.metrics } };
      },
    };
  },
});

// Says what it needs, and does not give it.
defineTask({
  kind: 'acme/blind',
  needs: 'rank',
  schema: z.strictObject({ kind: z.literal('acme/blind') }),
  create: () => ({ name: 'acme/blind', identity: {}, namesItems: true, loss: () => ({ sum: tf.scalar(0), weight: 1 }) }),
});
`,
);
const config = readFileSync(yaml, 'utf8')
  .replace('task: { kind: ranking }', 'plugins: ["./acme.ts"]\ntask: { kind: acme/focal }')
  .replace('kind: mlp\n  embeddingDim: 8\n  hiddenSizes: [16]\n  features: [hour]', 'kind: acme/factors\n  width: 8');
writeFileSync(join(folder, 'acme.yaml'), config);

test('a ranker and a task of rows from a plug-in train, resume, evaluate and compare as ours do', async () => {
  const trained = await runCli(['train', '--config', 'acme.yaml', '--epochs', '8'], folder);
  expect(trained.stderr).not.toContain('error');
  expect(trained.stdout).toMatch(/epoch +loss +AUC +GAUC +logloss +NE +rows\/s/);
  const evaluated = JSON.parse((await runCli(['evaluate', 'latest', '--json'], folder)).stdout);
  // Half the rows would be right by chance; parity of user and item is what the factors learn.
  expect(evaluated.metrics.AUC).toBeGreaterThan(0.7);
  const again = await runCli(['train', '--resume', 'latest', '--epochs', '9', '--quiet'], folder);
  expect(again.code, again.stderr).toBe(0);

  const other = await runCli(['train', '--config', 'acme.yaml', '--task.gamma', '0', '--quiet'], folder);
  expect(other.code, other.stderr).toBe(0);
  const compared = await runCli(['compare', evaluated.run, 'latest', '--metrics', 'AUC'], folder);
  expect(compared.code, compared.stderr).toBe(0);
  expect(compared.stdout).toMatch(/AUC +0\.\d+ +0\.\d+/);
  const resumed = await runCli(['train', '--resume', 'latest', '--task.gamma', '1', '--quiet'], folder);
  expect(resumed.stderr).toContain('task.gamma');
  expect(resumed.code).not.toBe(0);

  const blind = await runCli(['train', '--config', 'acme.yaml', '--task.kind', 'acme/blind', '--quiet'], folder);
  expect(blind.stderr).toContain(
    'task.kind: expected a task that evaluates rows; got acme/blind, which has no labels, metrics or evaluate',
  );
  expect(blind.code).toBe(2);
});

test('the best checkpoint is that of the least value where a task says that less is better', async () => {
  const { stderr, code } = await runCli(
    ['train', '--config', 'acme.yaml', '--task.kind', 'acme/cost', '--epochs', '5', '--quiet', '--out', 'cost'],
    folder,
  );
  expect(code, stderr).toBe(0);
  const { path, results } = openRunDir(join(folder, 'cost'), 'latest');
  const { final } = JSON.parse(readFileSync(results, 'utf8')) as RunResults;
  const costs = readFileSync(join(path, 'metrics.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
    .filter(({ type }) => type === 'epoch')
    .map(({ metrics }) => metrics.cost as number);
  expect(costs).toHaveLength(5);
  expect(final?.epoch).toBe(costs.indexOf(Math.min(...costs)) + 1);
});
