import { DataError } from '../errors.ts';
import type { Interactions } from '../interactions.ts';
import { chooseFile } from './choose-file.ts';
import type { CsvPreset, CsvSource } from './csv-source.ts';
import { readDelimited } from './delimited.ts';
import { needsDuckdb, readDuckdb } from './duckdb.ts';
import type { FileSet } from './file-set.ts';
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
  return readTable(files, originOf(preset.operation, files, fileName, source, context), source, name, context, preset);
}

function originOf(
  operation: string,
  files: FileSet,
  fileName: string,
  source: Omit<CsvSource, 'format'>,
  context: ReadContext,
): RowOrigin {
  const place = files.place(fileName);
  const title = place.entry ?? fileName;
  if (!needsDuckdb(fileName)) {
    return {
      title,
      place,
      // The size of a .gz says little about its rows.
      ...(/\.gz$/i.test(fileName) ? {} : { size: files.size(fileName) }),
      read: (log, handler, rows) => readDelimited(context.counted(files, fileName, rows), source, log, handler),
    };
  }
  if (place.entry !== undefined) {
    throw new DataError(operation, 'expected a file of its own; got one inside a zip', {
      code: 'unsupported-extension',
      ...place,
      hint: 'unpack it',
    });
  }
  return { title, place, read: (log, handler) => readDuckdb(operation, { file: place.file }, log, handler) };
}
