const newline = 10;
const carriageReturn = 13;

/** A line longer than this is not a table of ratings. */
export const maxLineBytes = 1 << 20;

/** Called with the bytes of line `line` (from 1): `bytes[start, end)`, without `\n` or `\r\n`. */
export type LineHandler = (bytes: Uint8Array, start: number, end: number, line: number) => void;

/**
 * Splits chunks into lines without copying, except for the line that spans two chunks.
 *
 * A byte order mark is removed, a last line without `\n` counts, memory is one chunk and one line.
 * @returns number of lines
 */
export async function scanLines(
  chunks: AsyncIterable<Uint8Array>,
  onLine: LineHandler,
  onLongLine: (line: number) => never,
): Promise<number> {
  let line = 0;
  let rest: Uint8Array = new Uint8Array(0);
  let first = true;
  for await (const chunk of chunks) {
    let bytes = chunk;
    if (rest.length > 0) {
      bytes = new Uint8Array(rest.length + chunk.length);
      bytes.set(rest);
      bytes.set(chunk, rest.length);
    }
    let start = 0;
    // Fewer than three bytes without an end of line may still become a byte order mark.
    if (first && (bytes.length >= 3 || bytes.includes(newline))) {
      if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) start = 3;
      first = false;
    }
    for (;;) {
      const at = bytes.indexOf(newline, start);
      if (at < 0) break;
      onLine(bytes, start, at > start && bytes[at - 1] === carriageReturn ? at - 1 : at, ++line);
      start = at + 1;
    }
    rest = bytes.subarray(start);
    if (rest.length > maxLineBytes) onLongLine(line + 1);
  }
  if (rest.length > 0) {
    const end = rest[rest.length - 1] === carriageReturn ? rest.length - 1 : rest.length;
    onLine(rest, 0, end, ++line);
  }
  return line;
}
