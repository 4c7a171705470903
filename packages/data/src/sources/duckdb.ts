import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { DataError } from '../errors.ts';
import type { ProblemLog } from '../problems.ts';
import type { RowHandler } from './delimited.ts';
import { quoted } from './rating-rows.ts';

/** What DuckDB reads: a query, or a file, which alone it may then open. */
export type DuckdbInput = { readonly query: string } | { readonly file: string };

/** Of rows in memory at once; more goes to a temporary folder of at most this size. */
const memoryLimit = '1GB';
const temporaryLimit = '20GB';

/** Files that only DuckDB reads. */
export function needsDuckdb(name: string): boolean {
  return /\.(parquet|jsonl|ndjson)$/i.test(name);
}

/**
 * Streams the rows of a query or file as text, so that every value is read by the same rules as that of a CSV:
 * times as seconds, lists with `|` between their entries, NULL as an empty field. Rows are numbered from 1.
 *
 * DuckDB may only select: nothing is written but a temporary folder, and no extension is loaded.
 *
 * @throws {DataError} `missing-package`, `bad-query`, and `nested-column` for a column of records that is asked for
 */
export async function readDuckdb(
  operation: string,
  input: DuckdbInput,
  log: ProblemLog,
  handler: RowHandler,
): Promise<void> {
  const { DuckDBInstance, StatementType, DuckDBTypeId } = await loadDuckdb(operation);
  const folder = mkdtempSync(join(tmpdir(), 'seqrec-duckdb-'));
  const place = 'file' in input ? { file: input.file } : {};
  const failed = (cause: unknown): DataError =>
    new DataError(operation, `expected rows from DuckDB; got ${firstLine(cause)}`, {
      code: 'bad-query',
      ...place,
      ...('query' in input ? { hint: `the query was ${quoted(input.query)}` } : {}),
      cause,
    });
  const instance = await DuckDBInstance.create(':memory:', {
    memory_limit: memoryLimit,
    temp_directory: folder,
    max_temp_directory_size: temporaryLimit,
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
  });
  const connection = await instance.connect();
  try {
    if ('file' in input) {
      await connection.run(`SET allowed_paths = ['${escaped(resolve(input.file))}']`);
      await connection.run('SET enable_external_access = false');
    }
    await connection.run('SET lock_configuration = true');
    const query = 'query' in input ? input.query : selectFrom(input.file);
    const statements = await connection.extractStatements(query).catch((cause: unknown) => {
      throw failed(cause);
    });
    const prepared =
      statements.count === 1
        ? await statements.prepare(0).catch((cause: unknown) => {
            throw failed(cause);
          })
        : undefined;
    if (prepared?.statementType !== StatementType.SELECT) {
      const got = statements.count === 1 ? 'another statement' : `${statements.count} statements`;
      throw new DataError(operation, `expected one SELECT; got ${got} in ${quoted(query)}`, {
        code: 'bad-query',
        ...place,
      });
    }
    const names = Array.from({ length: prepared.columnCount }, (_, c) => prepared.columnName(c));
    handler.first(names, 0);
    const expressions = names.map((name, c) =>
      textOf(`"${name.replaceAll('"', '""')}"`, prepared.columnTypeId(c), DuckDBTypeId),
    );
    const nested = names.filter((_, c) => expressions[c] === undefined);
    if (nested.length > 0) {
      throw new DataError(operation, `expected columns of values or of lists; got records in ${nested.join(', ')}`, {
        code: 'nested-column',
        ...place,
        hint: "name the fields in a query: select event.user as user, ... (--data.format sql --data.query '...')",
      });
    }
    const result = await connection
      .stream(`SELECT ${expressions.join(', ')} FROM (${query.trim().replace(/;\s*$/, '')})`)
      .catch((cause: unknown) => {
        throw failed(cause);
      });
    await eachRow(result, failed, (fields, row) => {
      const problem = handler.row(fields, row, row);
      if (problem !== undefined) log.report(row, problem);
    });
  } finally {
    connection.closeSync();
    instance.closeSync();
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Rows {
  fetchChunk(): Promise<{ readonly rowCount: number; getRows(): unknown[][] } | null>;
}

async function eachRow(
  result: Rows,
  failed: (cause: unknown) => DataError,
  take: (fields: string[], row: number) => void,
): Promise<void> {
  for (let row = 0; ; ) {
    const chunk = await result.fetchChunk().catch((cause: unknown) => {
      throw failed(cause);
    });
    if (chunk === null || chunk.rowCount === 0) return;
    for (const values of chunk.getRows()) take(values as string[], ++row);
  }
}

async function loadDuckdb(operation: string) {
  return import('@duckdb/node-api').catch((cause: unknown) => {
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

function selectFrom(file: string): string {
  const path = `'${escaped(resolve(file))}'`;
  if (/\.parquet$/i.test(file)) return `SELECT * FROM read_parquet(${path})`;
  return `SELECT * FROM read_json(${path}, format = 'newline_delimited')`;
}

function escaped(text: string): string {
  return text.replaceAll("'", "''");
}

/** The expression that makes text of a column, never NULL; `undefined` for records. */
function textOf(column: string, type: number, types: Readonly<Record<string, number | string>>): string | undefined {
  const is = (...names: string[]): boolean => names.some((name) => types[name] === type);
  if (is('STRUCT', 'MAP', 'UNION')) return undefined;
  if (is('TIMESTAMP', 'TIMESTAMP_S', 'TIMESTAMP_MS', 'TIMESTAMP_NS', 'TIMESTAMP_TZ', 'DATE')) {
    // A decimal, not 1.3e9, and marked as seconds.
    return `COALESCE('@' || CAST(CAST(epoch(${column}) AS DECIMAL(18, 6)) AS VARCHAR), '')`;
  }
  if (is('LIST', 'ARRAY')) return `COALESCE(array_to_string(CAST(${column} AS VARCHAR[]), '|'), '')`;
  return `COALESCE(CAST(${column} AS VARCHAR), '')`;
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0];
}
