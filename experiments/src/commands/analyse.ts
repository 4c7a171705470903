import type { CAC } from 'cac';
import { integerOption, numberListOption, textOption } from '../arguments.ts';
import { UsageError } from '../errors.ts';
import type { Action, Invocation } from '../invocation.ts';
import type { BackendOptions } from '../run/process/backend.ts';
import { suggestion } from '../suggest.ts';

interface Options extends BackendOptions {
  readonly seeds?: unknown;
  readonly support?: unknown;
  readonly checkpoint?: unknown;
  readonly out?: unknown;
  readonly data?: unknown;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

const ANALYSES = ['sequentiality'];

export function registerAnalyse(cli: CAC, _invocation: Invocation): void {
  cli
    .command('analyse [...what]', 'What a trained run takes from its data: sequentiality, by shuffled histories')
    .usage('analyse sequentiality RUN [options]')
    .option('--seeds <list>', 'Seeds of the orders by chance, with commas', { default: '1,2,3,4,5' })
    .option('--support <n>', 'Times that a run of items must occur in training to count', { default: 5 })
    .option('--checkpoint <name>', 'best or last', { default: 'best' })
    .option('--out <dir>', 'Folder of the runs', { default: 'runs' })
    .option('--data <dir>', 'Folder of the data sets (default: $SEQREC_DATA, else ./data)')
    .option('--backend <name>', 'auto, simd, cpu, wasm, webgpu or tensorflow', { default: 'auto' })
    .option('--threads <n>', 'Threads of the simd backend')
    .option('--json', 'Print JSON')
    .option('--quiet', 'No progress')
    .example('  $ seqrec analyse sequentiality latest')
    .example('  $ seqrec analyse sequentiality ml-100k-hstu --seeds 1,2,3 --support 10')
    .action((words: string[], options: Options) => analyse(words, options));
}

async function analyse([what, run, ...more]: readonly string[], options: Options): Action {
  if (what === undefined || run === undefined || more.length > 0)
    throw new UsageError(
      `seqrec analyse: expected what to analyse, and a run, as in analyse sequentiality latest; got ${[what, run, ...more].filter((word) => word !== undefined).join(' ') || 'nothing'}`,
    );
  if (!ANALYSES.includes(what)) throw new UsageError(`seqrec analyse: unknown "${what}"`, suggestion(what, ANALYSES));
  const { checkpoint } = options;
  if (checkpoint !== 'best' && checkpoint !== 'last')
    throw new UsageError(`--checkpoint: expected best or last; got ${String(checkpoint)}`);
  const seeds = numberListOption('seeds', options.seeds, [1, 2, 3, 4, 5]);
  const support = integerOption('support', options.support, 1) ?? 5;
  const { Progress } = await import('../terminal/progress.ts');
  const { openTrainedRun } = await import('../run/open/open-run.ts');
  const { startBackend } = await import('../run/process/backend.ts');
  const { sequentiality } = await import('../studies/sequentiality/sequentiality.ts');
  const { listSequentiality } = await import('../studies/sequentiality/listing.ts');
  const { renderListing } = await import('../terminal/listing.ts');
  const progress = new Progress({ quiet: options.quiet ?? false });
  await startBackend(options);
  const out = textOption('out', options.out) ?? 'runs';
  const opened = await openTrainedRun({ out, run, checkpoint, dataFolder: textOption('data', options.data), progress });
  const { model, data, config } = opened;
  const found = await sequentiality({ model, data, evaluation: config.evaluation, seeds, support, progress });
  model.dispose();
  console.log(options.json ? JSON.stringify(found, null, 2) : renderListing(listSequentiality(found)));
  return 0;
}
