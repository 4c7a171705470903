import { CsvError } from 'csv-parse';
import { parse } from 'csv-parse/sync';

/** So many bytes of a file are looked at before it is read. */
export const sampleBytes = 1 << 16;

interface Format {
  readonly delimiter: string;
  readonly quote: string | null;
  readonly encoding: 'utf8' | 'latin1';
}

/** The whole lines at the beginning of a file. */
function sampleText(start: Uint8Array, encoding: 'utf8' | 'latin1'): string {
  const text = Buffer.from(start.subarray(0, sampleBytes)).toString(encoding);
  // The last one may be cut off, unless the file is shorter.
  return start.length < sampleBytes ? text : text.slice(0, text.lastIndexOf('\n') + 1);
}

/**
 * The records of the sample; `undefined` where it cannot be read so. A quote that the end of the sample cuts is none.
 */
function records(start: Uint8Array, { delimiter, quote, encoding }: Format): string[][] | undefined {
  const found: string[][] = [];
  try {
    parse(sampleText(start, encoding), {
      delimiter,
      quote,
      bom: true,
      record_delimiter: '\n',
      relax_column_count: true,
      skip_empty_lines: true,
      on_record: (fields: string[]) => {
        found.push(fields);
        return null;
      },
    });
  } catch (error) {
    const cut = start.length >= sampleBytes && error instanceof CsvError && error.code === 'CSV_QUOTE_NOT_CLOSED';
    if (!cut) return undefined;
  }
  return found;
}

/** Whether a file with tabs has quotes around fields, as R and pandas write them: some, and none that is not one. */
export function hasQuotes(start: Uint8Array, delimiter: string, encoding: 'utf8' | 'latin1'): boolean {
  const quoted = new RegExp(`(^|\\n|${delimiter})"`).test(sampleText(start, encoding));
  if (!quoted) return false;
  const rows = records(start, { delimiter, quote: '"', encoding });
  return rows?.slice(1).every((row) => row.length === rows[1].length) === true;
}

/** Fields of a line, where no quote goes on to the next one. */
function widthOf(line: string, { delimiter, quote }: Format): number {
  const outside = (_: string, part: number): boolean => part % 2 === 0;
  const bare = quote === null ? line : line.split(quote).filter(outside).join('');
  return bare.split(delimiter).length;
}

/** How many fields most of the first lines have. */
export function commonWidth(start: Uint8Array, format: Format): number {
  const counts = new Map<number, number>();
  for (const line of sampleText(start, format.encoding).split('\n')) {
    if (line === '') continue;
    const width = widthOf(line, format);
    counts.set(width, (counts.get(width) ?? 0) + 1);
  }
  let most = 1;
  for (const [width, count] of counts) if (count > (counts.get(most) ?? 0)) most = width;
  return most;
}

/**
 * Whether the header is one field short because each row begins with its name, as R writes tables: all rows have one
 * field more, the first ones differ, and the last ones are not all empty (a delimiter at the end of each row).
 */
export function hasRowNames(start: Uint8Array, format: Format): boolean {
  const header =
    sampleText(start, format.encoding)
      .split('\n')
      .find((line) => line !== '') ?? '';
  // csv-parse reads a file more slowly after it was used with other options: it is asked where there is doubt.
  if (commonWidth(start, format) !== widthOf(header, format) + 1) return false;
  const rows = records(start, format);
  // Of two rows with a field too many nobody can tell.
  if (rows === undefined || rows.length < 4) return false;
  const [names, ...rest] = rows;
  if (!rest.every((row) => row.length === names.length + 1)) return false;
  return new Set(rest.map(([name]) => name)).size === rest.length && rest.some((row) => row[row.length - 1] !== '');
}

/** The fields of the first line that is not blank. */
export function firstRecord(start: Uint8Array, format: Format): readonly string[] | undefined {
  const end = start.indexOf(10);
  return records(start.subarray(0, end < 0 ? start.length : end), format)?.[0];
}
