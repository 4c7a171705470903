import type { Override } from '../../arguments.ts';
import type { RunConfig } from '../../config/run-config.ts';
import type { RecipeConfig } from '../../config/schema.ts';
import type { PreparedData } from '../../data/dataset.ts';
import { ConfigError } from '../../errors.ts';
import { measuredKeys } from '../../run/evaluation/measured-keys.ts';

/** A row: a recipe, perhaps changed, and what was published for it. */
export interface TableRow {
  readonly name: string;
  readonly recipe: string;
  readonly changes?: readonly Override[];
  readonly paper: Readonly<Record<string, number>>;
  /** Trains nothing: its figures are those of the run of a row above it. */
  readonly from?: RowSource;
  /** Computes the figures from data and configuration, its seed included, where nothing is to be trained. */
  readonly measure?: (material: {
    readonly data: PreparedData;
    readonly config: RecipeConfig;
  }) => Readonly<Record<string, number>>;
}

/** Where the figures of a row are from that trains nothing. */
export interface RowSource {
  /** The row whose run it is. */
  readonly row: string;
  /** A baseline beside it; absent: the model is asked again, under the `changes` of this row. */
  readonly baseline?: string;
}

/** Figures to look at beside those of the rows. */
export interface TableReference {
  readonly name: string;
  /** `published` by others, or `measured` by us with another program. */
  readonly kind: 'published' | 'measured';
  readonly figures: Readonly<Record<string, number>>;
}

/** That one row beats another. */
export interface TableClaim {
  readonly better: string;
  readonly worse: string;
  readonly metrics: readonly string[];
}

/** Rows compared with one of them, seed by seed: relative gains. */
export interface TableGains {
  readonly over: string;
  readonly rows: readonly string[];
  readonly metrics: readonly string[];
}

/** A run that rows start from, made before them for each seed: a teacher, tables of ids. */
export interface TableBefore {
  readonly name: string;
  readonly recipe: string;
  readonly changes?: readonly Override[];
  /** `labels`: a label store with what it predicts of its training rows; `weights`: its chosen checkpoint. */
  readonly gives: 'labels' | 'weights';
  /** The configuration of a row with the path of what it gives. */
  into(config: RunConfig, path: string): RunConfig;
}

/** A published table, as something that can be run. */
export interface PaperTable {
  readonly title: string;
  readonly source: string;
  /** Protocol and caveats, printed with the figures. */
  readonly notes: readonly string[];
  /** Files, relative to the file of the table, and packages that define what its configurations name. */
  readonly plugins?: readonly string[];
  readonly metrics: readonly string[];
  /** How far from the published figure counts as reproduced, metric by metric; without it only claims are judged. */
  readonly tolerance?: Readonly<Record<string, number>>;
  readonly rows: readonly TableRow[];
  /** Runs that the rows start from. */
  readonly before?: readonly TableBefore[];
  /** Figures of other programs that stand above the rows: of models or settings that are not among them. */
  readonly references?: readonly TableReference[];
  readonly claims: readonly TableClaim[];
  readonly gains?: readonly TableGains[];
  /** Metrics on which every two rows are compared, paired by seed. */
  readonly ordered?: readonly string[];
  /** Metrics of which less is better. */
  readonly lowerIsBetter?: readonly string[];
  /** Sizes of the experiment, by name: configuration keys that every row gets. */
  readonly sizes?: Readonly<Record<string, readonly Override[]>>;
  readonly defaultSize?: string;
  /** Each seed has a split of its own: the published one is by chance and not known. Default: one split for all. */
  readonly splitBySeed?: boolean;
  /** Rows may differ in `data.split`, where they are tested on the same targets; default: all rows have one. */
  readonly ownSplits?: boolean;
  /** Adds the metrics of targets without a training event and of the others, by the names of `COLD_METRICS`. */
  readonly coldItems?: boolean;
  /** Adds figures of a window of the future, by the names of {@link FUTURE_METRICS}; rows need a split by time. */
  readonly future?: FutureTable;
}

/** A window of the future after the test cut. */
export interface FutureTable {
  readonly days: number;
  /** Leave the items of the history out; false where users buy things again. */
  readonly excludeSeen: boolean;
}

/**
 * What `future` adds: recall, coverage and, where items have categories, entropy from one vector a user; recall from
 * a vector a day and from one before every moment; and what of the last stays with one a day.
 */
export const FUTURE_METRICS = [
  'Recall@10',
  'InterestEntropy@50',
  'P90Coverage@10',
  'Recall@10, daily',
  'Recall@10, real time',
  'kept daily',
] as const;

/**
 * Declares a table. @throws ConfigError when a claim or a gain names no row, or a metric that the table does not have.
 */
export function defineTable(table: PaperTable): PaperTable {
  for (const { better, worse, metrics } of table.claims) check(table, 'claims', [better, worse], metrics);
  for (const { over, rows, metrics } of table.gains ?? []) check(table, 'gains', [over, ...rows], metrics);
  for (const [place, row] of table.rows.entries()) if (row.from !== undefined) checkSource(table, place, row);
  check(table, 'lowerIsBetter', [], table.lowerIsBetter ?? []);
  check(table, 'ordered', [], table.ordered ?? []);
  return table;
}

/** @throws ConfigError for a source that is not above, or for changes that decide weights. */
function checkSource({ rows }: PaperTable, place: number, { name, recipe, changes = [], from }: TableRow): void {
  const source = rows.slice(0, place).find((row) => row.name === from?.row && row.from === undefined);
  if (source === undefined || source.recipe !== recipe)
    throw new ConfigError(`table: rows: ${name}: from: expected a row above it of the same recipe; got ${from?.row}`);
  const before = new Set((source.changes ?? []).map(({ key, text }) => `${key} ${text}`));
  const measured = measuredKeys();
  const other = changes.find(({ key, text }) => !measured.includes(key) && !before.has(`${key} ${text}`));
  if (other !== undefined)
    throw new ConfigError(
      `table: rows: ${name}: changes: expected those of ${source.name}, and keys that a trained model is measured by; got ${other.key}`,
      measured.join(', '),
    );
}

function check(table: PaperTable, where: string, names: readonly string[], metrics: readonly string[]): void {
  const rows = table.rows.map((row) => row.name);
  for (const name of names)
    if (!rows.includes(name)) throw new ConfigError(`table: ${where}: expected a row; got ${name}`, rows.join(', '));
  for (const metric of metrics)
    if (!table.metrics.includes(metric))
      throw new ConfigError(`table: ${where}: expected a metric of the table; got ${metric}`, table.metrics.join(', '));
}
