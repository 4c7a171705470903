import type { CAC } from 'cac';
import { integerOption, rawOption } from '../arguments.ts';
import { UsageError } from '../errors.ts';
import type { Action, Invocation } from '../invocation.ts';
import { openRunOfCommand, type TrainedRunOptions, withRunOptions } from '../run-of-command.ts';

interface Options extends TrainedRunOptions {
  readonly user?: unknown;
  readonly history?: unknown;
  readonly k: unknown;
  readonly includeSeen?: boolean;
  readonly json?: boolean;
}

export function registerRecommend(cli: CAC, invocation: Invocation): void {
  withRunOptions(
    cli
      .command(
        'recommend <run>',
        'Recommend items to a user of the data, or for a history given here, at the time of its last event',
      )
      .option('--user <id>', 'A user, by the id of the data file')
      .option('--history <ids>', 'Items, oldest first, separated by commas; each an id of the data file or a title')
      .option('-k <n>', 'How many items', { default: 10 })
      .option('--include-seen', 'Also recommend items of the history'),
  )
    .option('--json', 'Print JSON')
    .example('  $ seqrec recommend latest --user 42')
    .example('  $ seqrec recommend latest --history "50,181,172" -k 5')
    .example('  $ seqrec recommend latest --history "Star Wars (1977),Return of the Jedi (1983)"')
    .action((run: string, options: Options) => recommendCommand(run, options, invocation));
}

async function recommendCommand(name: string, options: Options, { argv }: Invocation): Action {
  const k = integerOption('k', options.k) ?? 10;
  // As typed: the parser would turn the user 0042 into 42.
  const user = options.user === undefined ? undefined : rawOption(argv, 'user');
  const history = options.history === undefined ? undefined : rawOption(argv, 'history');
  if ((user === undefined) === (history === undefined))
    throw new UsageError('seqrec recommend: expected --user or --history, one of them');

  const { historyOfUser, historyFromText, recommendFor, renderRecommendation } = await import(
    '../run/outputs/recommend.ts'
  );
  const { Progress } = await import('../terminal/progress.ts');
  const opened = await openRunOfCommand(name, options, { progress: new Progress(), takesGeneration: true });
  const { generation, split } = opened.data;
  const { interactions } = split;
  const recommender = {
    model: opened.model,
    window: opened.config.model.maxSequenceLength,
    ...(generation && { generation }),
  };
  const events = user !== undefined ? historyOfUser(interactions, user) : historyFromText(interactions, history ?? '');
  const result = await recommendFor(recommender, interactions, events, { k, excludeSeen: !options.includeSeen });
  console.log(options.json ? JSON.stringify(result, null, 2) : renderRecommendation(result, user));
  return 0;
}
