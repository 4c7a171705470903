import type { CAC } from 'cac';
import { integerOption, textOption } from '../arguments.ts';
import { THREADS } from '../backend-options.ts';
import { UsageError } from '../errors.ts';
import type { Action, Invocation } from '../invocation.ts';
import type { BackendOptions } from '../run/process/backend.ts';

interface Options extends BackendOptions {
  readonly metrics?: unknown;
  readonly resamples?: unknown;
  readonly out?: unknown;
  readonly data?: unknown;
  readonly force?: boolean;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

export function registerCompare(cli: CAC, _invocation: Invocation): void {
  cli
    .command('compare <...runs>', 'Compare runs with the first, paired by user: difference, interval, significance')
    .option(
      '--metrics <names>',
      'HR@k, NDCG@k, MRR or of plug-ins, with commas (default: HR@10,NDCG@10,MRR); of rows AUC, GAUC, logloss, NE',
    )
    .option(
      '--resamples <n>',
      'Resamples of bootstrap and permutation (default: 10000, fewer for very many users; of rows 1000)',
    )
    .option('--force', 'Compare runs whose data, window or protocol differ, and print the differences above the table')
    .option('--out <dir>', 'Folder of the runs', { default: 'runs' })
    .option('--data <dir>', 'Folder of the data sets (default: $SEQREC_DATA, else ./data)')
    .option('--backend <name>', 'auto, simd, cpu, wasm, webgpu or tensorflow', { default: 'auto' })
    .option(...THREADS)
    .option('--json', 'Print JSON')
    .option('--quiet', 'No progress')
    .example('  $ seqrec compare ml-100k-sasrec-20250101-120000-a1b2c3 ml-100k-hstu-20250101-130000-d4e5f6')
    .example('  $ seqrec compare ml-100k-sasrec ml-100k-hstu --metrics HR@10,HR@50')
    .example('  $ seqrec compare ctr-ml-1m-lr ctr-ml-1m-mlp --metrics AUC,logloss')
    .example('  $ seqrec compare ml-100k-hstu-window-200 ml-100k-hstu-window-50 --force')
    .action((runs: string[], options: Options) => run(runs, options));
}

const OF_ROWS = /^(AUC|GAUC|logloss|NE)$/;

async function run(runs: readonly string[], options: Options): Action {
  if (runs.length < 2) throw new UsageError(`seqrec compare: expected at least two runs; got ${runs.length}`);
  const out = textOption('out', options.out) ?? 'runs';
  const resamples = integerOption('resamples', options.resamples, 100);
  const given = textOption('metrics', options.metrics)?.split(',');
  const { knownGain, metricsInWords } = await import('@seqrec/models');
  const strange = given?.find((metric) => knownGain(metric) === undefined && !OF_ROWS.test(metric));
  if (strange !== undefined)
    throw new UsageError(
      `--metrics: expected ${metricsInWords()}, of ranking runs AUC, GAUC, logloss or NE, with commas; got "${strange}"`,
    );
  const { openRunDir } = await import('../run/folder/run-dir.ts');
  const { savedRun } = await import('../run/open/resume.ts');
  const opened = runs.map((run) => openRunDir(out, run));
  const { isRankingConfig } = await import('../config/run-config.ts');
  if (isRankingConfig(savedRun(opened[0]).config)) {
    const { compareRows, renderRowComparisons } = await import('../studies/compare/compare-rows.ts');
    const force = options.force === true;
    const compared = compareRows({
      runs: opened,
      force,
      ...(given && { metrics: given }),
      ...(resamples && { resamples }),
    });
    console.log(options.json ? JSON.stringify(compared, null, 2) : renderRowComparisons(compared));
    return 0;
  }
  const metrics = given ?? ['HR@10', 'NDCG@10', 'MRR'];
  const wrong = metrics.find((metric) => knownGain(metric) === undefined);
  if (wrong !== undefined) throw new UsageError(`--metrics: expected ${metricsInWords()}, with commas; got "${wrong}"`);
  const { compareRuns, renderComparisons } = await import('../studies/compare/compare-runs.ts');
  const comparisons = await compareRuns({
    runs,
    metrics,
    out,
    resamples,
    force: options.force === true,
    dataFolder: textOption('data', options.data),
    backend: options,
    quiet: options.quiet ?? false,
  });
  console.log(options.json ? JSON.stringify(comparisons, null, 2) : renderComparisons(comparisons));
  return 0;
}
