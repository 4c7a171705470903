import type { Override } from '../arguments.ts';
import { ConfigError } from '../errors.ts';

/** A row: a recipe, perhaps changed, and what was published for it. */
export interface TableRow {
  readonly name: string;
  readonly recipe: string;
  readonly changes?: readonly Override[];
  readonly paper: Readonly<Record<string, number>>;
}

/** That one row beats another. */
export interface TableClaim {
  readonly better: string;
  readonly worse: string;
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
  /** Sizes of the experiment, by name: configuration keys that every row gets. */
  readonly sizes?: Readonly<Record<string, readonly Override[]>>;
  readonly defaultSize?: string;
}

/** Declares a table. @throws ConfigError when a claim names no row, or a metric that the table does not have. */
export function defineTable(table: PaperTable): PaperTable {
  const rows = table.rows.map((row) => row.name);
  for (const { better, worse, metrics } of table.claims) {
    for (const name of [better, worse])
      if (!rows.includes(name)) throw new ConfigError(`table: claims: expected a row; got ${name}`, rows.join(', '));
    for (const metric of metrics)
      if (!table.metrics.includes(metric))
        throw new ConfigError(`table: claims: expected a metric of the table; got ${metric}`, table.metrics.join(', '));
  }
  return table;
}
