import { closest } from '@seqrec/data/closest';

/** `did you mean X?`, or `known: A, B, C` when nothing is close. */
export function suggestion(word: string, candidates: Iterable<string>, prefix = ''): string {
  const names = [...candidates];
  const near = closest(word, names);
  if (near !== undefined) return `did you mean ${prefix}${near}?`;
  return names.length === 0 ? 'none are known here' : `known: ${names.map((name) => prefix + name).join(', ')}`;
}
