import type { Override } from '../arguments.ts';
import type { RecipeConfig } from '../config/schema.ts';
import { ConfigError } from '../errors.ts';
import type { PreparedData } from '../training/dataset.ts';

/** A row: a recipe, perhaps changed, and what was published for it. */
export interface TableRow {
  readonly name: string;
  readonly recipe: string;
  readonly changes?: readonly Override[];
  readonly paper: Readonly<Record<string, number>>;
  /** Computes the figures from data and configuration, its seed included, where nothing is to be trained. */
  readonly measure?: (material: {
    readonly data: PreparedData;
    readonly config: RecipeConfig;
  }) => Readonly<Record<string, number>>;
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

/** A published table, as something that can be run. */
export interface PaperTable {
  readonly title: string;
  readonly source: string;
  /** Protocol and caveats, printed with the figures. */
  readonly notes: readonly string[];
  readonly metrics: readonly string[];
  /** How far from the published figure counts as reproduced, metric by metric; without it only claims are judged. */
  readonly tolerance?: Readonly<Record<string, number>>;
  readonly rows: readonly TableRow[];
  readonly claims: readonly TableClaim[];
  readonly gains?: readonly TableGains[];
  /** Metrics of which less is better. */
  readonly lowerIsBetter?: readonly string[];
  /** Sizes of the experiment, by name: configuration keys that every row gets. */
  readonly sizes?: Readonly<Record<string, readonly Override[]>>;
  readonly defaultSize?: string;
}

/** Declares a table. @throws ConfigError when a claim or a gain names no row, or a metric that the table does not have. */
export function defineTable(table: PaperTable): PaperTable {
  for (const { better, worse, metrics } of table.claims) check(table, 'claims', [better, worse], metrics);
  for (const { over, rows, metrics } of table.gains ?? []) check(table, 'gains', [over, ...rows], metrics);
  check(table, 'lowerIsBetter', [], table.lowerIsBetter ?? []);
  return table;
}

function check(table: PaperTable, where: string, names: readonly string[], metrics: readonly string[]): void {
  const rows = table.rows.map((row) => row.name);
  for (const name of names)
    if (!rows.includes(name)) throw new ConfigError(`table: ${where}: expected a row; got ${name}`, rows.join(', '));
  for (const metric of metrics)
    if (!table.metrics.includes(metric))
      throw new ConfigError(`table: ${where}: expected a metric of the table; got ${metric}`, table.metrics.join(', '));
}
