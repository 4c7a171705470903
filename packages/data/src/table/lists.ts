/** `'Beauty', "Women's"` (a Python list, with or without brackets), or parts with a separator, default `|`. */
export function splitList(text: string, separator = '|'): string[] {
  const bare = text.trim().replace(/^\[(.*)\]$/su, '$1');
  const listed = /^['"]/.test(bare.trim()) ? [...bare.matchAll(/'([^']*)'|"([^"]*)"/g)].map((m) => m[1] ?? m[2]) : [];
  const parts = listed.length > 0 ? listed : separator === ' ' ? bare.split(/\s+/) : bare.split(separator);
  return parts.map((part) => part.trim()).filter((part) => part !== '');
}
