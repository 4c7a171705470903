import type { DuckDBValue } from '@duckdb/node-api';
import type { ProblemLog, RowProblem } from '../problems.ts';
import type { RowHandler } from './delimited.ts';
import { type DuckdbInput, type DuckdbSession, sqlName, withDuckdb } from './duckdb-session.ts';
import { refuseRecords, textOf } from './duckdb-types.ts';
import type { ReadContext } from './progress.ts';

/**
 * Streams the rows of a query or file as text, so that every value is read by the same rules as that of a CSV:
 * times as seconds, lists as JSON, NULL as an empty field. Rows are numbered from 1.
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
  await withDuckdb(operation, input, async (session) => {
    const { columns, types, place } = session;
    const names = columns.map(({ name }) => name);
    handler.first(names, 0);
    refuseRecords(operation, columns, types, place);
    const expressions = columns.map(({ name, type }, at) => {
      const purpose = handler.sought?.find(({ column }) => column === name.trim() || column === at)?.purpose ?? 'text';
      return textOf(sqlName(name), type, types, purpose);
    });
    await streamRows(session, expressions.join(', '), log, context, (values, row) =>
      handler.row(values as string[], row, row),
    );
  });
}

/** Streams expressions over an input, whose rows are numbered from 1; what is wrong with one is a problem of `log`. */
export async function streamRows(
  { connection, query, title, failed }: DuckdbSession,
  expressions: string,
  log: ProblemLog,
  context: ReadContext,
  take: (values: readonly DuckDBValue[], row: number) => RowProblem | undefined,
): Promise<void> {
  const orFailed = <T>(promise: Promise<T>): Promise<T> =>
    promise.catch((cause: unknown) => {
      throw failed(cause);
    });
  const result = await orFailed(connection.stream(`SELECT ${expressions} FROM (${query})`));
  for (let row = 0; ; ) {
    const chunk = await orFailed(result.fetchChunk());
    if (chunk === null || chunk.rowCount === 0) return;
    for (const values of chunk.getRows()) {
      const problem = take(values, ++row);
      if (problem !== undefined) log.report(row, problem);
    }
    context.counting({ file: title, rows: row });
  }
}
