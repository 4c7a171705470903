import { isDeepStrictEqual } from 'node:util';
import { UsageError } from '../../errors.ts';
import { readSaved } from '../../results/saved.ts';
import { experimentIn } from './changed.ts';
import type { Reproduction } from './sections.ts';
import type { SeedRun } from './seeds.ts';
import type { PaperTable } from './table.ts';

/** Rows of earlier results of a table, and what is said of them. */
export interface Included {
  readonly runs: readonly SeedRun[];
  readonly remarks: readonly string[];
}

/**
 * Rows that were run before, or on another machine, from results that `--save` kept. Those that are run now are left
 * out, as are rows that the table has no more.
 *
 * @param fresh rows that are run now. @param remarks of these: rows of another experiment say what was changed.
 * @throws UsageError for results of something else or with no other row, and for a row that two of them have.
 */
export function includedRuns(
  files: readonly string[],
  { name, table }: { readonly name: string; readonly table: PaperTable },
  { fresh, remarks: said }: { readonly fresh: readonly string[]; readonly remarks: readonly string[] },
): Included {
  const known = table.rows.map((row) => row.name).filter((row) => !fresh.includes(row));
  const here = experimentIn(said);
  const from = new Map<string, string>();
  const parts = files.map((file): Included => {
    const { result, said: where } = readSaved<Reproduction>(file, 'reproduce', name);
    const runs = (result.runs ?? [])
      .filter(({ row }) => known.includes(row))
      .map(({ changed = experimentIn(result.remarks ?? []), ...run }): SeedRun => {
        return isDeepStrictEqual(changed, here) ? run : { ...run, changed };
      });
    const rows = [...new Set(runs.map(({ row }) => row))];
    if (rows.length === 0)
      throw new UsageError(
        `--include: ${file}: expected rows of ${name} that are not run now; got none; name those to run in --rows`,
      );
    for (const row of rows) {
      const before = from.get(row);
      if (before !== undefined)
        throw new UsageError(`--include: expected a row in one result; got ${row} in ${before} and in ${file}`);
      from.set(row, file);
    }
    const other = new Set(runs.flatMap(({ row, changed }) => (changed === undefined ? [] : [row])));
    const apart =
      other.size === 0
        ? ''
        : ` ${[...other].join(', ')}: other data or another question than of the rows that are run now, with which no claim is judged.`;
    return { runs, remarks: [`Not run again: ${rows.join(', ')}, ${where}${apart}`] };
  });
  return { runs: parts.flatMap(({ runs }) => runs), remarks: parts.flatMap(({ remarks }) => remarks) };
}

/** Rows of now and of earlier results, with the seeds of both, those of now first. */
export function withIncluded(
  fresh: readonly SeedRun[],
  included: readonly SeedRun[],
): Pick<Reproduction, 'runs' | 'seeds'> {
  const runs = [...fresh, ...included];
  return { runs, seeds: [...new Set(runs.map(({ seed }) => seed))] };
}
