// A plug-in from a folder outside the workspace, as a stranger has it: every run is a process of its own.
import { mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { metricPlugin, writeFiles } from '../testing/plugin-files.ts';
import { runCli } from '../testing/run-cli.ts';

const folder = mkdtempSync(join(tmpdir(), 'seqrec-plugin-run-'));
afterAll(() => rmSync(folder, { recursive: true }));

const write = (files: Readonly<Record<string, string>>): void => writeFiles(folder, files);

const plugin = (factor: number) => `
import { readFileSync } from 'node:fs';
import { createGru4rec, defineModel, defineMetric, gru4recConfigSchema, type Gru4recConfig } from '@seqrec/models';
import { defineSource, interactionsFromArrays } from '@seqrec/data';
import { z } from 'zod';

export const factor: number = ${factor};
defineMetric({ name: 'SQ', definition: 'mean of 1/rank^2', gain: (rank) => rank ** -2 });
defineModel({
  kind: 'acme/gru',
  can: ['encode'],
  schema: gru4recConfigSchema.extend({ kind: z.literal('acme/gru') }),
  create: (config, options) => createGru4rec(config as unknown as Gru4recConfig, options),
});
defineSource({
  format: 'acme/lines',
  schema: z.strictObject({ format: z.literal('acme/lines'), path: z.string(), separator: z.string().default(' ') }),
  read({ path, separator }) {
    const rows = readFileSync(path, 'utf8').trim().split('\\n').flatMap((line) => {
      const [user, ...items] = line.split(separator);
      return items.map((item) => ({ user, item }));
    });
    return interactionsFromArrays({ name: 'lines', users: rows.map(({ user }) => user), items: rows.map(({ item }) => item) });
  },
});
`;

// One story, since every part of it needs a trained run.
test('a run records its plug-in, finds it again, tells that it has changed and names it when it is gone', async () => {
  const lines = Array.from({ length: 24 }, (_, u) => [
    `u${u}`,
    ...Array.from({ length: 8 }, (_, i) => `i${(u + i) % 12}`),
  ]);
  write({
    'own/my-plugin.ts': plugin(1),
    'own/lines.txt': lines.map((words) => words.join(';')).join('\n'),
    'own/own.yaml': `plugins: ["./my-plugin.ts", "compiled"]
extends: csv/sasrec
data: { format: acme/lines, path: own/lines.txt, separator: ;, split: leave-last-out, kCore: 1 }
model: { kind: acme/gru, embeddingDim: 8, maxSequenceLength: 6, numBlocks: 1 }
training: { epochs: 1, batchSize: 8 }
evaluation: { ks: [5], selectBy: SQ2, baselines: [popularity] }
`,
    'node_modules/compiled/package.json':
      '{"name":"compiled","version":"1.2.3","type":"module","exports":{"import":"./a.js"}}',
    'node_modules/compiled/a.js': metricPlugin('SQ2'),
  });
  const cli = async (...argv: string[]) => {
    const run = await runCli([...argv, ...(argv[0] === 'data' ? [] : ['--backend', 'cpu'])], folder);
    expect(run.stderr).not.toContain('    at ');
    return run;
  };
  // The configuration is in another folder than the process: the plug-in is found beside it.
  const trained = await cli('train', '--config', 'own/own.yaml', '--quiet');
  expect(trained, trained.stderr).toMatchObject({ code: 0 });
  const id = trained.stdout.match(/runs\/([\w.-]+)\//)![1];
  const config = () => JSON.parse(readFileSync(join(folder, 'runs', id, 'config.json'), 'utf8'));
  expect(config().plugins).toEqual([
    {
      name: './my-plugin.ts',
      path: join(folder, 'own/my-plugin.ts'),
      isPackage: false,
      digest: expect.stringMatching(/^[0-9a-f]{64}$/),
      defines: ['model acme/gru', 'metric SQ', 'source acme/lines'],
    },
    {
      name: 'compiled',
      path: join(folder, 'node_modules/compiled/a.js'),
      isPackage: true,
      version: '1.2.3',
      digest: expect.stringMatching(/^[0-9a-f]{64}$/),
      defines: ['metric SQ2'],
    },
  ]);
  expect(config().config.evaluation.selectBy).toBe('SQ2');
  const results = JSON.parse(readFileSync(join(folder, 'runs', id, 'results.json'), 'utf8'));
  expect(Object.keys(results.final.metrics)).toEqual(['HR@5', 'NDCG@5', 'MRR', 'SQ', 'SQ2']);
  expect(readFileSync(join(folder, 'runs', id, 'report.html'), 'utf8')).toContain('SQ2');

  const evaluated = await cli('evaluate', id, '--quiet', '--json');
  expect(evaluated, evaluated.stderr).toMatchObject({ code: 0, stderr: '' });
  expect(JSON.parse(evaluated.stdout).metrics).toEqual(results.final.metrics);
  const compared = await cli('compare', id, id, '--metrics', 'SQ,HR@5');
  expect(compared, compared.stderr).toMatchObject({ code: 0 });
  expect(compared.stdout).toContain('SQ');
  const described = await cli(
    'data',
    'own/lines.txt',
    '--data.format',
    'acme/lines',
    '--data.separator',
    ';',
    '--plugin',
    './own/my-plugin.ts',
  );
  expect(described.stdout).toMatch(/users +24\n/);
  const misspelt = await cli(
    'data',
    'own/lines.txt',
    '--data.format',
    'acme/lines',
    '--data.seperator',
    ';',
    '--plugin',
    'own/my-plugin.ts',
  );
  expect(misspelt).toMatchObject({ code: 2 });
  expect(misspelt.stderr).toContain('--data.seperator: unknown key; did you mean --data.separator?');

  write({ 'own/my-plugin.ts': plugin(2) });
  const resumed = await cli('train', '--resume', id, '--epochs', '2', '--quiet');
  expect(resumed, resumed.stderr).toMatchObject({ code: 0 });
  expect(resumed.stderr).toMatch(
    new RegExp(
      `^note: run ${id}: the plug-in ./my-plugin.ts has changed since: [0-9a-f]{12} then, [0-9a-f]{12} now$`,
      'm',
    ),
  );
  expect(config().plugins.map(({ name }: { name: string }) => name)).toEqual(['./my-plugin.ts', 'compiled']);

  const analysed = await cli('analyse', 'sequentiality', id, '--seeds', '1', '--support', '1', '--quiet');
  expect(analysed, analysed.stderr).toMatchObject({ code: 0 });

  renameSync(join(folder, 'own/my-plugin.ts'), join(folder, 'moved.ts'));
  const gone = await cli('recommend', id, '--user', 'u3');
  expect(gone.stderr).toContain(
    `run ${id}: expected a plug-in, a file or an installed package; got ${folder}/own/my-plugin.ts; there is no ${folder}/own/my-plugin.ts; the run was trained with the plug-in ./my-plugin.ts (model acme/gru, metric SQ, source acme/lines): name it where it is now with --plugin`,
  );
  expect(gone.code).toBe(1);
  const found = await cli('recommend', id, '--user', 'u3', '-k', '2', '--plugin', 'moved.ts');
  expect(found, found.stderr).toMatchObject({ code: 0, stderr: '' });
});
