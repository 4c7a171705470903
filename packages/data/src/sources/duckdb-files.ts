import { resolve } from 'node:path';
import type { ProblemLog } from '../problems.ts';
import type { RowHandler } from './delimited.ts';
import { readDuckdb } from './duckdb.ts';
import { readDuckdbChunks } from './duckdb-chunks.ts';
import { isJsonLines, readJsonChunks, readJsonRows } from './duckdb-json.ts';
import { type DuckdbInput, sqlText } from './duckdb-session.ts';
import type { ChunkHandler } from './event-chunks.ts';
import type { ReadContext } from './progress.ts';

/** Files that only DuckDB reads. */
export function needsDuckdb(name: string): boolean {
  return /\.parquet$/i.test(name) || isJsonLines(name);
}

/** Streams the rows of such a file. @throws as `readDuckdb` */
export function readFileRows(
  operation: string,
  file: string,
  log: ProblemLog,
  handler: RowHandler,
  context: ReadContext,
): Promise<void> {
  if (isJsonLines(file)) return readJsonRows(operation, file, log, handler, context);
  return readDuckdb(operation, parquet(file), log, handler, context);
}

/** Streams its columns. @throws as `readDuckdbChunks` */
export function readFileChunks(
  operation: string,
  file: string,
  handler: ChunkHandler,
  context: ReadContext,
): Promise<number> {
  if (isJsonLines(file)) return readJsonChunks(operation, file, handler, context);
  return readDuckdbChunks(operation, parquet(file), handler, context);
}

function parquet(file: string): DuckdbInput {
  return { file, from: `read_parquet(${sqlText(resolve(file))})` };
}
