const newline = 10;
const carriageReturn = 13;

/**
 * Whether quotes in whole lines stand around whole fields of one line alone, doubled inside: then every program that
 * reads delimited text takes them the same way.
 */
export function hasRegularQuotes(lines: Uint8Array, delimiter: number, quote: number): boolean {
  let state: 'start' | 'bare' | 'quoted' | 'closed' = 'start';
  for (let i = 0; i < lines.length; i++) {
    const byte = lines[i];
    if (state === 'quoted') {
      if (byte === quote) state = 'closed';
      else if (byte === newline) return false;
    } else if (byte === delimiter || byte === newline) state = 'start';
    else if (byte === quote) {
      // After a quote that may have closed the field it is the second of a pair.
      if (state === 'bare') return false;
      state = 'quoted';
    } else if (state === 'closed') {
      if (byte !== carriageReturn) return false;
    } else state = 'bare';
  }
  return state !== 'quoted';
}

/** Delimiters outside quotes, where those are regular. */
export function delimitersIn(line: Uint8Array, delimiter: number, quote: number): number {
  let count = 0;
  let quoted = false;
  for (const byte of line) {
    if (byte === quote) quoted = !quoted;
    else if (byte === delimiter && !quoted) count++;
  }
  return count;
}
