import { isDeepStrictEqual } from 'node:util';
import { UsageError } from '../../errors.ts';
import { type EarlierResult, readSaved } from '../../results/saved.ts';
import type { Benchmark } from './benchmark.ts';
import {
  areAlike,
  checkBaseline,
  checkCounts,
  checkHasMetrics,
  checkTwin,
  isSame,
  NOT_RUN,
  type Place,
  type RowName,
  trainedAs,
} from './included-checks.ts';
import { withComparisons } from './included-comparisons.ts';
import type { BenchmarkResult, GridRow } from './result.ts';
import { tableName } from './sections.ts';

/** An earlier result of the same benchmark. */
export type EarlierGrid = EarlierResult<Partial<BenchmarkResult>>;

/** @throws UsageError for a file of something else. */
export function readEarlierGrids(files: readonly string[], name: string): EarlierGrid[] {
  return files.map((file) => readSaved<BenchmarkResult>(file, 'benchmark', name));
}

const keyOf = ({ data, protocol, test, row, seed }: GridRow): string =>
  JSON.stringify([data, protocol, test, row, seed ?? null]);
const seedless = ({ data, protocol, row }: RowName): string => JSON.stringify([data, protocol, row]);
const tableOf = ({ data, protocol, test }: Pick<GridRow, 'data' | 'protocol' | 'test'>): string =>
  JSON.stringify([data, protocol, test]);

/** What is run now, or has been. */
export interface PlannedRow extends RowName, Pick<GridRow, 'definition' | 'tuning'> {
  readonly seeds: readonly number[];
}

interface IncludedInto {
  /** Whose order the tables have; those of a YAML file that is not asked for now come last. */
  readonly benchmark: Pick<Benchmark, 'data' | 'protocols'>;
  readonly planned: readonly PlannedRow[];
}

/**
 * A result with the rows of earlier ones that it has not run: other cells, or other seeds of its own. Pairs of users
 * need the ranks of both rows: comparisons are those among rows that were run together.
 *
 * A row that two of them have with the same figures is that of the first.
 *
 * @throws UsageError for a result without a row that is missing here, for a row that two of them have with other
 * figures, for one without a metric of the tables, for one of other counts or other figures of the same baseline, which
 * was measured otherwise, and for further seeds of a row that were trained otherwise: their mean would be that of
 * nothing.
 */
