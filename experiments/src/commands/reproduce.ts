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
  readonly epochs?: unknown;
  readonly size?: unknown;
  readonly rows?: unknown;
  readonly include?: unknown;
  readonly data?: unknown;
  readonly out?: unknown;
  readonly save?: unknown;
  readonly quiet?: boolean;
}

export function registerReproduce(cli: CAC, invocation: Invocation): void {
  cli
    .command('reproduce [table]', 'Rebuild a published table over seeds: paper, ours, interval, verdict', {
      allowUnknownOptions: true,
    })
    .usage('reproduce TABLE|FILE [options] [--section.key VALUE ...]')
    .option('--seeds <list>', 'Seeds, with commas (default: 1,2,3)')
    .option('--epochs <n>', 'Fewer epochs than published; the table then says so')
    .option('--size <name>', 'Size of the experiment, where the table has several')
    .option('--rows <names>', 'Only these rows, separated by semicolons')
    .option(
      '--include <files>',
      'Saved results of the table, with commas, whose other rows and seeds are not run again',
    )
    .option('--data <dir>', 'Folder of the data sets (default: $SEQREC_DATA, else ./data)')
    .option('--out <dir>', 'Folder of its runs and of the table (default: runs/reproduce-TABLE)')
    .option('--backend <name>', 'auto, simd, cpu, wasm, webgpu or tensorflow', { default: 'auto' })
    .option(...THREADS)
    .option(...BLAS)
    .option(...BLAS_FROM)
    .option('--save [dir]', 'Keep the table with machine, version and day (default: docs/results of the repository)')
    .option('--quiet', 'No progress')
    .example('  $ seqrec reproduce')
    .example('  $ seqrec reproduce hstu/ml-1m --seeds 1,2,3 --save')
    .example('  $ seqrec reproduce hstu/ml-1m --rows "SASRec;HSTU" --epochs 10')
    .example(
      '  $ seqrec reproduce ctr/ml-1m --rows FCN --include docs/results/zen-4/reproduce-ctr-ml-1m-seeds-1-2-3.json',
    )
    .example('  $ seqrec reproduce hstu/synthetic-streaming --size small')
    .example('  $ seqrec reproduce delta/ml-1m --seeds 1')
    .example('  $ seqrec reproduce ./own-table.ts --seeds 1')
    .action((table: string | undefined, options: Options) => run(table, options, invocation));
}

async function run(name: string | undefined, options: Options, invocation: Invocation): Action {
  const { loadReplay, loadTable, replayNames, tableNames } = await import('../studies/reproduce/load-table.ts');
  if (name === undefined) {
    const { renderTable } = await import('../terminal/table.ts');
    const rows = [
      ...tableNames().map(async (each) => [each, (await loadTable(each)).title]),
      ...replayNames().map(async (each) => [each, (await loadReplay(each)).title]),
    ];
    console.log(renderTable([{ title: 'table' }, { title: 'what' }], await Promise.all(rows)));
    return 0;
  }
  if (invocation.overrides.some(({ key }) => key === 'seed'))
    throw new UsageError('--seed: expected --seeds, one run of each row a seed');
  const request = {
    table: name,
    seeds: numberListOption('seeds', options.seeds, [1, 2, 3]),
    epochs: integerOption('epochs', options.epochs),
    size: textOption('size', options.size),
    rows: textOption('rows', options.rows)?.split(';'),
    include: textOption('include', options.include)?.split(','),
    overrides: invocation.overrides,
    dataFolder: textOption('data', options.data),
    out: textOption('out', options.out),
    save: saveFolder(options.save),
    backend: options,
    quiet: options.quiet ?? false,
    command: ['seqrec', ...process.argv.slice(2)].map(shellWord).join(' '),
  };
  if (replayNames().includes(name)) {
    const { reproduceReplay } = await import('../studies/deltas/reproduce-replay.ts');
    return reproduceReplay(request);
  }
  await loadTable(name);
  const { reproduce } = await import('../studies/reproduce/reproduce.ts');
  return reproduce(request);
}
