/** Joins what is a list already: no id has it, and quotes or brackets beside it are letters of ids. */
export const OF_ARRAYS = '\u0000';

/** `'Beauty', "Women's"` (a Python list, with or without brackets), or parts with a separator, default `|`. */
export function splitList(text: string, separator = '|'): string[] {
  if (separator === OF_ARRAYS) return parted(text.split(separator));
  const bare = text.trim().replace(/^\[(.*)\]$/su, '$1');
  const listed = /^['"]/.test(bare.trim()) ? [...bare.matchAll(/'([^']*)'|"([^"]*)"/g)].map((m) => m[1] ?? m[2]) : [];
  const parts = listed.length > 0 ? listed : separator === ' ' ? bare.split(/\s+/) : bare.split(separator);
  return parted(parts);
}

function parted(parts: readonly string[]): string[] {
  return parts.map((part) => part.trim()).filter((part) => part !== '');
}
