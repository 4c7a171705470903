import type { DataError } from '../errors.ts';
import { optionHint, type ProblemLog, type RowProblem } from '../problems.ts';
import { asUtf8, withNewlines } from './bytes.ts';
import type { SoughtColumn } from './duckdb-types.ts';
import { maxLineBytes } from './lines.ts';
import { quoted } from './rating-rows.ts';
import { type RecordOptions, RecordReader } from './records.ts';
import { commonWidth, hasQuotes, hasRowNames, sampleBytes } from './sample.ts';

export interface DelimitedOptions {
  /** Default: found in the first line, among comma, tab, semicolon and bar. */
  readonly delimiter?: string;
  /** Default `"`, with tabs only where the first rows have quotes around fields; `false` takes them as ordinary. */
  readonly quote?: string | false;
  /** Default `utf8`. */
  readonly encoding?: 'utf8' | 'latin1';
}

export interface RowHandler {
  /** Whether the first record holds the names of the columns, and not a row. */
  readonly header: boolean;
  /** Asked where columns have types, or rows names of their own. */
  readonly sought?: readonly SoughtColumn[];
  /** The first record (without a header: the first that has as many fields as most). */
  first(fields: readonly string[], line: number): void;
  /** Every row; what is wrong with it is given back. `end` is the number of bytes up to its end. */
  row(fields: readonly string[], line: number, end: number): RowProblem | undefined;
  /** Whether fields are a good row beyond doubt; asked of lines inside quotes. */
  isRow?(fields: readonly string[]): boolean;
}

const candidates = [',', '\t', ';', '|', '::'] as const;

/**
 * Streams delimited text, record by record; memory is one chunk and one record.
 *
 * A byte order mark, blank lines and a first line `sep=;` are skipped, `\r\n` is read as `\n`, UTF-16 with a byte order
 * mark as it is. A header that is one field short is that of a table with row names, which get an empty one. Records
 * whose number of fields differs from the header's (without one: from that of most of the first rows), stray and open
 * quotes and overlong lines are problems of `log`, with the line in which the row begins. After a bad row the next
 * line is read, wherever the row's quotes would have ended.
 */
export async function readDelimited(
  chunks: AsyncIterable<Uint8Array>,
  options: DelimitedOptions,
  log: ProblemLog,
  handler: RowHandler,
): Promise<void> {
  const source = withNewlines(asUtf8(chunks))[Symbol.asyncIterator]();
  const bytes = await beginning(source, sampleBytes);
  if (bytes.length === 0) return;
  const { start, format, rowNames } = formatOf(bytes, options, handler.header);
  const { delimiter } = format;
  const head = headOf(start);
  let width = handler.header ? -1 : commonWidth(start, format);
  let begun = false;

  const reader = new RecordReader(format, log, (record, line, lines, end) => {
    const fields = rowNames && !begun ? ['', ...record] : record;
    if (!begun && (handler.header || fields.length === width)) {
      begun = true;
      reader.tolerant = true;
      width = fields.length;
      if (width === 1) throw wrongDelimiter(log, line, delimiter, head);
      handler.first(fields, line);
      if (handler.header) return undefined;
    }
    if (lines > 1 && handler.isRow !== undefined && holdsRow(fields, delimiter, handler.isRow)) {
      return {
        reason: 'unterminated-quote',
        message: `expected a closing quote; got ${lines} lines in quotes with whole rows among them`,
        hint: `close the quote, or set ${optionHint('quote', false)} if quotes are ordinary characters`,
        option: 'quote',
      };
    }
    if (fields.length === width) return handler.row(fields, line, end);
    return {
      reason: 'wrong-field-count',
      message: `expected ${width} fields separated by ${shown(delimiter)}; got ${fields.length}`,
      ...widthHint(fields, lines, width),
    };
  });
  reader.tolerant = !handler.header;
  try {
    reader.write(start);
    for (let next = await source.next(); !next.done; next = await source.next()) reader.write(next.value);
    reader.finish();
  } finally {
    await source.return?.(undefined);
  }
}

/** What the beginning of a file says of it. */
export interface FoundFormat {
  /** The beginning without the text of a line `sep=;`. */
  readonly start: Uint8Array;
  readonly format: RecordOptions;
  /** Whether the header is one field short, as rows begin with their names. */
  readonly rowNames: boolean;
}

