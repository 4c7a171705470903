import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { DataError } from '../errors.ts';
import type { Bindings } from './column-vectors.ts';
import type { DuckdbTypes, TypedColumn } from './duckdb-types.ts';
import { quoted } from './rating-rows.ts';

/** What DuckDB reads: a query, or a file, which alone it may then open, as the table `from`. */
export type DuckdbInput = { readonly query: string } | { readonly file: string; readonly from: string };

/** Of rows in memory at once; more goes to a temporary folder of at most this size. */
const memoryLimit = '1GB';
const temporaryLimit = '20GB';
/** Every thread holds some of the file: more than these would need more memory. */
const threads = Math.min(4, availableParallelism());
/** Rows that are read before they are asked for, so that DuckDB's threads seldom wait. */
const bufferSize = '256MB';

/** Several would give the rows of a JOIN, GROUP BY or DISTINCT, so also ties, in another order each time. */
const queryThreads = 1;

/** For people: what DuckDB may use. */
export const [fileLimits, queryLimits] = [threads, queryThreads].map(
  (count) => `${count} ${count === 1 ? 'thread' : 'threads'}, at most ${memoryLimit} of memory`,
);

/** An open DuckDB with one SELECT. */
export interface DuckdbSession {
  readonly connection: DuckDBConnection;
  /** The SELECT without a semicolon at its end. */
  readonly query: string;
  readonly columns: readonly TypedColumn[];
  readonly types: DuckdbTypes;
  readonly bindings: Bindings;
  readonly place: { readonly file?: string };
  /** For people: what is read. */
  readonly title: string;
  failed(cause: unknown): DataError;
}

/**
 * Opens DuckDB for one SELECT and closes it again. It may only select: nothing is written but a temporary folder,
 * and no extension is loaded.
 *
 * @throws {DataError} `missing-package`, `bad-query`
 */
export async function withDuckdb<T>(
  operation: string,
  input: DuckdbInput,
  use: (session: DuckdbSession) => Promise<T>,
): Promise<T> {
  const { api, bindings } = await loadDuckdb(operation);
  const { DuckDBInstance, DuckDBTypeId: types, StatementType } = api;
  const folder = mkdtempSync(join(tmpdir(), 'seqrec-duckdb-'));
  const place = 'file' in input ? { file: input.file } : {};
  const failed = (cause: unknown): DataError =>
    new DataError(operation, `expected rows from DuckDB; got ${firstLine(cause)}`, {
      code: 'bad-query',
      ...place,
      ...('query' in input ? { hint: `the query was ${quoted(input.query)}` } : {}),
      cause,
    });
  const orFailed = <T>(promise: Promise<T>): Promise<T> =>
    promise.catch((cause: unknown) => {
      throw failed(cause);
    });
  const instance = await DuckDBInstance.create(':memory:', {
    threads: String('query' in input ? queryThreads : threads),
    memory_limit: memoryLimit,
    temp_directory: folder,
    max_temp_directory_size: temporaryLimit,
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
  });
  const connection = await instance.connect();
  try {
    await connection.run(`SET streaming_buffer_size = '${bufferSize}'`);
    if ('file' in input) {
      await connection.run(`SET allowed_paths = [${sqlText(resolve(input.file))}]`);
      await connection.run('SET enable_external_access = false');
    }
    await connection.run('SET lock_configuration = true');
    const query = 'query' in input ? input.query : `SELECT * FROM ${input.from}`;
    const statements = await orFailed(connection.extractStatements(query));
    const prepared = statements.count === 1 ? await orFailed(statements.prepare(0)) : undefined;
    if (prepared?.statementType !== StatementType.SELECT) {
      const got = statements.count === 1 ? 'another statement' : `${statements.count} statements`;
      throw new DataError(operation, `expected one SELECT; got ${got} in ${quoted(query)}`, {
        code: 'bad-query',
        ...place,
      });
    }
    const columns = Array.from({ length: prepared.columnCount }, (_, c) => ({
      name: prepared.columnName(c),
      type: prepared.columnTypeId(c),
    }));
    return await use({
      connection,
      // A comment at the end of it ends with the line.
      query: `${query.trim().replace(/;\s*$/, '')}\n`,
      columns,
      types,
      bindings,
      place,
      title: 'file' in input ? basename(input.file) : 'a query',
      failed,
    });
  } finally {
    connection.closeSync();
    instance.closeSync();
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * An open DuckDB of its own that may read and write files, and what closes it.
 *
 * @throws {DataError} `missing-package`
 */
export async function openDuckdb(operation: string): Promise<{ readonly connection: DuckDBConnection; close(): void }> {
  const { api } = await loadDuckdb(operation);
  const instance = await api.DuckDBInstance.create(':memory:', {
    // One thread writes one file a part.
    threads: '1',
    memory_limit: memoryLimit,
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
  });
  const connection = await instance.connect();
  const close = (): void => {
    connection.closeSync();
    instance.closeSync();
  };
  return { connection, close };
}

/** @throws {DataError} `missing-package` */
export async function requireDuckdb(operation: string): Promise<void> {
  await loadDuckdb(operation);
}

/** Whether the package is there. */
export async function hasDuckdb(): Promise<boolean> {
  return importDuckdb().then(
    () => true,
    () => false,
  );
}

async function importDuckdb() {
  const [api, { default: bindings }] = await Promise.all([import('@duckdb/node-api'), import('@duckdb/node-bindings')]);
  return { api, bindings };
}

async function loadDuckdb(operation: string) {
  return importDuckdb().catch((cause: unknown) => {
    throw new DataError(
      operation,
      'expected the package @duckdb/node-api, which reads Parquet, JSON lines and SQL; got none',
      {
        code: 'missing-package',
        hint: 'it is an optional dependency of @seqrec/data: install it, or save the table as CSV',
        cause,
      },
    );
  });
}

/** A text as a literal of SQL. */
export function sqlText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** A name as an identifier of SQL. */
export function sqlName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0];
}
