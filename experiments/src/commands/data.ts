import { slidingRules } from '@seqrec/data/sliding-rules';
import type { CAC } from 'cac';
import { choiceOption, integerOption, rawOption, textOption } from '../arguments.ts';
import { UsageError } from '../errors.ts';
import type { Action, Invocation } from '../invocation.ts';
import { declareReads, type OptionsOf } from '../unread-options.ts';

interface Options {
  readonly data?: unknown;
  readonly download?: boolean;
  readonly lenient?: boolean;
  readonly user?: unknown;
  readonly item?: unknown;
  readonly time?: unknown;
  readonly rating?: unknown;
  readonly timeUnit?: unknown;
  readonly window?: unknown;
  readonly maxLength?: unknown;
  readonly maxHistory?: unknown;
  readonly stride?: unknown;
  readonly epochs?: unknown;
  readonly controlEpochs?: unknown;
  readonly seed?: unknown;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

const OF_WINDOWS = ['window', 'max-length', 'max-history', 'stride', 'epochs', 'control-epochs', 'seed'];
/** What each way to ask can be told, besides what all can be. */
const READS: OptionsOf = { DATASET: [], '--window': OF_WINDOWS };

/** The split whose training windows are covered. */
const LEAVE_LAST_OUT = 'leave-last-out';

export function registerData(cli: CAC, invocation: Invocation): void {
  const command = cli
    .command('data <dataset>', 'Describe a data set or file: statistics, lengths, processing, leakage of each split', {
      allowUnknownOptions: true,
    })
    .usage('data DATASET [options] [--data.key VALUE ...]')
    .option('--data <dir>', 'Folder of the data sets (default: $SEQREC_DATA, else ./data)')
    .option('--download', 'Fetch a named data set into that folder first, with a checksum')
    .option('--user <column>', 'CSV column of the user (default: user); the same as --data.columns.user')
    .option('--item <column>', 'CSV column of the item (default: item)')
    .option('--time <column>', 'CSV column of the time (default: timestamp), or none')
    .option('--time-unit <unit>', 'How CSV times are written: s, ms, us, ns or iso (default: s); --data.timeUnit')
    .option('--rating <column>', 'CSV column of the rating')
    .option('--lenient', 'Count and report rows that cannot be read instead of stopping at the first; --data.lenient')
    .option('--window <rule>', `Print what windows of training cover instead: ${slidingRules.join(', ')}`)
    .option('--max-length <n>', 'Events of a window', { default: 200 })
    .option('--max-history <n>', 'Latest events that windows reach back over (default: all)')
    .option('--stride <n>', 'Events between neighbouring windows', { default: 1 })
    .option('--epochs <n>', 'Epochs of windows', { default: 10 })
    .option('--control-epochs <n>', 'Epochs, the first ones, that take the newest window', { default: 0 })
    .option('--seed <n>', 'Seed of the windows', { default: 1 })
    .option('--json', 'Print JSON')
    .option('--quiet', 'No progress')
    .example('  $ seqrec data ml-100k --download')
    .example('  $ seqrec data ml-1m --data ../datasets')
    .example('  $ seqrec data ml-1m --window one-random --max-length 50 --max-history 500 --epochs 20')
    .example('  $ seqrec data my.csv --user user_id --item sku --time timestamp')
    .example('  $ seqrec data my.csv --data.encoding latin1 --data.quote none --data.delimiter ";"')
    .example('  $ seqrec data my.csv --data.columns.price number --data.items.path items.csv --data.items.id sku')
    .example('  $ seqrec data events.parquet --user user_id --item sku')
    .example('  $ seqrec data big.csv --data.reader duckdb')
    .example("  $ seqrec data \"select * from 'events/*.parquet' where country = 'NL'\"")
    .example('  $ seqrec data ml-1m --data.ties shuffle:7')
    .example(
      '  $ seqrec data ml-1m --data.label.column rating --data.label.positiveAbove 3 --data.label.negativeBelow 3',
    )
    .example('  $ seqrec data ml-1m --data.split.kind rows-by-time --data.split.test 0.2')
    .example('  $ seqrec data ml-1m --data.split.quantile 0.9 --data.split.target last')
    .action((dataset: string, options: Options) => run(dataset, options, invocation));
  declareReads(command, READS, (_, { window }) => (window === undefined ? 'DATASET' : '--window'));
}

async function run(dataset: string, options: Options, { overrides, argv }: Invocation): Action {
  const { describeData, readRequested, renderData } = await import('../data/describe-data.ts');
  const { Progress } = await import('../terminal/progress.ts');
  const request = {
    dataset,
    folder: textOption('data', options.data),
    download: options.download ?? false,
    lenient: options.lenient ?? false,
    timeUnit: choiceOption('time-unit', options.timeUnit, ['s', 'ms', 'us', 'ns', 'iso'] as const),
    columns: Object.fromEntries(
      (['user', 'item', 'time', 'rating'] as const)
        .map((key) => [key, options[key] === undefined ? undefined : rawOption(argv, key)] as const)
        .filter(([, column]) => column !== undefined),
    ),
    overrides,
    progress: new Progress({ quiet: options.quiet }),
  };
  const rule = choiceOption('window', options.window, slidingRules);
  if (rule !== undefined) {
    const stride = integerOption('stride', options.stride) ?? 1;
    if (stride !== 1 && (rule === 'strided-offset' || rule === 'control'))
      throw new UsageError(
        `--stride: expected it with a rule that reads it; got ${rule}, ${rule === 'control' ? 'which takes the newest window' : 'whose windows stand side by side'}`,
      );
    const maxLength = integerOption('max-length', options.maxLength) ?? 200;
    const maxHistory = integerOption('max-history', options.maxHistory);
    if (maxHistory !== undefined && rule === 'control')
      throw new UsageError(
        '--max-history: expected it with a rule that reaches back; got control, which takes the newest window',
      );
    if (maxHistory !== undefined && maxHistory < maxLength)
      throw new UsageError(
        `--max-history: expected the events of a window or more, ${maxLength} (--max-length); got ${maxHistory}`,
      );
    const epochs = integerOption('epochs', options.epochs) ?? 10;
    const seed = integerOption('seed', options.seed, 0) ?? 1;
    const controlEpochs = integerOption('control-epochs', options.controlEpochs, 0) ?? 0;
    if (controlEpochs !== 0 && rule === 'control')
      throw new UsageError(
        '--control-epochs: expected it with a rule that slides in the other epochs; got control, which takes the newest window in all',
      );
    if (controlEpochs > epochs)
      throw new UsageError(
        `--control-epochs: expected some of all epochs, up to ${epochs} (--epochs); got ${controlEpochs}`,
      );
    const other = overrides.find(({ key, text }) => /^data\.split\b/.test(key) && text !== LEAVE_LAST_OUT);
    if (other !== undefined)
      throw new UsageError(
        `--${other.key}: expected leave-last-out of data --window, which covers what that trains on; got ${other.text}`,
        'leave it out',
      );
    const { coverWindows, renderCoverage } = await import('../data/window-coverage.ts');
    const { splitOf } = await import('../data/split-by.ts');
    const { interactions, ...read } = await readRequested(request);
    const covered = splitOf({ ...read, split: LEAVE_LAST_OUT }, interactions).interactions;
    const coverage = coverWindows(covered, {
      rule,
      maxLength,
      maxHistory,
      stride,
      seed,
      epochs,
      controlEpochs,
    });
    console.log(options.json ? JSON.stringify(coverage, null, 2) : renderCoverage(coverage));
    return 0;
  }
  const description = await describeData(request);
  console.log(options.json ? JSON.stringify(description, null, 2) : renderData(description));
  return 0;
}
