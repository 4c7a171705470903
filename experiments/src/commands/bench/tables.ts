import { integerOption, numberOption, textOption } from '../../arguments.ts';
import { UsageError } from '../../errors.ts';
import { BACKEND, type Bench } from './request.ts';

/** Rows of a file against rows in memory. */
export const tables: Bench = {
  reads: [...BACKEND, 'rounds', 'rows', 'width', 'cache', 'zipf', 'ids', 'steps', 'dir'],
  run: async ({ options, rounds = 3, show }) => {
    const cache = numberOption('cache', options.cache) ?? 0.01;
    if (!(cache > 0 && cache <= 1)) throw new UsageError(`--cache: expected a share above 0, at most 1; got ${cache}`);
    const zipf = numberOption('zipf', options.zipf) ?? 1.05;
    if (!(zipf >= 0 && zipf < 10))
      throw new UsageError(`--zipf: expected an exponent of 0 or more, below 10; got ${zipf}`);
    const [{ benchTables }, { listTablesBench }] = await Promise.all([
      import('../../measure/bench/tables.ts'),
      import('../../measure/bench/tables-listing.ts'),
    ]);
    const result = await benchTables({
      backend: options,
      rows: integerOption('rows', options.rows, 100, 2 ** 31 - 1) ?? 1_000_000,
      width: integerOption('width', options.width, 1, 2 ** 14) ?? 16,
      cache,
      zipf,
      ids: integerOption('ids', options.ids) ?? 16_384,
      steps: integerOption('steps', options.steps) ?? 20,
      rounds,
      folder: textOption('dir', options.dir),
      quiet: options.quiet ?? false,
    });
    return show(result, listTablesBench);
  },
};
