import { mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { resolveRun } from './config/load-recipe.ts';
import { main, parseCommandLine } from './main.ts';
import { runCli } from './testing/run-cli.ts';

const folder = mkdtempSync(join(tmpdir(), 'seqrec-cli-'));

/** Runs the program in this process: the same code as the command, without the start of a process. */
async function run(
  ...argv: string[]
): Promise<{ readonly code: number; readonly output: string; readonly errors: string }> {
  const output: string[] = [];
  const errors: string[] = [];
  const spies = [
    vi.spyOn(console, 'log').mockImplementation((...parts) => void output.push(parts.join(' '))),
    vi.spyOn(console, 'info').mockImplementation((...parts) => void output.push(parts.join(' '))),
    vi.spyOn(console, 'error').mockImplementation((...parts) => void errors.push(parts.join(' '))),
  ];
  try {
    const code = await main(argv);
    return { code, output: output.join('\n'), errors: errors.join('\n') };
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}

describe('wrong usage ends with code 2 and a suggestion', () => {
  test.each([
    [['trian'], 'seqrec: unknown command "trian"; did you mean train?'],
    [['--versoin'], 'seqrec: unknown option --versoin'],
    [['train', 'ml-1m/hsut'], 'recipe "ml-1m/hsut" is not known; did you mean ml-1m/hstu?'],
    [['train', 'ml-1m/hstu', '--epoch', '3'], 'seqrec train: unknown option --epoch; did you mean --epochs?'],
    [['train', 'ml-1m/hstu', '--epochs', 'three'], '--epochs: expected a whole number, at least 1; got "three"'],
    [['train', 'ml-1m/hstu', '--epochs'], '--epochs <n>'],
    [
      ['train', 'ml-1m/hstu', '--shard-optimizer'],
      '--shard-optimizer: expected it with several ranks, as in --ranks 2',
    ],
    [
      ['train', 'ml-1m/hstu', '--model.numBlock', '4'],
      '--model.numBlock: unknown key; did you mean --model.numBlocks?',
    ],
    [['train', 'ml-1m/hstu', '--model.numBlocks', 'four'], '--model.numBlocks: expected a number; got the text "four"'],
    [['train', 'ml-1m/hstu', '--data.name', 'ml-2m'], '--data.name: expected one of'],
    [['train', 'ml-1m/sasrec', '--model.dqk', '25'], '--model.dqk: unknown key'],
    [['train'], 'expected a recipe name or --config FILE'],
    [['train', 'ml-1m/hstu', 'extra'], '`extra`'],
    [['train', 'csv/hstu', '--config', 'x.yaml'], 'expected a recipe or --config, not both'],
    [['train', '--config', join(folder, 'absent.yaml')], 'absent.yaml: expected a YAML configuration file'],
    [['evaluate', 'x', '--include-sen'], 'seqrec evaluate: unknown option --include-sen; did you mean --include-seen?'],
    [['evaluate', 'x', '--evaluation.querytime', 'last'], '--evaluation.querytime: expected one of'],
    [['evaluate', 'x', '--zzzz', '3'], '--evaluation.lists, --evaluation.queryTime, --evaluation.positions, --future'],
    [['doctor', '--model.numBlocks', '4'], 'seqrec doctor: unknown option --model.numBlocks'],
    [['evaluate'], 'seqrec evaluate: expected a run, or --from FILE; got none'],
    [['evaluate', 'x', '--config', 'y.yaml'], '--config: expected it of evaluate --from; got it of evaluate RUN'],
    [
      ['evaluate', 'ml-1m/hstu', '--from', 'a.safetensors', '--checkpoint', 'last'],
      '--checkpoint: expected it of evaluate RUN; got it of evaluate --from',
    ],
    [['data', 'ml-1m', '--stride', '2'], '--stride: expected it of data --window; got it of data DATASET'],
    [
      ['data', 'ml-1m', '--window', 'control', '--max-history', '500'],
      '--max-history: expected it with a rule that reaches back; got control',
    ],
    [
      ['data', 'ml-1m', '--window', 'one-random', '--max-length', '50', '--max-history', '49'],
      '--max-history: expected the events of a window or more, 50 (--max-length); got 49',
    ],
    [
      ['data', 'ml-1m', '--window', 'one-random', '--epochs', '2', '--control-epochs', '3'],
      '--control-epochs: expected some of all epochs, up to 2 (--epochs); got 3',
    ],
    [
      ['data', 'ml-1m', '--window', 'control', '--control-epochs', '3'],
      '--control-epochs: expected it with a rule that slides in the other epochs; got control',
    ],
    [
      ['data', 'ml-1m', '--window', 'one-random', '--data.split.kind', 'global-time'],
      '--data.split.kind: expected leave-last-out of data --window, which covers what that trains on; got global-time',
    ],
    [['serve', 'x', '--check', '--no-users'], '--no-users: expected it of serve RUN; got it of serve --check'],
    [['evaluate', 'x', '--seed.y', '1'], '--seed.y: expected one of --evaluation.ks, '],
    [['export', 'x'], 'seqrec export: expected --to FILE or --digest; got neither'],
    [
      ['export', 'a.safetensors', '--digest', '--checkpoint', 'last'],
      '--checkpoint: expected it of export RUN --to, RUN --digest; got it of export FILE --digest',
    ],
    [
      ['export', 'x', '--digest', '--no-buffers'],
      '--no-buffers: expected it of export RUN --to; got it of export RUN --digest',
    ],
    [['delta', 'mak'], 'seqrec delta: expected make or apply; got "mak"; did you mean make?'],
    [
      ['delta', 'make', '--from', 'a.safetensors'],
      'seqrec delta make: expected --from FILE, --to FILE and --out FILE; got --from',
    ],
    [['delta', 'make', 'a', '--from', 'b'], 'seqrec delta make: expected --from and --to; got also a'],
    [
      ['delta', 'make', '--rows', 'top:2'],
      '--rows: expected touched, top:SHARE up to 1, threshold:NORM or budget:BYTES, such as top:0.1; got "top:2"',
    ],
    [['delta', 'apply', 'a'], 'seqrec delta apply: expected BASE DELTA ... --out FILE; got 1 files and no --out'],
    [
      ['delta', 'apply', 'a', 'b', '--out', 'c', '--int8'],
      'seqrec delta apply: expected BASE DELTA ... --out FILE; got --int8, of make',
    ],
    [
      ['evaluate', 'x', '--include-seen', '--evaluation.excludeSeen', 'all'],
      '--include-seen: expected it or --evaluation.excludeSeen, each of which says what is left out; got both',
    ],
    [['evaluate', 'x', '--split', 'tst'], '--split: expected one of validation, test; got "tst"'],
    [['recommend', 'x'], 'expected --user or --history, one of them'],
    [['recommend', 'x', '--user', '1', '--history', '2'], 'expected --user or --history, one of them'],
    [['recommend', 'x', '--user', '1', '-k', '0'], ' -k: expected a whole number, at least 1; got 0'],
    [['page'], 'missing required args'],
    [['page', 'x', '--port', '-1'], '--port: expected a whole number, at least 0 and at most 65535; got -1'],
    [['page', 'x', '--port', '99999'], '--port: expected a whole number, at least 0 and at most 65535; got 99999'],
    [['page', 'x', '--checkpoint', 'newest'], '--checkpoint: expected one of best, last; got "newest"'],
    [['serve'], 'missing required args'],
    [['serve', 'x', '--port', '99999'], '--port: expected a whole number, at least 0 and at most 65535; got 99999'],
    [['serve', 'x', '--workers', '0'], '--workers: expected a whole number, at least 1 and at most 64; got 0'],
    [['serve', 'x', '--window', '-1'], '--window: expected at least 0 milliseconds; got -1'],
    [['serve', 'x', '--host', '0.0.0.0'], '--host: expected an address of this machine, or a token; got 0.0.0.0'],
    [['serve', 'x', '--token', ''], '--token: expected a text of at least one letter or digit; got an empty one'],
    [['serve', 'x', '--token', ' '], '--token: expected a text of at least one letter or digit; got an empty one'],
    [['serve', 'x', '--deltas', join(folder, 'absent')], 'absent; make it; deltas may come later'],
    [['serve', 'x', '--deltas', folder, '--check'], '--deltas: expected it of serve RUN; got it of serve --check'],
    [['bench', 'gpu', '--backend', 'simd'], 'seqrec bench gpu: --backend: expected webgpu; got simd'],
    [
      ['bench', 'attention', '--blas', 'auto'],
      '--blas: expected it of bench epoch, step, gemm, softmax, evaluate, catalogue, memory, generate; got it of bench attention',
    ],
    [
      ['bench', 'gemm', '--blas-from', '64'],
      '--blas-from: expected --blas with it, auto or the path of a library; got none',
    ],
    [
      ['bench', 'gemm', '--blas', 'auto', '--blas-from', '0'],
      '--blas-from: expected a whole number, at least 1; got 0',
    ],
    [['bench', 'gemm', '--blas', 'auto', '--backend', 'cpu'], '--blas: expected it with the backend simd; got cpu'],
    [
      ['bench', 'gemm', '--beams', '4', '--rounds', '1'],
      '--beams: expected it of bench generate; got it of bench gemm',
    ],
    [
      ['bench', 'attention', '--memory', '--width', '32'],
      '--width: expected it of bench attention, softmax, evaluate, gpu, gpu --memory, serve, tables; got it of bench attention --memory',
    ],
    [
      ['bench', 'serve', '--recipe', 'ml-1m/hstu'],
      '--recipe: expected it of bench epoch, step, evaluate, threads, memory, ranks, generate; got it of bench serve',
    ],
    [
      ['bench', 'exchange', '--shardTables', 'columns'],
      '--shard-tables: expected it of bench ranks; got it of bench exchange',
    ],
    [['parity', 'a.json', '--steps', '3'], '--steps: expected it of parity --recipe; got it of parity FILES'],
    [['bench', 'epohc'], 'seqrec bench: unknown benchmark "epohc"; did you mean epoch?'],
    [['data', 'ml-1k'], 'seqrec data: expected a known data set or a file; got "ml-1k"; did you mean ml-1m?'],
    [['reproduce', 'hstu/ml1m'], 'table "hstu/ml1m" is not known; did you mean hstu/ml-1m?'],
    [['reproduce', 'hstu/ml-1m', '--size', 'full'], '--size: expected no size (this table has one only); got "full"'],
    [['reproduce', 'hstu/ml-1m', '--rows', 'HSTU;BERT'], '--rows: expected rows of hstu/ml-1m; got "BERT"'],
    [['compare', 'one'], 'seqrec compare: expected at least two runs; got 1'],
    [['compare', 'a', 'b', '--metrics', 'BLEU'], '--metrics: expected HR@k, NDCG@k or MRR, of ranking runs AUC, GAUC'],
    [['scale'], 'seqrec scale: expected a study, one of compute, length, data, history'],
    [['scale', 'compute', '--encoders', 'hstu,sasrek'], '--encoders: expected names among hstu, sasrec'],
    [['scale', 'data', '--widths', '32,64'], '--widths: expected one number for this study; got 32,64'],
    [
      ['scale', 'length', '--data.ties', 'file'],
      '--data.ties: expected it of scale compute, data, history, staleness; got it of scale length',
    ],
    [['scale', 'compute', '--steps=9'], '--steps: expected it of scale data, history; got it of scale compute'],
    [['scale', 'compute', '--flops', '1e9', '--budget', '1m'], 'expected --budget or --flops; got both'],
    [
      ['scale', 'compute', '--widths', '32,x'],
      '--widths: expected distinct whole numbers of at least 1 such as 32,64; got "32,x"',
    ],
    [['scale', 'compute', '--budget', '30'], '--budget: expected a time such as 90s, 30m or 2h; got "30"'],
    [['settings', 'modl.kind'], 'seqrec settings: unknown key modl.kind; did you mean model?'],
    [['settings', 'model', '--model.kind', 'hstuu'], 'hstu, sasrec, transformer, transformer-plus-plus, gru4rec'],
    [
      ['settings', '--task', 'rank'],
      '--task: expected one of retrieval, generation, ranking; got "rank"; did you mean ranking?',
    ],
    [['settings', '--seed.x', '3'], '--seed.x: expected a kind, which chooses the settings to show'],
    [['plan'], 'missing required args'],
    [['plan', 'ml-1m/hsut'], 'recipe "ml-1m/hsut" is not known; did you mean ml-1m/hstu?'],
    [['plan', 'ml-1m/hstu', '--ranks', '8..2'], '--ranks: expected numbers of ranks from 1 to 4096, such as 2..1024'],
    [['plan', 'ml-1m/hstu', '--ranks', '2,x'], '2..1024 or 2,4,8; got "2,x"'],
    [['plan', 'ml-1m/hstu', '--ranks', '2..8192'], '--ranks: expected numbers of ranks from 1 to 4096'],
    [['plan', 'ml-1m/hstu', '--network', '10Gbe'], '10GbE, 100GbE, nvlink, or all; got "10Gbe"; did you mean 10GbE?'],
    [['plan', 'ml-1m/hstu', '--network', 'all', '--beta', '5'], '--beta: expected one --network with it; got laptop,'],
    [['plan', 'ml-1m/hstu', '--beta', '0'], '--beta: expected a number above 0; got 0'],
    [['plan', 'ml-1m/hstu', '--measure'], '--measure: expected --network laptop with it, which is this machine'],
    [
      ['plan', 'ml-1m/hstu', '--network', '10GbE', '--cores', '4'],
      '--cores: expected --network laptop with it, whose ranks share the cores of one machine',
    ],
    [
      ['plan', 'ml-1m/hstu', '--measure', '--network', 'laptop', '--alpha', '3'],
      '--alpha: expected it without --measure, which finds both',
    ],
    [['plan', 'ml-1m/hstu', '--memory', '16'], '--memory: expected a size such as 512MiB, 16GiB or 80GB; got "16"'],
    [['plan', 'ml-1m/hstu', '--gflops', '9', '--step-ms', '9'], '--gflops: expected it or --step-ms, not both'],
    [['plan', 'ml-1m/hstu', '--fixed-ms', '9'], '--fixed-ms: expected at most --step-ms, which it is a part of; got 9'],
    [['plan', 'ml-1m/hstu', '--zipf', '1.1'], '--zipf: expected --rows with it'],
    [['plan', 'ml-1m/hstu', '--explain', '3'], '--explain: expected one of --ranks, 2, 4, 8, 16, 32, 64, 128, 256'],
    [['plan', 'ml-1m/hstu', '--plot', 'plan.png'], '--plot: expected a file that ends in .svg; got plan.png'],
    [['parity'], 'seqrec parity: expected golden files or --recipe, one of them'],
    [['parity', 'x.json', '--recipe', 'ml-1m/hstu'], 'seqrec parity: expected golden files or --recipe, one of them'],
  ])('%j', async (argv, message) => {
    const { code, errors } = await run(...argv);
    expect(errors).toContain(message);
    expect(errors).not.toContain('    at ');
    expect(code).toBe(2);
  });
});

describe('other failures end with code 1 and name what is missing', () => {
  test.each([
    [['train', 'ml-1m/hstu', '--data', folder], `seqrec data ml-1m --download --data ${folder}`],
    [['train', 'csv/hstu', '--data.path', join(folder, 'absent.csv')], 'absent.csv'],
    [['evaluate', 'nothing', '--out', folder], 'run "nothing": expected a run folder or the id of a run'],
    [['evaluate', 'latest', '--out', folder], 'there is none; `seqrec train RECIPE` makes one'],
    [['report', 'nothing', '--out', folder], 'run "nothing"'],
    [['page', 'nothing', '--out', folder], 'run "nothing"'],
    [['serve', 'nothing', '--out', folder], 'run "nothing"'],
    [['train', '--resume', 'nothing', '--out', folder], 'run "nothing"'],
    [['parity', join(folder, 'absent.json')], 'absent.json: expected a golden file in JSON'],
  ])('%j', async (argv, message) => {
    const { code, errors } = await run(...argv);
    expect(errors).toContain(message);
    expect(errors).not.toContain('    at ');
    expect(code).toBe(1);
    expect(readdirSync(folder).filter((name) => name.startsWith('ml-1m') || name.startsWith('csv'))).toEqual([]);
  });

  test('--verbose shows the stack', async () => {
    const { errors } = await run('evaluate', 'nothing', '--out', folder, '--verbose');
    expect(errors).toContain('    at ');
  });
});

test('an unknown key in a YAML file carries its line', async () => {
  const file = join(folder, 'mine.yaml');
  writeFileSync(file, 'extends: ml-100k/hstu\nmodel:\n  numBlocks: 2\n  numHead: 2\n');
  const { code, errors } = await run('train', '--config', file);
  expect(errors).toContain(`${file}:4:3: model.numHead: unknown key; did you mean numHeads?`);
  expect(code).toBe(2);
});

/** The examples of a help text as argument lists, as a shell would split them. */
function examplesOf(help: string): string[][] {
  return [...help.slice(help.indexOf('Examples:')).matchAll(/^ *\$ seqrec ?(.*?)(?: > .*)?$/gm)].map(([, line]) =>
    [...line.matchAll(/"([^"]*)"|(\S+)/g)].map((word) => word[1] ?? word[2]),
  );
}

test('help of the program and of every command has examples, which the program accepts', async () => {
  const examples: string[][] = [];
  const { code, output } = await run('--help');
  expect(code).toBe(0);
  expect(output).toContain('Examples:');
  expect(output.split('\n').filter((line) => line.length > 120)).toEqual([]);
  examples.push(...examplesOf(output));
  const names = [
    'train',
    'evaluate',
    'recommend',
    'titles',
    'page',
    'serve',
    'report',
    'recipes',
    'settings',
    'data',
    'demo',
    'doctor',
    'parity',
    'bench',
    'scale',
    'export',
    'delta',
    'compare',
    'reproduce',
    'benchmark',
    'search',
    'analyse',
    'labels',
    'vectors',
    'ids',
    'profile',
    'plan',
    'figures',
  ];
  for (const name of names) {
    expect(output).toContain(`  ${name}`);
    const help = await run(name, '--help');
    expect(help.code).toBe(0);
    expect(help.output).toContain(`$ seqrec ${name}`);
    expect(help.output).toContain('Examples:');
    const flags = Array.from(help.output.matchAll(/^ {2}(-.*?)(?: {2,}|$)/gm), ([, flag]) => flag);
    expect({ name, flags }).toEqual({ name, flags: [...new Set(flags)] });
    expect(help.output).not.toMatch(/--no-.*default: true/);
    examples.push(...examplesOf(help.output));
  }
  expect(examples.length).toBeGreaterThan(20);
  for (const argv of examples) {
    const { cli, overrides } = parseCommandLine(argv);
    expect(cli.matchedCommand, argv.join(' ')).toBeDefined();
    cli.matchedCommand?.checkOptionValue();
    cli.matchedCommand?.checkRequiredArgs();
    if (argv[0] === 'train' && argv[1]?.includes('/')) await resolveRun({ recipe: argv[1], overrides });
  }
});

test('every recipe loads and says what it claims', async () => {
  const { output } = await run('recipes', '--json');
  const recipes = JSON.parse(output) as Record<string, string>[];
  expect(recipes.map((recipe) => recipe.name)).toEqual(
    expect.arrayContaining([
      'ml-100k/hstu',
      'ml-100k/sasrec',
      'ml-1m/hstu',
      'ml-1m/hstu-large',
      'ml-1m/sasrec',
      'ml-20m/hstu',
      'synthetic/hstu',
      'synthetic/transformer',
      'csv/hstu',
    ]),
  );
  for (const recipe of recipes) {
    for (const field of ['claim', 'source', 'expected', 'cost', 'command'])
      expect(recipe[field], `${recipe.name}.${field}`).not.toBe('');
    expect(recipe.command).toContain(`seqrec train ${recipe.name}`);
  }
});

test('as a process of its own it keeps exit codes', async () => {
  const { code, stderr } = await runCli(['trian'], folder);
  expect(stderr).toContain('did you mean train?');
  expect(code).toBe(2);
});
