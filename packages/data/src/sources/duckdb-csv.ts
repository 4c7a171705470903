import { DataError } from '../errors.ts';
import type { DelimitedOptions } from './delimited.ts';
import { readDuckdbChunks } from './duckdb-chunks.ts';
import type { ChunkHandler } from './event-chunks.ts';
import { NotPlain } from './not-plain.ts';
import { plainCsv } from './plain-csv.ts';
import type { ReadContext } from './progress.ts';

/** @throws {NotPlain} for a file that DuckDB refuses or that it may read in another way than csv-parse does */
export async function readCsvChunks(
  operation: string,
  file: string,
  chunks: () => AsyncIterable<Uint8Array>,
  size: number,
  options: DelimitedOptions,
  handler: ChunkHandler,
  context: ReadContext,
): Promise<void> {
  const { from, check, ...known } = await plainCsv(file, chunks, size, options, handler.header);
  // The bytes are looked through meanwhile: that costs little beside what DuckDB does.
  let over: unknown;
  const until = <T>(promise: Promise<T>): Promise<T> =>
    promise.catch((error: unknown) => {
      over ??= error;
      throw over;
    });
  const guarded: ChunkHandler = {
    ...handler,
    chunk(vectors, rows) {
      if (over !== undefined) throw over;
      handler.chunk(vectors, rows);
    },
  };
  const reading = until(readDuckdbChunks(operation, { file, from }, guarded, context, known));
  const checking = until(check(() => over !== undefined));
  await Promise.allSettled([reading, checking]);
  // csv-parse says which line it is.
  if (over instanceof DataError && over.code === 'bad-query') throw new NotPlain('DuckDB refuses a row of it');
  if (over !== undefined) throw over;
  const [got, expected] = [await reading, await checking];
  if (got !== expected) throw new NotPlain(`DuckDB gives ${got} rows of ${expected}`);
}
