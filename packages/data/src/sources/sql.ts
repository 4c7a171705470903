import type { Interactions } from '../interactions.ts';
import type { CsvSource } from './csv-source.ts';
import { readDuckdb } from './duckdb.ts';
import { readDuckdbChunks } from './duckdb-chunks.ts';
import { queryLimits } from './duckdb-session.ts';
import type { ChunkHandler } from './event-chunks.ts';
import type { ReadContext } from './progress.ts';
import { readTable } from './read-table.ts';
import type { RowOrigin } from './row-origin.ts';

/** The rows of a query that DuckDB runs over files; columns as in {@link CsvSource}. */
export interface SqlSource
  extends Omit<CsvSource, 'format' | 'path' | 'file' | 'delimiter' | 'quote' | 'encoding' | 'header' | 'reader'> {
  readonly format: 'sql';
  /** One SELECT, as `select user, item, t from 'events/*.parquet' join ...`. */
  readonly query: string;
}

/** @throws {DataError} `bad-query`, `missing-package`, and what a CSV of the same rows would throw */
export async function readSql(source: SqlSource, name: string, context: ReadContext): Promise<Interactions> {
  const operation = 'readSql';
  const input = { query: source.query };
  const origin = {
    title: 'a query',
    place: { file: 'query' },
    read: (...[log, handler]: Parameters<RowOrigin['read']>) => readDuckdb(operation, input, log, handler, context),
    readChunks: (handler: ChunkHandler) => readDuckdbChunks(operation, input, handler, context),
    chunksBy: `DuckDB (${queryLimits})`,
  };
  return readTable(undefined, origin, source, name, context, { operation, format: 'sql' });
}
