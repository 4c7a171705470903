import { DataError } from '../errors.ts';
import type { FileSet } from './file-set.ts';
import { maxLineBytes } from './lines.ts';
import { quoted } from './rating-rows.ts';

/** A file of JSON lines that is read as delimited text: line by line the same, one field a key, tabs between them. */
export interface JsonLines {
  /** Name inside the set. */
  readonly file: string;
  /** Keys of the objects in the order of the fields; `null`, and keys that are not there, are empty. */
  readonly keys: readonly string[];
}

const tab = '\t';
/** About how much shorter the fields that are kept are than the lines. */
const kept = 6;

/**
 * Files of JSON lines (an object a line) as tables without a header, by the names that they get here. A line that is no
 * object is an error with file and line; with `lenient` it is one field, which the reader of tables counts as a bad
 * row.
 */
export function jsonLinesAsTables(
  files: FileSet,
  tables: Readonly<Record<string, JsonLines>>,
  operation: string,
  lenient: boolean,
): FileSet {
  return {
    ...files,
    names: Object.keys(tables),
    size: (name) => Math.ceil(files.size(tables[name].file) / kept),
    place: (name) => files.place(tables[name].file),
    chunks: (name) => convert(files, tables[name], operation, lenient),
  };
}

async function* convert(
  files: FileSet,
  { file, keys }: JsonLines,
  operation: string,
  lenient: boolean,
): AsyncGenerator<Uint8Array> {
  const decoder = new TextDecoder();
  const encoder = new TextEncoder();
  let line = 0;
  let rest = '';
  const fieldsOf = (text: string): string => {
    line++;
    if (text.trim() === '') return '\n';
    const object = parsed(text);
    if (object !== undefined) return `${keys.map((key) => fieldText(object[key])).join(tab)}\n`;
    if (lenient) return 'no JSON\n';
    throw new DataError(operation, `expected a JSON object a line; got ${quoted(text)}`, {
      code: 'bad-json',
      ...files.place(file),
      line,
      hint: 'lenient: true (--data.lenient true) skips and counts such rows',
    });
  };
  for await (const chunk of files.chunks(file)) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > maxLineBytes) {
      const message = 'expected lines of less than 1 MiB, an object a line; got a longer one';
      throw new DataError(operation, message, {
        code: 'long-line',
        ...files.place(file),
        line: line + lines.length + 1,
      });
    }
    if (lines.length > 0) yield encoder.encode(lines.map(fieldsOf).join(''));
  }
  rest += decoder.decode();
  if (rest !== '') yield encoder.encode(fieldsOf(rest));
}

function parsed(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

/** Texts and numbers as they are, without tabs and ends of lines; anything nested as JSON. */
function fieldText(value: unknown): string {
  if (value === undefined || value === null) return '';
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value);
  return text.replace(/[\t\r\n]+/g, ' ');
}
