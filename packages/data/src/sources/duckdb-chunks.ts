import { columnVector, TextRoom } from './column-vectors.ts';
import { type DuckdbInput, sqlName, withDuckdb } from './duckdb-session.ts';
import { refuseRecords, vectorOf } from './duckdb-types.ts';
import type { ChunkHandler } from './event-chunks.ts';
import { NotPlain } from './not-plain.ts';
import type { ReadContext } from './progress.ts';

/** What is known of a file before DuckDB opens it. */
export interface KnownFile {
  /** The fields of the first line; else the names of the columns are those that DuckDB gives. */
  readonly fields?: readonly string[];
  /** About. */
  readonly totalRows?: number;
}

/**
 * Streams the wanted columns of a query or file as typed arrays, a chunk of rows at a time, in the order of
 * the rows; returns how many.
 *
 * @throws {DataError} `missing-package`, `bad-query`, and `nested-column` for a column of records
 */
export async function readDuckdbChunks(
  operation: string,
  input: DuckdbInput,
  handler: ChunkHandler,
  context: ReadContext,
  known: KnownFile = {},
): Promise<number> {
  return withDuckdb(operation, input, async ({ connection, columns, types, bindings, query, place, title, failed }) => {
    const orFailed = <T>(promise: Promise<T>): Promise<T> =>
      promise.catch((cause: unknown) => {
        throw failed(cause);
      });
    const names = columns.map(({ name }) => name);
    handler.first(known.fields ?? names, known.fields === undefined ? 0 : 1, known.totalRows);
    refuseRecords(operation, columns, types, place);
    const chosen = handler.wanted().map(({ at, purpose }) => {
      const vector = vectorOf(sqlName(columns[at].name), columns[at].type, types, purpose);
      if (vector === undefined) throw new NotPlain(`records in ${columns[at].name}`);
      return vector;
    });
    const result = await orFailed(
      connection.stream(`SELECT ${chosen.map(({ sql }) => sql).join(', ')} FROM (${query})`),
    );
    const rooms = chosen.map(() => new TextRoom());
    const total = known.totalRows === undefined ? {} : { totalRows: known.totalRows };
    // The next chunk is made while this one is taken.
    let next = result.fetchChunk();
    try {
      for (let rows = 0; ; ) {
        const chunk = await orFailed(next);
        const count = chunk?.rowCount ?? 0;
        if (chunk === null || count === 0) return rows;
        next = result.fetchChunk();
        const vectors = chosen.map(({ kind }, c) => columnVector(bindings, chunk, c, kind, count, rooms[c]));
        handler.chunk(vectors, count);
        rows += count;
        context.counting({ file: title, rows, ...total });
      }
    } finally {
      // DuckDB must not be closed meanwhile.
      await next.catch(() => undefined);
    }
  });
}
