import type { Interactions } from '../interactions.ts';
import type { CsvSource } from './csv-source.ts';
import { readDuckdb } from './duckdb.ts';
import type { ReadContext } from './progress.ts';
import { readTable } from './read-table.ts';

/** The rows of a query that DuckDB runs over files; columns as in {@link CsvSource}. */
export interface SqlSource
  extends Omit<CsvSource, 'format' | 'path' | 'file' | 'delimiter' | 'quote' | 'encoding' | 'header'> {
  readonly format: 'sql';
  /** One SELECT, as `select user, item, t from 'events/*.parquet' join ...`. */
  readonly query: string;
}

/** @throws {DataError} `bad-query`, `missing-package`, and what a CSV of the same rows would throw */
export async function readSql(source: SqlSource, name: string, context: ReadContext): Promise<Interactions> {
  const operation = 'readSql';
  const origin = {
    title: 'a query',
    place: { file: 'query' },
    read: (...[log, handler]: Parameters<Parameters<typeof readTable>[1]['read']>) =>
      readDuckdb(operation, { query: source.query }, log, handler),
  };
  return readTable(undefined, origin, source, name, context, { operation, format: 'sql' });
}
