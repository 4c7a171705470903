import { isDeepStrictEqual } from 'node:util';
import type { Override } from '../../arguments.ts';
import { UsageError } from '../../errors.ts';
import { readSaved } from '../../results/saved.ts';
import { experimentIn } from './changed.ts';
import type { Reproduction } from './sections.ts';
import type { SeedRun } from './seeds.ts';
import type { PaperTable } from './table.ts';

/** Runs of earlier results of a table, and what is said of them. */
export interface Included {
  readonly runs: readonly SeedRun[];
  readonly remarks: readonly string[];
}

/** What is run now. */
export interface RunNow {
  readonly rows: readonly string[];
  readonly seeds: readonly number[];
  /** How: rows of another experiment say what was changed. */
  readonly remarks: readonly string[];
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
  const runNow = ({ row, seed }: SeedRun): boolean => now.rows.includes(row) && now.seeds.includes(seed);
  const known = new Set(table.rows.map((row) => row.name));
  const here = experimentIn(now.remarks);
  const trained = new Map(now.rows.map((row) => [row, { ...trainedAs(table, row, now.remarks), file: 'this run' }]));
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
    for (const { changed = experimentIn(result.remarks ?? []), ...run } of added) {
      const before = trained.get(run.row);
      const own = trainedAs(result.table ?? table, run.row, result.remarks ?? []);
      if (before !== undefined && !areAlike(before, own))
        throw new UsageError(
          `--include: ${file}: expected all seeds of ${run.row} trained alike, ${inBrief(before)} in ${before.file}; got ${inBrief(own)}`,
        );
      trained.set(run.row, { ...own, file });
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

/** What the seeds of a row have in common. */
interface TrainedAs {
  readonly recipe?: string;
  readonly changes: readonly Override[];
  /** Of the command line. */
  readonly said: string;
}

function trainedAs({ rows }: Pick<PaperTable, 'rows'>, name: string, remarks: readonly string[]): TrainedAs {
  const row = rows.find((each) => each.name === name);
  return { ...(row && { recipe: row.recipe }), changes: row?.changes ?? [], said: saidOfTraining(remarks) };
}

const areAlike = (a: TrainedAs, b: TrainedAs): boolean =>
  a.recipe === b.recipe && isDeepStrictEqual(a.changes, b.changes) && a.said === b.said;

function inBrief({ recipe, changes, said }: TrainedAs): string {
  const own = changes.map(({ key, text }) => ` ${key} ${text}`).join(',');
  return `${recipe ?? 'no recipe'}${own}${said === '' ? '' : `; ${said}`}`;
}

/**
 * Size and changes; of fewer epochs how many, as the published ones are those of all rows of a run. Where included rows
 * are from says nothing of training.
 */
function saidOfTraining(remarks: readonly string[]): string {
  return remarks
    .map((remark) => remark.replaceAll(/Not run again: .*?, of \d{4}-\d\d-\d\d at commit \S+, `[^`]*`\. ?/g, '').trim())
    .filter((remark) => /^(Size|Changed): /.test(remark) || FEWER.test(remark))
    .map((remark) =>
      remark.replace(FEWER, (_, all: string) => `${[...new Set(all.match(/\d+(?= of )/g))].join(', ')} epochs.`),
    )
    .join(' ');
}

/** As `fewerEpochs` says it. */
const FEWER = /((?:\d+ of \d+(?:, )?)+) epochs: not the published experiment\./;

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
