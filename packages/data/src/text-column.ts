/**
 * Many strings as one UTF-8 block and offsets, so that a column of text is cached and opened like a column of numbers.
 *
 * String `i` is `bytes[offsets[i], offsets[i + 1])`.
 */
export interface TextColumn {
  readonly length: number;
  /** UTF-8, all strings joined. */
  readonly bytes: Uint8Array;
  /** shape [length + 1] */
  readonly offsets: Uint32Array;
}

// Without `ignoreBOM` a string that begins with U+FEFF would not come back as it was.
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

export function textColumn(strings: readonly string[]): TextColumn {
  const offsets = new Uint32Array(strings.length + 1);
  // One join and one encoding is several times faster than one encoding a string.
  const bytes = new TextEncoder().encode(strings.join(''));
  let end = 0;
  for (let i = 0; i < strings.length; i++) {
    end += Buffer.byteLength(strings[i], 'utf8');
    offsets[i + 1] = end;
  }
  return { length: strings.length, bytes, offsets };
}

export function textAt(column: TextColumn, index: number): string {
  return decoder.decode(column.bytes.subarray(column.offsets[index], column.offsets[index + 1]));
}
