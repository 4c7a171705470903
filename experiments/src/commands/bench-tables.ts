import { integerOption, numberOption, textOption } from '../arguments.ts';
import { UsageError } from '../errors.ts';
import type { Action } from '../invocation.ts';
import type { BackendOptions } from '../run/process/backend.ts';
import type { Listing } from '../terminal/listing.ts';

interface Options extends BackendOptions {
  readonly rows?: unknown;
  readonly width?: unknown;
  readonly cache?: unknown;
  readonly zipf?: unknown;
  readonly ids?: unknown;
  readonly steps?: unknown;
  readonly rounds?: unknown;
  readonly dir?: unknown;
  readonly quiet?: boolean;
}

/** `seqrec bench tables`: rows of a file against rows in memory. */
export async function benchTablesCommand(
  options: Options,
  show: <T>(result: T, list: (result: T) => Listing) => Action,
): Action {
  const cache = numberOption('cache', options.cache) ?? 0.01;
  if (!(cache > 0 && cache <= 1)) throw new UsageError(`--cache: expected a share above 0, at most 1; got ${cache}`);
  const zipf = numberOption('zipf', options.zipf) ?? 1.05;
  if (!(zipf >= 0 && zipf < 10))
    throw new UsageError(`--zipf: expected an exponent of 0 or more, below 10; got ${zipf}`);
  const [{ benchTables }, { listTablesBench }] = await Promise.all([
    import('../measure/bench/tables.ts'),
    import('../measure/bench/tables-listing.ts'),
  ]);
  const result = await benchTables({
    backend: options,
    rows: integerOption('rows', options.rows, 100, 2 ** 31 - 1) ?? 1_000_000,
    width: integerOption('width', options.width, 1, 2 ** 14) ?? 16,
    cache,
    zipf,
    ids: integerOption('ids', options.ids) ?? 16_384,
    steps: integerOption('steps', options.steps) ?? 20,
    rounds: integerOption('rounds', options.rounds) ?? 3,
    folder: textOption('dir', options.dir),
    quiet: options.quiet ?? false,
  });
  return show(result, listTablesBench);
}