export function withIncluded(
  own: BenchmarkResult,
  earlier: readonly EarlierGrid[],
  { benchmark, planned }: IncludedInto,
): BenchmarkResult {
  const runNow = new Set(planned.flatMap((row) => row.seeds.map((seed) => JSON.stringify([seedless(row), seed]))));
  const isRunNow = (row: GridRow): boolean => runNow.has(JSON.stringify([seedless(row), row.seed]));
  const from = new Map<string, string>(own.rows.map((row) => [keyOf(row), 'this run']));
  const alike = new Map(planned.map((row) => [seedless(row), trainedAs(own, row)]));
  for (const row of own.rows) if (!row.isBaseline) alike.set(seedless(row), trainedAs(own, row));
  const trainedHere = new Set(own.rows.filter(({ isBaseline }) => !isBaseline).map(tableOf));
  const [rows, counts] = [[...own.rows], [...own.counts]];
  const [costs, tuned] = [[...own.costs], [...(own.tuned ?? [])]];
  let { comparisons } = own;
  const [notes, remarks] = [new Set(own.notes), [...own.remarks]];
  for (const { file, result, said } of earlier) {
    checkCounts(file, result.counts ?? [], counts);
    const saved = result.rows ?? [];
    const added = saved.filter((row) => {
      if (!row.isBaseline && isRunNow(row)) return false;
      const key = keyOf(row);
      const before = from.get(key);
      if (before === undefined) return true;
      const same = rows.find((each) => keyOf(each) === key) as GridRow;
      if (row.isBaseline) checkBaseline(file, row, same, own.metrics);
      else checkTwin({ file, row }, { file: before, row: same });
      return false;
    });
    const trained = added.filter(({ isBaseline }) => !isBaseline);
    if (trained.length === 0)
      throw new UsageError(
        `--include: ${file}: expected rows that are not run now; got none; name those to run by --datasets, --models, --seeds`,
      );
    for (const row of trained) {
      const [key, now] = [seedless(row), trainedAs(result, row)];
      const before = alike.get(key) ?? now;
      if (!areAlike(before, now))
        throw new UsageError(
          `--include: ${file}: expected all seeds of ${tableName(row)}, ${row.row} trained alike, ${JSON.stringify(before)}; got ${JSON.stringify(now)}`,
        );
      alike.set(key, { ...now, ...before });
    }
    const tables = new Set(trained.map(tableOf));
    // Baselines of data under a protocol that is run now are fitted here.
    checkHasMetrics(
      file,
      added.filter((row) => !row.isBaseline || !planned.some((each) => isSame(each, row))),
      own.metrics,
    );
    for (const row of added) {
      if (row.isBaseline && !tables.has(tableOf(row)) && !trainedHere.has(tableOf(row))) continue;
      from.set(keyOf(row), file);
      const { changed } = trainedAs(result, row);
      const { changed: _, ...figures } = row;
      rows.push({
        ...figures,
        ranks: '',
        ...(!isDeepStrictEqual(changed, trainedAs(own, figures).changed) && { changed }),
      });
    }
    counts.push(...(result.counts ?? []).filter((each) => !counts.some((other) => isSame(each, other))));
    const replaced = saved.filter((row) => !row.isBaseline && !added.includes(row));
    const compared = (result.comparisons ?? []).filter((each) => tables.has(tableOf(each)));
    comparisons = withComparisons(comparisons, compared, replaced.filter(isRunNow));
    const called = ({ data, protocol, row }: GridRow): string => `${data}, ${protocol}, ${row}`;
    // What a row cost is told of its seeds together.
    const left = new Set(replaced.map(called));
    const ofRows = new Set(trained.map(called).filter((row) => !left.has(row)));
    costs.push(...(result.costs ?? []).filter(({ row }) => ofRows.has(row)));
    tuned.push(...(result.tuned ?? []).filter(({ data, protocol, row }) => ofRows.has(`${data}, ${protocol}, ${row}`)));
    for (const note of result.notes ?? []) notes.add(note);
    remarks.push(`${NOT_RUN}${inWords(trained)}, ${said}`);
  }
  const placeAmong = (all: object, name: string): number =>
    Object.hasOwn(all, name) ? Object.keys(all).indexOf(name) : Object.keys(all).length;
  const place = ({ data, protocol }: Place): number =>
    placeAmong(benchmark.data, data) * 1000 + placeAmong(benchmark.protocols, protocol);
  const inOrder = <T extends Place>(all: readonly T[]): T[] => all.toSorted((a, b) => place(a) - place(b));
  return {
    ...own,
    ...{ rows: inOrder(rows), counts: inOrder(counts), comparisons: inOrder(comparisons) },
    ...{ costs, notes: [...notes], remarks, ...(tuned.length > 0 && { tuned: inOrder(tuned) }) },
  };
}

/** `beauty, time: SASRec (seeds 1, 2), LiGR (seed 1); sports, time: ...`. */
function inWords(rows: readonly GridRow[]): string {
  const tables = Map.groupBy(
    rows.filter(({ test }) => test === ''),
    tableName,
  );
  return Array.from(tables, ([table, own]) => {
    const each = Array.from(
      Map.groupBy(own, ({ row }) => row),
      ([row, seeds]) => `${row} (seed${seeds.length === 1 ? '' : 's'} ${seeds.map(({ seed }) => seed).join(', ')})`,
    );
    return `${table}: ${each.join(', ')}`;
  }).join('; ');
}
