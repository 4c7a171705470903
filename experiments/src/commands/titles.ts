import type { CAC } from 'cac';
import { integerOption, numberOption, rawOption } from '../arguments.ts';
import { UsageError } from '../errors.ts';
import type { Action, Invocation } from '../invocation.ts';
import { openRunOfCommand, type TrainedRunOptions, withRunOptions } from '../run-of-command.ts';

interface Options extends TrainedRunOptions {
  readonly of?: unknown;
  readonly find?: unknown;
  readonly sample?: unknown;
  readonly seed?: unknown;
  readonly k?: unknown;
  readonly lengthPenalty?: unknown;
  readonly json?: boolean;
}

export function registerTitles(cli: CAC, invocation: Invocation): void {
  withRunOptions(
    cli
      .command('titles <run>', 'Titles that a model over words and codes writes, and the items that it finds by words')
      .option('--of <items>', 'Write titles of these items, with commas; each an id of the data file or a title')
      .option('--find <words>', 'Find the items of a title')
      .option('-k <n>', 'With --of or --find: how many titles of an item, or items (default: 5)')
      .option('--sample <n>', 'Without --of and --find: figures of so many items (default: 1000)')
      .option('--seed <n>', 'Which items these are (default: 1)')
      .option(
        '--length-penalty <a>',
        'Log-probabilities of titles are divided by their words to this power (default: 0, the likeliest first; 1 compares means)',
      ),
  )
    .option('--json', 'Print JSON')
    .example('  $ seqrec titles latest')
    .example('  $ seqrec titles latest --of 381,1957')
    .example('  $ seqrec titles latest --of 381 --length-penalty 1')
    .example('  $ seqrec titles latest --find "lavender shampoo" -k 10')
    .action((run: string, options: Options) => titlesCommand(run, options, invocation));
}

async function titlesCommand(name: string, options: Options, { argv }: Invocation): Action {
  const k = integerOption('k', options.k) ?? 5;
  const sample = integerOption('sample', options.sample) ?? 1000;
  const seed = integerOption('seed', options.seed, 0) ?? 1;
  const lengthPenalty = numberOption('length-penalty', options.lengthPenalty) ?? 0;
  const of = options.of === undefined ? undefined : rawOption(argv, 'of');
  const find = options.find === undefined ? undefined : rawOption(argv, 'find');
  if (of !== undefined && find !== undefined)
    throw new UsageError('seqrec titles: expected --of or --find, or neither; got both');
  const asks = of !== undefined || find !== undefined;
  for (const name of asks ? (['sample', 'seed'] as const) : (['k'] as const)) {
    if (options[name] !== undefined)
      throw new UsageError(`seqrec titles: --${name}: expected it ${asks ? 'without' : 'with'} --of or --find`);
  }

  if (find !== undefined && options.lengthPenalty !== undefined)
    throw new UsageError('seqrec titles: --length-penalty: expected it without --find, which writes no titles');

  const { itemsFromText } = await import('../run/outputs/item-names.ts');
  const outputs = await import('../run/outputs/titles.ts');
  const { Progress } = await import('../terminal/progress.ts');
  const opened = await openRunOfCommand(name, options, { progress: new Progress(), takesGeneration: true });
  const { generation, split } = opened.data;
  const { interactions } = split;
  const spoken = outputs.spokenRun(opened.model, generation, interactions);
  outputs.checkLearned(opened.config, [
    ...(find === undefined ? (['toTitle'] as const) : []),
    ...(of === undefined ? (['fromTitle'] as const) : []),
  ]);
  const print = <T>(result: T, render: (result: T) => string): void =>
    console.log(options.json ? JSON.stringify(result, null, 2) : render(result));
  if (of !== undefined) {
    const items = itemsFromText(interactions, of, '--of');
    print(await outputs.titlesOf(spoken, items, { k, lengthPenalty }), outputs.renderTitles);
  } else if (find !== undefined) print(await outputs.itemsFoundBy(spoken, find, k), outputs.renderFound);
  else print(await outputs.titleFigures(spoken, { sample, seed, lengthPenalty }), outputs.renderTitleFigures);
  return 0;
}
