// Plug-ins from folders outside the workspace, as a stranger has them: every run is a process of its own.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { metricPlugin, writeFiles } from '../testing/plugin-files.ts';
import { runCli } from '../testing/run-cli.ts';

const folder = mkdtempSync(join(tmpdir(), 'seqrec-plugins-'));
afterAll(() => rmSync(folder, { recursive: true }));

const write = (files: Readonly<Record<string, string>>): void => writeFiles(folder, files);

write({
  'throws.ts': "const broken: string = 'broken';\nthrow new TypeError(broken);\n",
  'syntax.ts': 'const = 1;\n',
  'enum.ts': 'enum Kind { a }\n',
  'nothing.ts': "import '@seqrec/models';\nexport const nothing = 1;\n",
  'taken.ts': metricPlugin('MRR'),
  'objective.ts': `import { defineObjective } from '@seqrec/models';
import { z } from 'zod';
const margin = z.number().gt(0).default(0.5).describe('How far apart scores have to be.');
const schema = z.strictObject({ kind: z.literal('acme/hinge'), margin }).describe('A hinge.');
defineObjective({ kind: 'acme/hinge', schema, create: () => { throw new Error('not made'); } });
`,
  'folder/file.ts': '',
  'node_modules/compiled/package.json':
    '{"name":"compiled","version":"1.2.3","type":"module","exports":{"import":"./a.js"}}',
  'node_modules/compiled/a.js': metricPlugin('SQ'),
  'node_modules/typed/package.json': '{"name":"typed","version":"1.0.0","type":"module","exports":"./a.ts"}',
  'node_modules/typed/a.ts': metricPlugin('SQ'),
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

test('what a file of a plug-in throws later is a defect of the plug-in', async () => {
  write({
    'codes/plugin.ts': `import { defineTokenizer } from '@seqrec/models';
import { z } from 'zod';
import { broken } from './broken.ts';
defineTokenizer({ kind: 'acme/broken', schema: z.strictObject({ kind: z.literal('acme/broken') }), readsVectors: false, fit: broken });
`,
    'codes/broken.ts': "export const broken = () => { throw new TypeError('no codes'); };\n",
    'events.csv': `user,item,timestamp\n${Array.from({ length: 12 }, (_, e) => `u${e % 3},i${e % 4},${e}`).join('\n')}\n`,
  });
  const asked = ['--plugin', './codes/plugin.ts', '--ids.tokenizer.kind', 'acme/broken'];
  const { code, stderr } = await runCli(['ids', 'fit', 'events.csv', ...asked], folder);
  expect(stderr).toContain('error: this is a defect of the plug-in ./codes/plugin.ts\nTypeError: no codes\n');
  expect(code).toBe(1);
});