/** How a file is written, by its beginning and by what is said of it. */
export function formatOf(bytes: Uint8Array, options: DelimitedOptions, header: boolean): FoundFormat {
  const { rest: start, delimiter: told } = sepLine(bytes);
  const head = headOf(start);
  const delimiter = options.delimiter ?? told ?? findDelimiter(head);
  const encoding = options.encoding ?? 'utf8';
  const quote = options.quote ?? (delimiter === '\t' && !hasQuotes(start, delimiter, encoding) ? false : '"');
  const format: RecordOptions = { delimiter, quote: quote === false ? null : quote, encoding };
  return { start, format, rowNames: header && hasRowNames(start, format) };
}

function headOf(start: Uint8Array): string {
  // The end of a line `sep=;` is left.
  return firstLine(start[0] === 10 ? start.subarray(1) : start);
}

function widthHint(fields: readonly string[], lines: number, width: number): { readonly hint?: string } {
  if (lines > 1) return { hint: `the row goes on over ${lines} lines: is a quote left open?` };
  if (fields.length === width + 1 && fields[width] === '') {
    return { hint: 'a delimiter at the end of the row? save the file without it, or add one to the header' };
  }
  return {};
}

/** The delimiter of a first line `sep=;`, as spreadsheets write it, and the bytes after that text. */
function sepLine(start: Uint8Array): { readonly delimiter?: string; readonly rest: Uint8Array } {
  const found = /^(?:\ufeff)?"?sep=(.)"?$/i.exec(firstLine(start));
  if (found === null) return { rest: start };
  // The end of the line stays: a blank line, which is counted.
  const end = start.indexOf(10);
  return { delimiter: found[1], rest: start.subarray(end < 0 ? start.length : end) };
}

/** Whether a field holds a whole line that is a row itself: a quote left open took it in. */
function holdsRow(
  fields: readonly string[],
  delimiter: string,
  isRow: (fields: readonly string[]) => boolean,
): boolean {
  return fields.some((field) =>
    field
      .split('\n')
      .slice(1, -1)
      .some((line) => isRow(line.split(delimiter))),
  );
}

/** At least one whole line, unless it is longer than any header, and at least so many bytes, unless there are fewer. */
async function beginning(source: AsyncIterator<Uint8Array>, bytes: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let length = 0;
  let whole = false;
  while (length < bytes || (!whole && length < maxLineBytes)) {
    const next = await source.next();
    if (next.done) break;
    parts.push(next.value);
    length += next.value.length;
    whole ||= next.value.includes(10);
  }
  return parts.length === 1 ? parts[0] : new Uint8Array(Buffer.concat(parts));
}

/** The first line, for detection and messages. */
function firstLine(bytes: Uint8Array): string {
  const end = bytes.indexOf(10);
  return new TextDecoder().decode(bytes.subarray(0, Math.min(end < 0 ? bytes.length : end, 4096)));
}

/** The candidate that occurs most often outside quotes; comma when none does. */
export function findDelimiter(line: string): string {
  const bare = line.replace(/"[^"]*"/g, '');
  let best = ',';
  let most = 0;
  for (const candidate of candidates) {
    const count = bare.split(candidate).length - 1;
    if (count > most) {
      best = candidate;
      most = count;
    }
  }
  // Blanks separate the fields of what R calls a table, and nothing else does.
  return most === 0 && /\S +\S/.test(line.replace(/"[^"]*"/g, 'x')) ? ' ' : best;
}

function shown(delimiter: string): string {
  return delimiter === '\t' ? 'a tab' : `"${delimiter}"`;
}

function wrongDelimiter(log: ProblemLog, line: number, delimiter: string, head: string): DataError {
  const other = findDelimiter(head);
  const looks = head.includes(other) && other !== delimiter;
  const hint = looks
    ? `the line looks separated by ${shown(other)}; leave delimiter (--data.delimiter) out`
    : undefined;
  return log.error(line, {
    reason: 'wrong-delimiter',
    message: `expected several columns separated by ${shown(delimiter)}; got one column in ${quoted(head)}`,
    hint: hint ?? 'an event needs at least a user and an item',
  });
}
