import { DataError, OptionError } from '../errors.ts';
import { hasDuckdb } from './duckdb-session.ts';

/** Who reads delimited text. */
export const csvReaders = ['auto', 'csv-parse', 'duckdb'] as const;
export type CsvReader = (typeof csvReaders)[number];

/** Bytes from which on DuckDB is clearly faster than csv-parse, its start included (`seqrec bench csv`). */
export const duckdbFrom = 16 << 20;

/**
 * The reader of a file of `size` bytes that stands alone (not packed, not in a zip).
 *
 * @throws {DataError} `missing-package` where DuckDB is asked for and not there
 */
export async function chooseReader(
  operation: string,
  wanted: CsvReader = 'auto',
  size = 0,
  alone = true,
): Promise<{ readonly reader: Exclude<CsvReader, 'auto'>; readonly note?: string }> {
  if (wanted === 'csv-parse') return { reader: 'csv-parse' };
  if (wanted === 'auto' && (size < duckdbFrom || !alone)) return { reader: 'csv-parse' };
  if (await hasDuckdb()) return { reader: 'duckdb' };
  if (wanted === 'auto') {
    const note = 'Read by csv-parse; DuckDB reads big files faster, and is not installed (@duckdb/node-api).';
    return { reader: 'csv-parse', note };
  }
  throw new DataError(operation, 'expected the package @duckdb/node-api for reader duckdb; got none', {
    code: 'missing-package',
    hint: 'install it, or leave the reader to csv-parse (--data.reader csv-parse)',
  });
}

/** @throws {OptionError} where csv-parse is asked for a file that only DuckDB reads */
export function refuseCsvParse(operation: string, file: string, wanted: CsvReader | undefined): void {
  if (wanted !== 'csv-parse') return;
  throw new OptionError(operation, `expected reader auto or duckdb for ${file}; got "csv-parse"`, {
    key: 'reader',
    hint: 'csv-parse reads delimited text alone',
  });
}
