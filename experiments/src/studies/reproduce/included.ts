import { isDeepStrictEqual } from 'node:util';
import { UsageError } from '../../errors.ts';
import { readSaved } from '../../results/saved.ts';
import { experimentIn } from './changed.ts';
import type { PlannedRow } from './plan-rows.ts';
import type { Reproduction } from './sections.ts';
import type { SeedRun } from './seeds.ts';
import type { PaperTable } from './table.ts';
import { areAlike, inBrief, type TrainedAs, trainedAs, trainedThen } from './trained-as.ts';

/** Runs of earlier results of a table, and what is said of them. */
export interface Included {
  readonly runs: readonly SeedRun[];
  readonly remarks: readonly string[];
}

/** What is run now. */
export interface RunNow {
  readonly rows: readonly Pick<PlannedRow, 'row' | 'config'>[];
  readonly seeds: readonly number[];
  /** How: rows of another experiment say what was changed. */
  readonly remarks: readonly string[];
}

interface Trained {
  readonly as: TrainedAs;
  readonly changed: readonly string[];
  readonly file: string;
}

/**
 * Rows and seeds that were run before, or on another machine, from results that `--save` kept. Those that are run now
 * are left out, as are rows that the table has no more.
 *
 * @throws UsageError for results of something else or with nothing that is missing here, for a row and seed that two
 * of them have with other figures, and for seeds of a row that were not trained alike: their mean would be of nothing.
 */
export function includedRuns(
  files: readonly string[],
  { name, table }: { readonly name: string; readonly table: PaperTable },
  now: RunNow,
): Included {
  const runNow = ({ row, seed }: SeedRun): boolean =>
    now.rows.some((each) => each.row.name === row) && now.seeds.includes(seed);
  const known = new Set(table.rows.map((row) => row.name));
  const here = experimentIn(now.remarks);
  const trained = new Map<string, Trained>(
    now.rows.map(({ row, config }) => {
      const as = trainedAs(table, row, now.remarks, config.training.epochs);
      return [row.name, { as, changed: here, file: 'this run' }];
    }),
  );
  const taken: { readonly run: SeedRun; readonly file: string }[] = [];
  const remarks = files.map((file): string => {
    const { result, said } = readSaved<Reproduction>(file, 'reproduce', name);
    const added = (result.runs ?? []).filter((run) => {
      if (!known.has(run.row) || runNow(run)) return false;
      const before = taken.find((each) => each.run.row === run.row && each.run.seed === run.seed);
      if (before !== undefined && !isDeepStrictEqual(before.run.metrics, run.metrics))
        throw new UsageError(
          `--include: expected a row and seed in one result, or with the same figures; got ${run.row}, seed ${run.seed} in ${before.file} and otherwise in ${file}`,
        );
      return before === undefined;
    });
    if (added.length === 0)
      throw new UsageError(
        `--include: ${file}: expected rows or seeds of ${name} that are not here yet; got none; name those to run in --rows and --seeds`,
      );
    const apart = new Set<string>();
    const told = result.remarks ?? [];
    for (const { changed = experimentIn(told), ...run } of added) {
      const as = run.trained ?? trainedThen(run.row, result.table ?? table, told);
      const before = trained.get(run.row);
      if (before !== undefined && !(areAlike(before.as, as) && isDeepStrictEqual(before.changed, changed)))
        throw new UsageError(
          `--include: ${file}: expected all seeds of ${run.row} trained alike, ${inBrief(before.as)} in ${before.file}; got ${inBrief(as)}`,
        );
      trained.set(run.row, { as, changed, file });
      const isOther = !isDeepStrictEqual(changed, here);
      if (isOther) apart.add(run.row);
      taken.push({ run: isOther ? { ...run, changed } : run, file });
    }
    const other =
      apart.size === 0
        ? ''
        : ` ${[...apart].join(', ')}: other data or another question than of the rows that are run now, with which no claim is judged.`;
    return `Not run again: ${inWords(added)}, ${said}${other}`;
  });
  return { runs: taken.map(({ run }) => run), remarks };
}

/** `LSA (seeds 1, 2), LETTER (seed 1)`. */
function inWords(runs: readonly SeedRun[]): string {
  return Array.from(
    Map.groupBy(runs, ({ row }) => row),
    ([row, own]) => `${row} (seed${own.length === 1 ? '' : 's'} ${own.map(({ seed }) => seed).join(', ')})`,
  ).join(', ');
}

/**
 * Runs of now and of earlier results, then in the order of the rows and of their seeds. The seeds of both, those of now
 * first.
 */
export function withIncluded(
  fresh: readonly SeedRun[],
  included: readonly SeedRun[],
  { rows }: Pick<PaperTable, 'rows'>,
): Pick<Reproduction, 'runs' | 'seeds'> {
  const all = [...fresh, ...included];
  const place = new Map(rows.map(({ name }, i) => [name, i]));
  const placeOf = ({ row }: SeedRun): number => place.get(row) ?? rows.length;
  const inOrder = all.toSorted((a, b) => placeOf(a) - placeOf(b) || a.seed - b.seed);
  return { runs: included.length === 0 ? all : inOrder, seeds: [...new Set(all.map(({ seed }) => seed))] };
}
