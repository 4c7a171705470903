import { DataError } from '../errors.ts';
import type { Interactions } from '../interactions.ts';
import { chooseFile } from './choose-file.ts';
import { chooseReader, refuseCsvParse } from './choose-reader.ts';
import type { CsvPreset, CsvSource } from './csv-source.ts';
import { readDelimited } from './delimited.ts';
import { readCsvChunks } from './duckdb-csv.ts';
import { needsDuckdb, readFileChunks, readFileRows } from './duckdb-files.ts';
import { fileLimits } from './duckdb-session.ts';
import type { FileSet } from './file-set.ts';
import { NotPlain } from './not-plain.ts';
import type { ReadContext } from './progress.ts';
import { readTable } from './read-table.ts';
import type { RowOrigin } from './row-origin.ts';

const plain: CsvPreset = { operation: 'readCsv', format: 'csv' };

/**
 * Reads events from any delimited text with a column mapping, in one streaming pass.
 *
 * @throws {OptionError} `missing-column`; {DataError} for a corrupt row (file and line), an empty file, no rows
 */
export async function readCsv(
  files: FileSet,
  source: Omit<CsvSource, 'format'>,
  name: string,
  context: ReadContext,
  preset: CsvPreset = plain,
): Promise<Interactions> {
  const fileName = chooseFile(preset.operation, files, source.file);
  const origin = await originOf(preset.operation, files, fileName, source, context);
  return readTable(files, origin, source, name, context, preset);
}

async function originOf(
  operation: string,
  files: FileSet,
  fileName: string,
  source: Omit<CsvSource, 'format'>,
  context: ReadContext,
): Promise<RowOrigin> {
  const place = files.place(fileName);
  const title = place.entry ?? fileName;
  const chunksBy = `DuckDB (${fileLimits})`;
  if (needsDuckdb(fileName)) {
    if (place.entry !== undefined) {
      throw new DataError(operation, 'expected a file of its own; got one inside a zip', {
        code: 'unsupported-extension',
        ...place,
        hint: 'unpack it',
      });
    }
    refuseCsvParse(operation, fileName, source.reader);
    return {
      title,
      place,
      read: (log, handler) => readFileRows(operation, place.file, log, handler, context),
      readChunks: (handler) => readFileChunks(operation, place.file, handler, context),
      chunksBy,
    };
  }
  const size = files.size(fileName);
  const gz = /\.gz$/i.test(fileName);
  const byRows: RowOrigin = {
    title,
    place,
    // The size of a .gz says little about its rows.
    ...(gz ? {} : { size }),
    read: (log, handler, rows) => readDelimited(context.counted(files, fileName, rows), source, log, handler),
  };
  const alone = place.entry === undefined && !gz;
  const { reader, note } = await chooseReader(operation, source.reader, size, alone);
  if (reader === 'csv-parse') return { ...byRows, ...(note === undefined ? {} : { notes: [note] }) };
  return {
    ...byRows,
    readChunks: (handler) =>
      alone
        ? readCsvChunks(operation, place.file, () => files.chunks(fileName), size, source, handler, context)
        : Promise.reject(new NotPlain(gz ? 'it is packed' : 'it is inside a zip')),
    chunksBy,
    onRows: (reason) => `${title} was read by csv-parse, not by DuckDB: ${reason}.`,
  };
}
