import { resolve } from 'node:path';
import { type DelimitedOptions, formatOf } from './delimited.ts';
import type { KnownFile } from './duckdb-chunks.ts';
import { sqlText } from './duckdb-session.ts';
import { maxLineBytes } from './lines.ts';
import { NotPlain } from './not-plain.ts';
import { delimitersIn, hasRegularQuotes } from './regular-quotes.ts';
import { commonWidth, firstRecord, sampleBytes } from './sample.ts';

const newline = 10;
const carriageReturn = 13;
/** Four ends of lines, and all bits of four bytes but the top ones. */
const [newlines, lower] = [0x0a0a0a0a, 0x7f7f7f7f];

/** A delimited file as DuckDB may read it, if all of it proves to be plain. */
export interface PlainCsv extends Required<KnownFile> {
  /** The table of SQL with its rows, all columns as text. */
  readonly from: string;
  /**
   * Looks through the bytes of the file for what programs read differently: byte order marks, other encodings, lone
   * carriage returns, blank lines, quotes that are not regular. Returns the number of rows.
   *
   * @throws {NotPlain} naming the first that is found
   */
  check(stopped: () => boolean): Promise<number>;
}

/** @throws {NotPlain} where the beginning of the file is not plain */
export async function plainCsv(
  path: string,
  chunks: () => AsyncIterable<Uint8Array>,
  size: number,
  options: DelimitedOptions,
  header: boolean,
): Promise<PlainCsv> {
  for await (const chunk of chunks()) {
    const found = beginning(chunk, options, header);
    return {
      from: tableOf(path, found, header),
      fields: found.fields,
      totalRows: Math.ceil(size * found.rowsPerByte),
      check: async (stopped) => (await countLines(chunks(), found, stopped)) - (header ? 1 : 0),
    };
  }
  throw new NotPlain('it is empty');
}

async function countLines(
  chunks: AsyncIterable<Uint8Array>,
  found: Beginning,
  stopped: () => boolean,
): Promise<number> {
  let count = 0;
  // Whole lines, from its beginning; then the beginning of the next one.
  let block = Buffer.alloc(1 << 19);
  let held = 0;
  const take = (bytes: Uint8Array): void => {
    if (held + bytes.length > block.length) {
      const wider = Buffer.alloc(2 * (held + bytes.length));
      wider.set(block.subarray(0, held));
      block = wider;
    }
    block.set(bytes, held);
    held += bytes.length;
  };
  for await (const chunk of chunks) {
    if (stopped()) return count;
    const end = chunk.lastIndexOf(newline) + 1;
    if (end > 0) {
      take(chunk.subarray(0, end));
      count += checkLines(block, held, found);
      held = 0;
    }
    take(chunk.subarray(end));
    if (held > maxLineBytes) throw new NotPlain('it has a line of more than 1 MiB');
  }
  if (held === 0) return count;
  take(Buffer.from(found.end));
  return count + checkLines(block, held, found);
}

interface Beginning {
  readonly delimiter: string;
  readonly quote: string;
  /** What ends its lines. */
  readonly end: '\n' | '\r\n';
  readonly fields: readonly string[];
  readonly rowsPerByte: number;
}

function beginning(chunk: Uint8Array, options: DelimitedOptions, header: boolean): Beginning {
  const mark = [0xef, 0xfe, 0xff].includes(chunk[0]);
  if (mark) throw new NotPlain('it begins with a byte order mark');
  if ((options.encoding ?? 'utf8') !== 'utf8') throw new NotPlain(`it is in ${options.encoding}`);
  const crlf = chunk[chunk.indexOf(newline) - 1] === carriageReturn;
  const end = crlf ? '\r\n' : '\n';
  const unix = crlf ? Buffer.from(Buffer.from(chunk).toString('latin1').replaceAll('\r\n', '\n'), 'latin1') : chunk;
  const { start, format, rowNames } = formatOf(unix, options, header);
  if (start !== unix) throw new NotPlain('it begins with a line sep=');
  if (rowNames) throw new NotPlain('its rows begin with their names');
  const { delimiter, quote } = format;
  if (!/^[ -~\t]$/.test(delimiter)) throw new NotPlain(`its delimiter is ${JSON.stringify(delimiter)}`);
  if (quote !== null && quote !== '"') throw new NotPlain(`its quotes are ${quote}`);
  const fields = firstRecord(start, format);
  if (fields === undefined || fields.length < 2) throw new NotPlain('its first line is no row of a table');
  if (!header && fields.length !== commonWidth(start, format)) throw new NotPlain('its first line is no row');
  const sample = chunk.subarray(0, Math.max(sampleBytes, chunk.indexOf(newline) + 1));
  const lines = sample.reduce((count, byte) => count + (byte === newline ? 1 : 0), 0);
  return { delimiter, quote: quote ?? '', end, fields, rowsPerByte: Math.max(1, lines) / sample.length };
}

function tableOf(path: string, { delimiter, quote, fields }: Beginning, header: boolean): string {
  const columns = fields.map((_, c) => `'c${c}': 'VARCHAR'`).join(', ');
  const options = [
    'auto_detect = false',
    `header = ${header}`,
    `delim = ${sqlText(delimiter)}`,
    `quote = ${sqlText(quote)}`,
    `escape = ${sqlText(quote)}`,
    `max_line_size = ${maxLineBytes}`,
    'strict_mode = true',
    `columns = {${columns}}`,
  ];
  return `read_csv(${sqlText(resolve(path))}, ${options.join(', ')})`;
}

/** Looks for what programs read differently in whole lines, `block[0, length)`; returns their number. */
function checkLines(block: Buffer, length: number, { delimiter, quote, end, fields }: Beginning): number {
  const lines = block.subarray(0, length);
  if (end === '\n' ? lines.includes(carriageReturn) : !hasOnlyPairs(lines)) throw new NotPlain('it mixes line ends');
  const [between, around] = [delimiter.charCodeAt(0), quote === '' ? -1 : quote.charCodeAt(0)];
  if (around >= 0 && lines.includes(around) && !hasRegularQuotes(lines, between, around)) {
    throw new NotPlain('its quotes are not all around whole fields');
  }
  let count = 0;
  let start = 0;
  const checkLine = (at: number): void => {
    const to = at + 1 - end.length;
    if (to === start) throw new NotPlain('it has blank lines');
    // DuckDB takes an empty field too many at the end of a row.
    if (block[to - 1] === between && delimitersIn(block.subarray(start, to), between, around) >= fields.length) {
      throw new NotPlain('a row has too many fields');
    }
    start = at + 1;
    count++;
  };
  // Four bytes at once: most hold no end of a line.
  const words = new Int32Array(block.buffer, block.byteOffset, length >> 2);
  for (let w = 0; w < words.length; w++) {
    const other = words[w] ^ newlines;
    // The top bit of each byte that is one.
    const found = ~(((other & lower) + lower) | other | lower);
    if (found === 0) continue;
    for (let b = 0; b < 4; b++) if (block[4 * w + b] === newline) checkLine(4 * w + b);
  }
  for (let at = 4 * words.length; at < length; at++) if (block[at] === newline) checkLine(at);
  return count;
}

/** Whether each end of a line is both characters. */
function hasOnlyPairs(lines: Buffer): boolean {
  let before = 0;
  for (const byte of lines) {
    if ((byte === newline) !== (before === carriageReturn)) return false;
    before = byte;
  }
  return true;
}
