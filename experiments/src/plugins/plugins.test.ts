// Plug-ins from folders outside the workspace, as a stranger has them: every run is a process of its own.
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { runCli } from '../testing/run-cli.ts';

const folder = mkdtempSync(join(tmpdir(), 'seqrec-plugins-'));
afterAll(() => rmSync(folder, { recursive: true }));

function write(files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
}

const metric = (name: string, from = '@seqrec/models') =>
  `import { defineMetric } from '${from}';\ndefineMetric({ name: '${name}', definition: 'mean of 1/rank^2', gain: (rank) => rank ** -2 });\n`;

write({
  'throws.ts': "const broken: string = 'broken';\nthrow new TypeError(broken);\n",
  'syntax.ts': 'const = 1;\n',
  'enum.ts': 'enum Kind { a }\n',
  'nothing.ts': "import '@seqrec/models';\nexport const nothing = 1;\n",
  'taken.ts': metric('MRR'),
  'objective.ts': `import { defineObjective } from '@seqrec/models';
import { z } from 'zod';
const margin = z.number().gt(0).default(0.5).describe('How far apart scores have to be.');
const schema = z.strictObject({ kind: z.literal('acme/hinge'), margin }).describe('A hinge.');
defineObjective({ kind: 'acme/hinge', schema, create: () => { throw new Error('not made'); } });
`,
  'folder/file.ts': '',
  'node_modules/compiled/package.json':
    '{"name":"compiled","version":"1.2.3","type":"module","exports":{"import":"./a.js"}}',
  'node_modules/compiled/a.js': metric('SQ'),
  'node_modules/typed/package.json': '{"name":"typed","version":"1.0.0","type":"module","exports":"./a.ts"}',
  'node_modules/typed/a.ts': metric('SQ'),
  'node_modules/unbuilt/package.json': '{"name":"unbuilt","version":"1.0.0","main":"./dist/a.js"}',
  'no-list.yaml': 'extends: csv/sasrec\nplugins: ./a.ts\n',
  'missing.yaml': 'extends: csv/sasrec\nplugins: ["./gone.ts"]\n',
  'unknown.yaml': 'extends: csv/sasrec\nmodel:\n  kind: acme/gru\n',
});

describe.concurrent('a plug-in that cannot be used is one clear error', () => {
  const got = (name: string) => `--plugin: expected a plug-in, a file or an installed package; got ${name}`;
  test.each<[string[], string]>([
    [['--plugin', './none.ts'], `${got('./none.ts')}; there is no ${folder}/none.ts`],
    [['--plugin', 'none.ts'], `${got('none.ts')}; there is no ${folder}/none.ts`],
    [['--plugin', './folder'], `${got('./folder')}; ${folder}/folder is a folder; name the file that it starts from`],
    [
      ['--plugin', 'no-such'],
      `${got('no-such')}; no package of that name is installed for ${folder}; a file begins with ./`,
    ],
    [['--plugin', 'unbuilt'], got('unbuilt')],
    [['--plugin', 'node:fs'], `${got('node:fs')}, a part of Node`],
    [
      ['--plugin', './throws.ts'],
      `--plugin: ./throws.ts: expected a plug-in that loads; got TypeError: broken (${folder}/throws.ts:2)`,
    ],
    [['--plugin', './syntax.ts'], `--plugin: ./syntax.ts: expected a plug-in that loads; got SyntaxError: `],
    [['--plugin', './enum.ts'], 'Node only takes the types away: no enum, namespace or parameter property'],
    [['--plugin', 'typed'], 'Node takes no TypeScript from node_modules: the package has to bring compiled files'],
    [
      ['--plugin', './nothing.ts'],
      `--plugin: ./nothing.ts: expected a plug-in, which defines something when it is imported; got ${folder}/nothing.ts, which does not; call defineModel,`,
    ],
    [
      ['--plugin', './taken.ts'],
      "--plugin: ./taken.ts: expected a plug-in that loads; got ConfigError: defineMetric: name: expected a metric that is not known yet; got 'MRR'; choose another name (",
    ],
    [
      ['--config', 'no-list.yaml'],
      'no-list.yaml:2:10: plugins: expected a list of files and packages, such as ["./my-',
    ],
    [
      ['--config', 'missing.yaml'],
      `missing.yaml:2:10: plugins: expected a plug-in, a file or an installed package; got ./gone.ts`,
    ],
    [['--config', 'unknown.yaml'], 'unknown.yaml:3:9: model.kind: expected one of'],
  ])('%j', async (argv, message) => {
    const recipe = argv[0] === '--plugin' ? ['csv/sasrec'] : [];
    const { code, stderr } = await runCli(['train', ...recipe, ...argv], folder);
    expect(stderr).toContain(`error: `);
    expect(stderr).toContain(message);
    expect(stderr).not.toContain('    at ');
    expect(code).toBe(2);
  });
});

test('settings of a plug-in are explained beside ours', async () => {
  const of = ['--objective.kind', 'acme/hinge', '--plugin', './objective.ts'];
  const { code, stdout, stderr } = await runCli(['settings', 'objective', ...of, '--json'], folder);
  expect(code, stderr).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject([
    { key: 'objective' },
    { key: 'objective.kind', values: 'acme/hinge', help: 'acme/hinge: A hinge.' },
    { key: 'objective.margin', values: 'number > 0', default: 0.5, help: 'How far apart scores have to be.' },
  ]);
});

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
    'node_modules/compiled/a.js': metric('SQ2'),
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
