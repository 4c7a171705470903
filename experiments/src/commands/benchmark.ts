import type { CAC } from 'cac';
import { integerOption, numberListOption, textOption } from '../arguments.ts';
import { BLAS, BLAS_FROM, THREADS } from '../backend-options.ts';
import { UsageError } from '../errors.ts';
import type { Action, Invocation } from '../invocation.ts';
import { saveFolder } from '../results/saved.ts';
import type { BackendOptions } from '../run/process/backend.ts';
import { shellWord } from '../terminal/shell-word.ts';

interface Options extends BackendOptions {
  readonly seeds?: unknown;
  readonly datasets?: unknown;
  readonly protocols?: unknown;
  readonly models?: unknown;
  readonly losses?: unknown;
  readonly quick?: boolean;
  readonly jobs?: unknown;
  readonly include?: unknown;
  readonly retrain?: boolean;
  readonly tune?: unknown;
  readonly trials?: unknown;
  readonly data?: unknown;
  readonly out?: unknown;
  readonly save?: unknown;
  readonly quiet?: boolean;
}

export function registerBenchmark(cli: CAC, invocation: Invocation): void {
  cli
    .command(
      'benchmark [name]',
      'Run a grid of protocols, data, models and losses over seeds: tables, plots, intervals',
      {
        allowUnknownOptions: true,
      },
    )
    .usage('benchmark NAME|FILE [options] [--section.key VALUE ...]')
    .option('--seeds <list>', 'Seeds, with commas (default: 1,2,3; with --quick: 1)')
    .option('--datasets <names>', 'Only these data sets, with commas or semicolons; a YAML file is data of your own')
    .option('--protocols <names>', 'Only these protocols, with commas or semicolons')
    .option(
      '--models <names>',
      'Only these models, with commas; with semicolons where a name holds a comma; a YAML file is a model of your own',
    )
    .option('--losses <names>', 'Only these losses, with commas; with semicolons where a name holds a comma')
    .option('--retrain', 'Also train each row anew on the validation part, for the epochs that it has chosen')
    .option('--quick', 'Minutes instead of hours: less training, one seed; the tables then say so')
    .option('--tune <budget>', 'Search the settings of each cell first, all with this budget: 20m, or operations 1e14')
    .option('--jobs <n>', 'Processes that share the runs, each of one thread; default: one run after another')
    .option('--trials <n>', 'With --tune: settings that are drawn for each cell (default: 16)')
    .option(
      '--include <files>',
      'Saved results of the benchmark, with commas, whose other rows and seeds are not run again',
    )
    .option('--data <dir>', 'Folder of the data sets (default: $SEQREC_DATA, else ./data)')
    .option('--out <dir>', 'Folder of its runs and tables (default: runs/benchmark-NAME)')
    .option('--backend <name>', 'auto, simd, cpu, wasm, webgpu or tensorflow', { default: 'auto' })
    .option(...THREADS)
    .option(...BLAS)
    .option(...BLAS_FROM)
    .option('--save [dir]', 'Keep the tables with machine, version and day (default: docs/results of the repository)')
    .option('--quiet', 'No progress')
    .example('  $ seqrec benchmark')
    .example('  $ seqrec benchmark time-to-split --quick')
    .example('  $ seqrec benchmark ./own.ts --seeds 1')
    .example('  $ seqrec benchmark time-to-split --datasets beauty,ml-1m --models SASRec+ --seeds 1')
    .example('  $ seqrec benchmark losses-and-blocks --datasets beauty --jobs 2')
    .example('  $ seqrec benchmark losses-and-blocks --datasets beauty --models SASRec,./mine.yaml --losses full')
    .example('  $ seqrec benchmark losses-and-blocks --datasets ./shop.yaml --models SASRec,HSTU --losses full')
    .example('  $ seqrec benchmark time-to-split --datasets beauty --tune 1e14 --trials 16')
    .example(
      '  $ seqrec benchmark time-to-split --datasets beauty --seeds 2,3 --save --include docs/results/zen-5/FILE.json',
    )
    .action((name: string | undefined, options: Options) => run(name, options, invocation));
}

async function run(name: string | undefined, options: Options, invocation: Invocation): Action {
  const { benchmarkNames, loadBenchmark } = await import('../studies/benchmark/load-benchmark.ts');
  if (name === undefined) {
    const { renderTable } = await import('../terminal/table.ts');
    const rows = benchmarkNames().map(async (each) => [each, (await loadBenchmark(each)).title]);
    console.log(renderTable([{ title: 'benchmark' }, { title: 'what' }], await Promise.all(rows)));
    return 0;
  }
  if (invocation.overrides.some(({ key }) => key === 'seed'))
    throw new UsageError('--seed: expected --seeds, one run of each cell a seed');
  await loadBenchmark(name);
  const { budgetOption } = await import('../studies/search/budget.ts');
  const budget = budgetOption('tune', options.tune);
  const trials = integerOption('trials', options.trials, 2, 10_000);
  if (trials !== undefined && budget === undefined)
    throw new UsageError('--trials: expected --tune BUDGET, whose trials they are; got none');
  const list = (option: 'datasets' | 'protocols' | 'models' | 'losses') =>
    textOption(option, options[option])
      ?.split(';')
      .map((each) => each.trim());
  const { runBenchmark } = await import('../studies/benchmark/run-benchmark.ts');
  return runBenchmark({
    benchmark: name,
    seeds: numberListOption('seeds', options.seeds, options.quick ? [1] : [1, 2, 3]),
    data: list('datasets'),
    protocols: list('protocols'),
    models: list('models'),
    losses: list('losses'),
    quick: options.quick ?? false,
    jobs: integerOption('jobs', options.jobs, 1, 256),
    include: textOption('include', options.include)?.split(','),
    retrain: options.retrain ?? false,
    overrides: invocation.overrides,
    ...(budget && { tune: { budget, trials: trials ?? 16 } }),
    dataFolder: textOption('data', options.data),
    out: textOption('out', options.out),
    save: saveFolder(options.save),
    backend: options,
    quietly: options.quiet ?? false,
    command: ['seqrec', ...process.argv.slice(2)].map(shellWord).join(' '),
  });
}
