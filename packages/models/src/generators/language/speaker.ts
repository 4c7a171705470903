import { offsetsOf } from '@seqrec/core';
import { type SequenceBatch, sequenceBatch, wordsOf } from '@seqrec/data';
import { EvaluationError } from '../../errors.ts';
import type { TokenEncoder } from '../../model.ts';
import { type BeamOptions, constrainedBeams, type GeneratedList } from '../beams.ts';
import { encoderReader } from '../encoder-readers.ts';
import { textBeams } from '../text-beams.ts';
import type { Language } from './language.ts';
import type { LanguageSymbols } from './symbols.ts';
import { type Example, renderExample } from './templates.ts';

/** An encoder over the rows of a language, and how it is asked. */
export interface Speaker {
  readonly encoder: TokenEncoder;
  readonly language: Language;
  /** What its scores are divided by. */
  readonly temperature: number;
  /** Whether it keeps what it has read: `incrementalOf(encoder).append`. */
  readonly isCached: boolean;
}

/** Words that were written of an item. */
export interface ItemText {
  /** A rare word is `undefined`: which one is not said. */
  readonly words: readonly (string | undefined)[];
  /** Log-likelihood over the number of words and the end to the power of the penalty. */
  readonly score: number;
}

/**
 * The likeliest titles of items, or attributes, best first: the answers to `[toTitle] c(i) [answer]`, by `textBeams`.
 *
 * @param options `width` texts of each item; `lengthPenalty`, default 0: the likeliest come first. After `maxWords`
 *   words of the language the end is certain: no text is longer, and there it takes nothing off the score.
 * @throws EvaluationError for an item that there is not.
 */
export async function writeTexts(
  speaker: Speaker,
  family: 'toTitle' | 'toAttributes',
  items: readonly number[],
  options: { readonly width: number; readonly lengthPenalty?: number },
): Promise<ItemText[][]> {
  const { language } = speaker;
  const { end, rare, words, maxWords, count, codes } = language;
  const unknown = items.find((item) => !(Number.isInteger(item) && item >= 1 && item <= codes.numItems));
  if (unknown !== undefined)
    throw new EvaluationError(`writeTexts: expected items from 1 to ${codes.numItems}; got ${unknown}`);
  if (items.length === 0) return [];
  const asked = promptsOf(
    items.map((item) => ({ family, item, words: [] })),
    language,
  );
  const answers = (level: number) => ({ first: end, size: level < maxWords ? count - end + 1 : 1 });
  const reader = encoderReader({ ...speaker, answers }, asked);
  try {
    const lists = await textBeams(reader, items.length, {
      lengthPenalty: 0,
      ...options,
      end: 0,
      maxTokens: maxWords + 1,
    });
    return lists.map((texts) =>
      texts.map(({ tokens, score }) => ({
        words: tokens.slice(0, -1).map((token) => words[token - 1 - (rare - end)]),
        score,
      })),
    );
  } finally {
    reader.dispose();
  }
}

/**
 * The likeliest items of titles, best first: the answers to `[fromTitle] w_1 .. w_m [answer]`, by `constrainedBeams`.
 *
 * @param titles words as rows: see {@link rowsOfText}. @throws EvaluationError for a title without words.
 */
export async function itemsOfTitles(
  speaker: Speaker,
  titles: readonly (readonly number[])[],
  options: Omit<BeamOptions, 'open'>,
): Promise<readonly GeneratedList[]> {
  const { language } = speaker;
  const { firsts, sizes } = language.codes;
  for (const [t, words] of titles.entries()) {
    if (words.length === 0 || words.length > language.maxWords)
      throw new EvaluationError(
        `itemsOfTitles: expected titles of 1 to ${language.maxWords} words; got ${words.length} in title ${t}`,
      );
  }
  if (titles.length === 0) return [];
  // The item is what is asked for: its codes come after the prompt.
  const asked = promptsOf(
    titles.map((words) => ({ family: 'fromTitle', words, item: 1 })),
    language,
  );
  const answers = (level: number) => ({ first: firsts[level], size: sizes[level] });
  const reader = encoderReader({ ...speaker, answers }, asked);
  try {
    return (await constrainedBeams(reader, titles.length, options)).lists;
  } finally {
    reader.dispose();
  }
}

/** The first `maxWords` words of a text as rows; those that the language does not know are the rare one. */
export function rowsOfText(
  { words, rare, maxWords }: Pick<Language, 'words' | 'rare' | 'maxWords'>,
  text: string,
): number[] {
  const places = new Map(words.map((word, place) => [word, rare + 1 + place]));
  return wordsOf(text)
    .slice(0, maxWords)
    .map((word) => places.get(word) ?? rare);
}

/** The tokens of examples before their answers, all at one time. */
function promptsOf(examples: readonly Example[], symbols: LanguageSymbols): SequenceBatch {
  const prompts = examples.map((example) => {
    const { rows, answers } = renderExample(example, symbols);
    return rows.slice(0, answers.indexOf(true));
  });
  const itemIds = Int32Array.from(prompts.flat());
  return sequenceBatch({
    offsets: offsetsOf(prompts.map(({ length }) => length)),
    itemIds,
    timestamps: new Float64Array(itemIds.length),
    targetTimestamps: new Float64Array(itemIds.length),
  });
}
