import { resolve } from 'node:path';
import { DataError } from '../errors.ts';
import type { ProblemLog } from '../problems.ts';
import type { RowHandler } from './delimited.ts';
import { streamRows } from './duckdb.ts';
import { readDuckdbChunks } from './duckdb-chunks.ts';
import { sqlText, withDuckdb } from './duckdb-session.ts';
import { nestedColumns, type SoughtColumn } from './duckdb-types.ts';
import type { ChunkHandler } from './event-chunks.ts';
import { NotPlain } from './not-plain.ts';
import type { ReadContext } from './progress.ts';
import { quoted } from './rating-rows.ts';

/** Lines that say which keys there are, unless one that is sought is not among them. */
const sampleLines = 20_480;
const longestLine = 16 << 20;

/** `.jsonl` and `.ndjson`, plain or `.gz`. */
export function isJsonLines(name: string): boolean {
  return /\.(jsonl|ndjson)(\.gz)?$/i.test(name);
}

/**
 * Streams the objects of JSON lines by columns, a key each. All values are texts, of a number its digits, so that what
 * they are is not guessed from the first lines, and each is read by the rules of a CSV.
 *
 * @throws {NotPlain} for a line that is no object
 */
export async function readJsonChunks(
  operation: string,
  file: string,
  handler: ChunkHandler,
  context: ReadContext,
): Promise<number> {
  const keys = await keysOf(operation, file, handler.sought);
  const options = [
    "format = 'newline_delimited'",
    'records = true',
    `columns = {${keys.map((key) => `${sqlText(key)}: 'VARCHAR'`).join(', ')}}`,
  ];
  const from = `read_json(${sqlText(resolve(file))}, ${options.join(', ')})`;
  return readDuckdbChunks(operation, { file, from }, handler, context).catch((error: unknown) => {
    // Row by row it is known which line it is.
    throw error instanceof DataError && error.code === 'bad-query' ? new NotPlain('a line is no object') : error;
  });
}

/** Streams them row by row; a line that is no object is a problem of `log`. */
export async function readJsonRows(
  operation: string,
  file: string,
  log: ProblemLog,
  handler: RowHandler,
  context: ReadContext,
): Promise<void> {
  const keys = await keysOf(operation, file, handler.sought ?? []);
  handler.first(keys, 0);
  await withDuckdb(operation, { file, from: linesOf(file) }, (session) =>
    streamRows(session, `line, ${fieldsOf(keys)}`, log, context, ([line, fields], row) => {
      if (line === null) return undefined;
      if (fields !== null) {
        const { items } = fields as { readonly items: readonly (string | null)[] };
        return handler.row(
          items.map((item) => item ?? ''),
          row,
          row,
        );
      }
      return { reason: 'bad-json', message: `expected a JSON object; got ${quoted(line as string)}` };
    }),
  );
}

/** The keys that are sought, in their order, if there are all of them; else those that there are. */
async function keysOf(operation: string, file: string, sought: readonly SoughtColumn[]): Promise<readonly string[]> {
  const objects = (limit: string): string =>
    `(SELECT line FROM (SELECT line FROM ${linesOf(file)} ${limit}) WHERE ${isObject})`;
  const read = (from: string): Promise<unknown[]> =>
    withDuckdb(operation, { file, from }, async ({ connection, query, failed }) => {
      const result = await connection.runAndReadAll(query).catch((cause: unknown) => {
        throw failed(cause);
      });
      return result.getRows().map(([value]) => value);
    });
  const [structure] = await read(`(SELECT json_group_structure(line::JSON) FROM ${objects(`LIMIT ${sampleLines}`)})`);
  const kinds = JSON.parse((structure as string | null) ?? '{}') as Readonly<Record<string, unknown>>;
  let keys = Object.keys(kinds);
  const columns = [...new Set(sought.map(({ column }) => column))];
  const found = (): readonly string[] | undefined => {
    const names = columns.filter((column) => typeof column === 'string' && keys.includes(column)) as string[];
    return names.length === columns.length ? names : undefined;
  };
  if (found() === undefined) {
    const all = await read(`(SELECT DISTINCT unnest(json_keys(line)) FROM ${objects('')} ORDER BY ALL)`);
    keys = [...new Set([...keys, ...(all as string[])])];
  }
  if (keys.length === 0) {
    throw new DataError(operation, 'expected a JSON object a line; got none', { code: 'bad-json', file });
  }
  const names = found() ?? keys;
  const nested = names.filter((name) => isRecord(kinds[name]));
  if (nested.length > 0) throw nestedColumns(operation, nested, { file });
  return names;
}

function isRecord(kind: unknown): boolean {
  return typeof kind === 'object' && kind !== null && !Array.isArray(kind);
}

/** The lines of a file as they are, whose ends may be of both kinds: no JSON has the character that would part them. */
function linesOf(file: string): string {
  const options = [
    "columns = {'line': 'VARCHAR'}",
    'auto_detect = false',
    'header = false',
    "delim = '\u0001'",
    "quote = ''",
    "escape = ''",
    // Strict, or told of another end, it fails at a file with both, or has a line more at each CRLF.
    'strict_mode = false',
    "new_line = '\\r\\n'",
    `max_line_size = ${longestLine}`,
    `buffer_size = ${2 * longestLine}`,
  ];
  return `read_csv(${sqlText(resolve(file))}, ${options.join(', ')})`;
}

const isObject = "TRY(json_type(line)) = 'OBJECT'";

/** The texts of the values of a line, NULL if it is no object. */
function fieldsOf(keys: readonly string[]): string {
  const pointers = keys.map((key) => sqlText(`/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`));
  return `CASE WHEN ${isObject} THEN json_extract_string(line, [${pointers.join(', ')}]) END`;
}
