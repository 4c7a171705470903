/** Joins what is a list already: no id has it, and quotes or brackets beside it are letters of ids. */
export const OF_ARRAYS = '\u0000';

/**
 * A list of Python, NumPy or JSON (`['Beauty', "Women's"]`, `[12, 45]`, that of quoted parts also without brackets), or
 * parts with a separator, default `|`.
 */
export function splitList(text: string, separator = '|'): string[] {
  if (separator === OF_ARRAYS) return parted(text.split(separator));
  const whole = text.trim();
  const bare = whole.replace(/^\[(.*)\]$/su, '$1').trim();
  const inList = bare !== whole || /^['"]/.test(bare);
  const listed = inList ? (entriesOf(bare) ?? nestedEntries(whole)) : undefined;
  return parted(listed ?? (separator === ' ' ? bare.split(/\s+/) : bare.split(separator)));
}

/** A text in quotes, a number or a word of JSON, with what stands between it and the next one. */
const entry =
  /(?:'([^'\\]*(?:\\.[^'\\]*)*)'|("[^"\\]*(?:\\.[^"\\]*)*")|null|None|(true|false|[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?))(?:\s*,\s*|\s+|$)/isuy;

/** What a list holds, if all of it is entries; JSON's and Python's words for none are left out. */
function entriesOf(list: string): string[] | undefined {
  const entries: string[] = [];
  for (entry.lastIndex = 0; entry.lastIndex < list.length; ) {
    const found = entry.exec(list);
    if (found === null) return undefined;
    const [, single, double, plain] = found;
    entries.push(single?.replaceAll("\\'", "'") ?? plain ?? (double === undefined ? '' : unescaped(double)));
  }
  return entries;
}

/** Lists and records in a list of JSON are ids as they are written. */
function nestedEntries(list: string): string[] | undefined {
  if (!/^\[\s*[[{]/.test(list)) return undefined;
  const value = parsed(list);
  return Array.isArray(value)
    ? value.map((part) => (typeof part === 'string' ? part : JSON.stringify(part)))
    : undefined;
}

function unescaped(quoted: string): string {
  const value = quoted.includes('\\') ? parsed(quoted) : undefined;
  return typeof value === 'string' ? value : quoted.slice(1, -1);
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

function parted(parts: readonly string[]): string[] {
  return parts.map((part) => part.trim()).filter((part) => part !== '');
}
