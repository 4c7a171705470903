import { isDeepStrictEqual } from 'node:util';
import type { Settings } from '../../config/search-space.ts';
import { UsageError } from '../../errors.ts';
import type { BenchmarkResult, GridRow } from './result.ts';
import { tableName } from './sections.ts';

/** How a remark begins that says where included rows are from. */
export const NOT_RUN = 'Not run again: ';

/** Baselines that differ by more were measured otherwise. */
const SAME = 1e-4;

/** A row without its seed. */
export type RowName = Pick<GridRow, 'data' | 'protocol' | 'row'>;

type Counts = BenchmarkResult['counts'][number];

/** Data and protocol of rows, counts, settings. */
export type Place = Pick<GridRow, 'data' | 'protocol'>;
export const isSame = (a: Place, b: Place): boolean => a.data === b.data && a.protocol === b.protocol;

/** @throws UsageError where the same data under the same protocol have other counts. */
export function checkCounts(file: string, theirs: readonly Counts[], ours: readonly Counts[]): void {
  const seen = ({ users, items, events, train, validation, tests }: Counts): string =>
    JSON.stringify({ users, items, events, train, validation, tests });
  for (const own of ours) {
    const other = theirs.find((each) => isSame(each, own));
    if (other !== undefined && seen(other) !== seen(own))
      throw new UsageError(
        `--include: ${file}: expected ${own.data}, ${own.protocol} with the counts ${seen(own)}; got ${seen(other)}: other data, or prepared otherwise`,
      );
  }
}

/** @throws UsageError for a row without a metric of the tables, which its file has no ranks to take from. */
export function checkHasMetrics(file: string, rows: readonly GridRow[], metrics: readonly string[]): void {
  for (const row of rows) {
    const missing = metrics.find((metric) => !Number.isFinite(row.metrics[metric]));
    if (missing !== undefined)
      throw new UsageError(
        `--include: ${file}: expected rows with ${metrics.join(', ')}, which the tables show; got ${tableName(row)}, ${row.row} without ${missing}`,
        'run the command of the file again, which goes on from its runs, and save it anew; or leave the file out',
      );
  }
}

/** @throws UsageError where a baseline, which learns nothing by chance, has other figures. */
export function checkBaseline(file: string, theirs: GridRow, ours: GridRow, metrics: readonly string[]): void {
  for (const metric of metrics) {
    const [got, expected] = [theirs.metrics[metric], ours.metrics[metric]];
    if (got !== undefined && expected !== undefined && Math.abs(got - expected) > SAME)
      throw new UsageError(
        `--include: ${file}: expected ${metric} ${expected} of ${ours.row} on ${tableName(ours)}, as here; got ${got}: measured by other rules`,
      );
  }
}

/** A row, and the result that it is of. */
interface RowOf {
  readonly file: string;
  readonly row: GridRow;
}

/** @throws UsageError for the same row of two results with other figures: which of them holds is not known here. */
export function checkTwin(theirs: RowOf, ours: RowOf): void {
  const [got, before] = [theirs.row, ours.row];
  if (isDeepStrictEqual(got.metrics, before.metrics) && got.definition === before.definition) return;
  const differs = Object.keys(before.metrics).find((key) => before.metrics[key] !== got.metrics[key]);
  const figure = ({ metrics }: GridRow): string =>
    differs === undefined ? '' : ` with ${differs} ${metrics[differs]}`;
  throw new UsageError(
    `--include: expected a row in one result, or with the same figures; got ${tableName(got)}, ${got.row}, seed ${got.seed} in ${ours.file}${figure(before)} and in ${theirs.file}${figure(got)}`,
  );
}

/** What the seeds of a row have in common; settings of a search and parameters are known when it has run. */
export interface TrainedAs {
  readonly changed: readonly string[];
  readonly definition?: string;
  /** Whether a search found its settings, which is known of a planned row too. */
  readonly tuned?: true;
  readonly settings?: Settings;
  readonly parameters?: number;
}

export function trainedAs(
  { remarks = [], tuned = [] }: Partial<BenchmarkResult>,
  of: RowName & Pick<Partial<GridRow>, 'changed' | 'definition' | 'parameters' | 'tuning'>,
): TrainedAs {
  const { changed = remarks.filter((remark) => !remark.startsWith(NOT_RUN)), definition, parameters } = of;
  const settings = tuned.find((each) => each.row === of.row && isSame(each, of))?.settings;
  return {
    changed,
    ...(definition && { definition }),
    ...((of.tuning ?? settings) !== undefined && { tuned: true }),
    ...(settings && { settings }),
    ...(parameters !== undefined && { parameters }),
  };
}

export const areAlike = (a: TrainedAs, b: TrainedAs): boolean =>
  isDeepStrictEqual(a.changed, b.changed) &&
  a.tuned === b.tuned &&
  (a.definition === undefined || b.definition === undefined || a.definition === b.definition) &&
  (a.settings === undefined || b.settings === undefined || isDeepStrictEqual(a.settings, b.settings)) &&
  (a.parameters === undefined || b.parameters === undefined || a.parameters === b.parameters);
