import { basename } from 'node:path';
import type { ProblemLog } from '../problems.ts';
import type { RowHandler } from './delimited.ts';
import { type DuckdbInput, sqlName, withDuckdb } from './duckdb-session.ts';
import { refuseRecords, textOf } from './duckdb-types.ts';
import type { ReadContext } from './progress.ts';

/** Files that only DuckDB reads. */
export function needsDuckdb(name: string): boolean {
  return /\.(parquet|jsonl|ndjson)$/i.test(name);
}

/**
 * Streams the rows of a query or file as text, so that every value is read by the same rules as that of a CSV:
 * times as seconds, lists with `|` between their entries, NULL as an empty field. Rows are numbered from 1.
 *
 * @throws {DataError} `missing-package`, `bad-query`, and `nested-column` for a column of records
 */
export async function readDuckdb(
  operation: string,
  input: DuckdbInput,
  log: ProblemLog,
  handler: RowHandler,
  context: ReadContext,
): Promise<void> {
  await withDuckdb(operation, input, async ({ connection, columns, types, query, place, failed }) => {
    const names = columns.map(({ name }) => name);
    handler.first(names, 0);
    refuseRecords(operation, columns, types, place);
    const expressions = columns.map(({ name, type }) => textOf(sqlName(name), type, types));
    const orFailed = <T>(promise: Promise<T>): Promise<T> =>
      promise.catch((cause: unknown) => {
        throw failed(cause);
      });
    const result = await orFailed(connection.stream(`SELECT ${expressions.join(', ')} FROM (${query})`));
    const title = inputTitle(input);
    for (let row = 0; ; ) {
      const chunk = await orFailed(result.fetchChunk());
      if (chunk === null || chunk.rowCount === 0) return;
      for (const values of chunk.getRows()) {
        const problem = handler.row(values as string[], ++row, row);
        if (problem !== undefined) log.report(row, problem);
      }
      context.counting({ file: title, rows: row });
    }
  });
}

/** For people: what is read. */
export function inputTitle(input: DuckdbInput): string {
  return 'file' in input ? basename(input.file) : 'a query';
}
