import type { Codes } from '../../semantic-ids/tokenizers/tokenizer.ts';
import { type CodeSymbols, codeSymbols } from '../code-symbols.ts';
import { type Family, families } from './families.ts';

/**
 * Codes, marks and words as rows of one table. Row 0 is padding; codes come first, as {@link CodeSymbols} has them, so
 * that what writes codes needs to know nothing of words; then the marks of templates, then words.
 */
export interface LanguageSymbols {
  readonly codes: CodeSymbols;
  /** The mark that each family begins with. */
  readonly begins: Readonly<Record<Family, number>>;
  /** Stands in the place of an item that is to be found. */
  readonly hidden: number;
  /** Stands before each of two items to choose from. */
  readonly or: number;
  /** What comes after it is the answer. */
  readonly answer: number;
  /** Ends a text that is written. The first row of those that a word is one of. */
  readonly end: number;
  /** Every word that is none of `words`, whose rows come after it. */
  readonly rare: number;
  readonly words: readonly string[];
  /** Rows besides that of padding. */
  readonly count: number;
}

/** @param words each of them once. */
export function languageSymbols(codes: Codes, words: readonly string[]): LanguageSymbols {
  const ofCodes = codeSymbols(codes);
  let next = ofCodes.count + 1;
  const begins = Object.fromEntries(families.map((family) => [family, next++])) as Record<Family, number>;
  const [hidden, or, answer, end, rare] = Array.from({ length: 5 }, () => next++);
  return { codes: ofCodes, begins, hidden, or, answer, end, rare, words, count: rare + words.length };
}

/** Tokens of the longest sequence that any template makes of so many events and words, but for its last. */
export function languageTokens(events: number, levels: number, maxWords: number): number {
  // Two items to choose from and the one that came next, each with a mark before it; the mark of the family.
  const preferred = 1 + (events + 3) * levels + 3 - 1;
  const written = 1 + levels + 1 + maxWords;
  return Math.max(preferred, written);
}
