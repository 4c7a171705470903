import type { CAC } from 'cac';
import { integerOption, numberListOption } from '../arguments.ts';
import { UsageError } from '../errors.ts';
import type { Action, Invocation } from '../invocation.ts';
import { openRunOfCommand, type TrainedRunOptions, withRunOptions } from '../run-of-command.ts';
import { suggestion } from '../suggest.ts';

interface Options extends TrainedRunOptions {
  readonly seeds?: unknown;
  readonly support?: unknown;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

const ANALYSES = ['sequentiality'];

export function registerAnalyse(cli: CAC, _invocation: Invocation): void {
  withRunOptions(
    cli
      .command('analyse [...what]', 'What a trained run takes from its data: sequentiality, by shuffled histories')
      .usage('analyse sequentiality RUN [options]')
      .option('--seeds <list>', 'Seeds of the orders by chance, with commas', { default: '1,2,3,4,5' })
      .option('--support <n>', 'Times that a run of items must occur in training to count', { default: 5 }),
  )
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
  const seeds = numberListOption('seeds', options.seeds, [1, 2, 3, 4, 5]);
  const support = integerOption('support', options.support, 1) ?? 5;
  const { Progress } = await import('../terminal/progress.ts');
  const { sequentiality } = await import('../studies/sequentiality/sequentiality.ts');
  const { listSequentiality } = await import('../studies/sequentiality/listing.ts');
  const { renderListing } = await import('../terminal/listing.ts');
  const progress = new Progress({ quiet: options.quiet ?? false });
  const opened = await openRunOfCommand(run, options, { progress });
  const { model, data, config } = opened;
  const found = await sequentiality({ model, data, evaluation: config.evaluation, seeds, support, progress });
  model.dispose();
  console.log(options.json ? JSON.stringify(found, null, 2) : renderListing(listSequentiality(found)));
  return 0;
}
