import type { DataError } from '../errors.ts';
import { optionHint, type ProblemLog, type RowProblem } from '../problems.ts';
import { maxLineBytes } from './lines.ts';
import { quoted } from './rating-rows.ts';
import { type RecordOptions, RecordReader } from './records.ts';

export interface DelimitedOptions {
  /** Default: found in the first line, among comma, tab, semicolon and bar. */
  readonly delimiter?: string;
  /** Default `"`; `false` takes quotes as ordinary characters. Default without a delimiter of tab. */
  readonly quote?: string | false;
  /** Default `utf8`. */
  readonly encoding?: 'utf8' | 'latin1';
}

export interface RowHandler {
  /** Whether the first record holds the names of the columns, and not a row. */
  readonly header: boolean;
  /** The first record (without a header: the first that has as many fields as most). */
  first(fields: readonly string[], line: number): void;
  /** Every row; what is wrong with it is given back. `end` is the number of bytes up to its end. */
  row(fields: readonly string[], line: number, end: number): RowProblem | undefined;
  /** Whether fields are a good row beyond doubt; asked of lines inside quotes. */
  isRow?(fields: readonly string[]): boolean;
}

const candidates = [',', '\t', ';', '|', '::'] as const;

/** Without a header the first rows say how many fields there are; so many bytes of them are looked at. */
const sampleBytes = 1 << 16;

/**
 * Streams delimited text, record by record; memory is one chunk and one record.
 *
 * A byte order mark and blank lines are skipped, `\r\n` is read as `\n`. Records whose number of fields differs from
 * the header's (without one: from that of most of the first rows), stray and open quotes and overlong lines are
 * problems of `log`, with the line in which the row begins. After a bad row the next line is read, wherever the row's
 * quotes would have ended.
 */
export async function readDelimited(
  chunks: AsyncIterable<Uint8Array>,
  options: DelimitedOptions,
  log: ProblemLog,
  handler: RowHandler,
): Promise<void> {
  const source = withoutCarriageReturns(chunks)[Symbol.asyncIterator]();
  const start = await beginning(source, handler.header ? 1 : sampleBytes);
  if (start.length === 0) return;
  refuseUtf16(start, log);
  const head = firstLine(start);
  const delimiter = options.delimiter ?? findDelimiter(head);
  const quote = options.quote ?? (delimiter === '\t' ? false : '"');
  const format: RecordOptions = {
    delimiter,
    quote: quote === false ? null : quote,
    encoding: options.encoding ?? 'utf8',
  };
  let width = handler.header ? -1 : commonWidth(start, format);
  let begun = false;

  const reader = new RecordReader(format, log, (fields, line, lines, end) => {
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
      };
    }
    if (fields.length === width) return handler.row(fields, line, end);
    return {
      reason: 'wrong-field-count',
      message: `expected ${width} fields separated by ${shown(delimiter)}; got ${fields.length}`,
      ...(lines > 1 ? { hint: `the row goes on over ${lines} lines: is a quote left open?` } : {}),
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

/** @throws {DataError} when the file begins as UTF-16 does */
function refuseUtf16(start: Uint8Array, log: ProblemLog): void {
  const mark = 256 * start[0] + start[1];
  if (mark !== 0xfffe && mark !== 0xfeff) return;
  throw log.error(1, {
    reason: 'bad-encoding',
    message: 'expected UTF-8 or latin1; got UTF-16',
    hint: 'save the file as UTF-8',
  });
}

/** How many fields most of the first lines have. */
function commonWidth(start: Uint8Array, { delimiter, quote, encoding }: RecordOptions): number {
  const lines = Buffer.from(start.subarray(0, sampleBytes)).toString(encoding).split('\n');
  // The last one may be cut off, unless the file is shorter.
  if (lines.length > 1 && start.length >= sampleBytes) lines.pop();
  const counts = new Map<number, number>();
  for (const line of lines) {
    if (line === '') continue;
    const bare =
      quote === null
        ? line
        : line
            .split(quote)
            .filter((_, part) => part % 2 === 0)
            .join('');
    const width = bare.split(delimiter).length;
    counts.set(width, (counts.get(width) ?? 0) + 1);
  }
  let most = 1;
  for (const [width, count] of counts) if (count > (counts.get(most) ?? 0)) most = width;
  return most;
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
