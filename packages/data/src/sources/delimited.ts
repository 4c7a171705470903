import { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type CsvError, parse } from 'csv-parse';
import { DataError } from '../errors.ts';
import type { ProblemLog } from '../problems.ts';
import { maxLineBytes } from './lines.ts';
import { quoted } from './rating-rows.ts';

export interface DelimitedOptions {
  /** Default: found in the first line, among comma, tab, semicolon and bar. */
  readonly delimiter?: string;
  /** Default `"`; `false` takes quotes as ordinary characters. Default without a delimiter of tab. */
  readonly quote?: string | false;
  /** Default `utf8`. */
  readonly encoding?: 'utf8' | 'latin1';
}

export interface RowHandler {
  /** The first record, and the delimiter it was split by. */
  first(fields: readonly string[], delimiter: string): void;
  /** Every later record; `end` is the number of bytes up to its end. */
  row(fields: readonly string[], line: number, end: number): void;
}

const candidates = [',', '\t', ';', '|'] as const;

/**
 * Streams delimited text, record by record; memory is one chunk and one record.
 *
 * A byte order mark and blank lines are skipped, `\r\n` is read as `\n`. Records whose number of fields differs from
 * the first one's, and stray quotes, are problems of `log`; a quote that is never closed is always an error, as it
 * swallows the rest of the file.
 */
export async function readDelimited(
  chunks: AsyncIterable<Uint8Array>,
  options: DelimitedOptions,
  log: ProblemLog,
  handler: RowHandler,
): Promise<void> {
  const source = withoutCarriageReturns(chunks)[Symbol.asyncIterator]();
  const start = await untilNewline(source);
  if (start.length === 0) return;
  const head = firstLine(start);
  const delimiter = options.delimiter ?? findDelimiter(head);
  const quote = options.quote ?? (delimiter === '\t' ? false : '"');
  let width = -1;
  let lastLine = 0;

  const parser = parse({
    bom: true,
    delimiter,
    quote: quote === false ? null : quote,
    encoding: options.encoding ?? 'utf8',
    record_delimiter: '\n',
    relax_column_count: true,
    skip_empty_lines: true,
    max_record_size: maxLineBytes,
    skip_records_with_error: true,
    on_skip: (error) => {
      if (error !== undefined) onParseError(error, lastLine + 1, log);
      return undefined;
    },
    on_record: (fields: string[], { lines, bytes }) => {
      lastLine = lines;
      if (width < 0) {
        width = fields.length;
        if (width === 1) throw wrongDelimiter(log, lines, delimiter, head);
        handler.first(fields, delimiter);
      } else if (fields.length !== width) {
        log.report(lines, {
          reason: 'wrong-field-count',
          message: `expected ${width} fields separated by ${shown(delimiter)}; got ${fields.length}`,
        });
      } else handler.row(fields, lines, bytes);
      return null;
    },
  });
  // Records are handled as they are parsed; nothing comes out of the parser, but it must be drained.
  const sink = new Writable({ objectMode: true, write: (_record, _encoding, done) => done() });
  async function* all(): AsyncGenerator<Uint8Array> {
    yield start;
    yield* { [Symbol.asyncIterator]: () => source };
  }
  try {
    await pipeline(Readable.from(all()), parser, sink);
  } catch (cause) {
    if (cause instanceof DataError) throw cause;
    onParseError(cause as CsvError, lastLine + 1, log);
    throw cause;
  }
}

/** The first bytes: at least one whole line, unless it is longer than any header. */
async function untilNewline(source: AsyncIterator<Uint8Array>): Promise<Uint8Array> {
  let bytes = new Uint8Array(0);
  while (!bytes.includes(10) && bytes.length < maxLineBytes) {
    const next = await source.next();
    if (next.done) break;
    bytes = new Uint8Array(Buffer.concat([bytes, next.value]));
  }
  return bytes;
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
  return best;
}

function shown(delimiter: string): string {
  return delimiter === '\t' ? 'a tab' : `"${delimiter}"`;
}

function wrongDelimiter(log: ProblemLog, line: number, delimiter: string, head: string): DataError {
  const other = findDelimiter(head);
  const hint = head.includes(other) && other !== delimiter ? `the line looks separated by ${shown(other)}` : undefined;
  return log.error(line, {
    reason: 'wrong-delimiter',
    message: `expected several columns separated by ${shown(delimiter)}; got one column in ${quoted(head)}`,
    hint: hint ?? 'an event needs at least a user and an item',
  });
}

function onParseError(error: CsvError, line: number, log: ProblemLog): void {
  if (error instanceof DataError) throw error;
  const fatal = error.code === 'CSV_QUOTE_NOT_CLOSED' || error.code === 'CSV_MAX_RECORD_SIZE';
  if (fatal) {
    const quoteOpen = error.code === 'CSV_QUOTE_NOT_CLOSED';
    throw log.error(line, {
      reason: quoteOpen ? 'unterminated-quote' : 'long-line',
      message: quoteOpen
        ? 'expected a closing quote; got the end of the file'
        : 'expected records of less than 1 MiB; got a longer one',
      hint: 'close the quote, or set quote: false if quotes are ordinary characters',
    });
  }
  log.report(line, {
    reason: 'bad-quote',
    message: `expected quotes around whole fields; got a stray one (${error.message})`,
    hint: 'set quote: false if quotes are ordinary characters',
  });
}

/** `\r\n` becomes `\n`, also when the two bytes are in different chunks. */
async function* withoutCarriageReturns(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let held = false;
  for await (const chunk of chunks) {
    if (chunk.length === 0) continue;
    if (!held && chunk.indexOf(13) < 0) {
      yield chunk;
      continue;
    }
    const out = new Uint8Array(chunk.length + 1);
    let n = 0;
    if (held && chunk[0] !== 10) out[n++] = 13;
    held = false;
    for (let i = 0; i < chunk.length; i++) {
      if (chunk[i] === 13) {
        if (i + 1 === chunk.length) held = true;
        else if (chunk[i + 1] !== 10) out[n++] = 13;
      } else out[n++] = chunk[i];
    }
    yield out.subarray(0, n);
  }
  if (held) yield Uint8Array.of(13);
}
