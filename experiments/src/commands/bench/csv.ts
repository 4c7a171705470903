import { integerOption, textOption } from '../../arguments.ts';
import type { Bench } from './request.ts';

/** Reading a file of events. */
export const csv: Bench = {
  reads: ['rounds', 'rows', 'users', 'items', 'dir'],
  run: async ({ options, training, rounds, show }) => {
    const { benchCsv, listCsvBench } = await import('../../measure/bench/csv.ts');
    const rows = integerOption('rows', options.rows) ?? 2_000_000;
    const users = integerOption('users', options.users) ?? Math.ceil(rows / 20);
    const items = integerOption('items', options.items) ?? 100_000;
    const folder = textOption('dir', options.dir);
    return show(
      await benchCsv({ rows, users, items, rounds: rounds ?? 1, folder, quiet: training.quiet }),
      listCsvBench,
    );
  },
};
