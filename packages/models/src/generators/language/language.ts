import type { Interactions } from '@seqrec/data';
import type { Codes } from '../../semantic-ids/tokenizers/tokenizer.ts';
import { type ItemTextsOptions, itemTexts, type Texts } from './item-texts.ts';
import { type LanguageSymbols, languageSymbols } from './symbols.ts';

/** What is spoken of the items of a data set: symbols, and the texts of the items in them. */
export interface Language extends LanguageSymbols {
  /** Longest text, in words. */
  readonly maxWords: number;
  readonly titles: Texts;
  readonly attributes: Texts;
}

/** The words of the items of a data set beside their codes; the same for the same data and options. */
export function languageOf(interactions: Interactions, codes: Codes, options: ItemTextsOptions): Language {
  const { words, titles, attributes } = itemTexts(interactions, options);
  return { ...languageSymbols(codes, words), maxWords: options.maxWords, titles, attributes };
}

/** Rows of the words of an item. */
export function textRows({ rare }: LanguageSymbols, { offsets, values }: Texts, item: number): number[] {
  return Array.from(values.subarray(offsets[item], offsets[item + 1]), (word) => rare + word);
}
