import type { CAC } from 'cac';
import { choiceOption, textOption } from '../arguments.ts';
import type { Action, Invocation } from '../main.ts';

interface Options {
  readonly data?: unknown;
  readonly download?: boolean;
  readonly lenient?: boolean;
  readonly user?: unknown;
  readonly item?: unknown;
  readonly time?: unknown;
  readonly rating?: unknown;
  readonly timeUnit?: unknown;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

export function registerData(cli: CAC, _invocation: Invocation): void {
  cli
    .command('data <dataset>', 'Describe a data set or file: statistics, lengths, processing, leakage of each split')
    .option('--data <dir>', 'Folder of the data sets (default: $SEQREC_DATA, else ./data)')
    .option('--download', 'Fetch a named data set into that folder first, with a checksum')
    .option('--user <column>', 'CSV column of the user', { default: 'user' })
    .option('--item <column>', 'CSV column of the item', { default: 'item' })
    .option('--time <column>', 'CSV column of the time', { default: 'timestamp' })
    .option('--time-unit <unit>', 'How CSV times are written: s, ms or iso', { default: 's' })
    .option('--rating <column>', 'CSV column of the rating')
    .option('--lenient', 'Count and report rows that cannot be read instead of stopping at the first')
    .option('--json', 'Print JSON')
    .option('--quiet', 'No progress')
    .example('  $ seqrec data ml-100k --download')
    .example('  $ seqrec data ml-1m --data ../datasets')
    .example('  $ seqrec data my.csv --user user_id --item sku --time timestamp')
    .action((dataset: string, options: Options) => run(dataset, options));
}

async function run(dataset: string, options: Options): Action {
  const { describeData, renderData } = await import('../training/describe-data.ts');
  const { Progress } = await import('../terminal/progress.ts');
  const description = await describeData({
    dataset,
    folder: textOption('data', options.data),
    download: options.download ?? false,
    lenient: options.lenient ?? false,
    timeUnit: choiceOption('time-unit', options.timeUnit, ['s', 'ms', 'iso'] as const),
    columns: {
      user: String(options.user),
      item: String(options.item),
      time: String(options.time),
      ...(options.rating !== undefined && { rating: textOption('rating', options.rating) }),
    },
    progress: new Progress({ quiet: options.quiet }),
  });
  console.log(options.json ? JSON.stringify(description, null, 2) : renderData(description));
  return 0;
}
