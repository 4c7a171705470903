import { fnv1a32 } from '@seqrec/core';
import type { ExampleSet } from '@seqrec/data';
import { ConfigError } from '../../errors.ts';
import { itemsWith } from '../../generators/language/item-texts.ts';
import { type Language, languageOf } from '../../generators/language/language.ts';
import type { LanguageTraining } from '../../generators/language/language-decoder.ts';
import type { Codes } from '../../semantic-ids/tokenizers/tokenizer.ts';
import type { LanguageConfig } from './language-config.ts';

/** A language, and what is learned of it. */
export interface SpokenLanguage extends LanguageTraining {
  readonly language: Language;
}

/** The language of a configuration over the items of a data set, learned by the users of its training part. */
export function spokenLanguage(config: LanguageConfig, codes: Codes, train: ExampleSet): SpokenLanguage {
  const { tasks: weights, histories, ...options } = config;
  const language = languageOf(train.interactions, codes, options);
  return { language, weights, histories, users: train.users };
}

/** @throws ConfigError for tasks whose texts the items do not have, and for more histories than there are. */
export function checkSpoken({ language, weights, histories, users }: SpokenLanguage): void {
  const { titles, attributes } = language;
  for (const [key, texts, what] of [
    ['toTitle', titles, 'titles (data.items.title names their column)'],
    ['fromTitle', titles, 'titles (data.items.title names their column)'],
    ['toAttributes', attributes, 'columns of ids, such as categories (data.items.columns names them)'],
  ] as const) {
    if (weights[key] === 0 || itemsWith(texts).length > 0) continue;
    throw new ConfigError(
      `generation: language.tasks.${key}: expected items with ${what}; got none that has words; leave the task out, or read them`,
      `task.language.tasks.${key}`,
    );
  }
  const known = new Set(users).size;
  if (histories === 'all' || histories <= known) return;
  throw new ConfigError(
    `generation: language.histories: expected at most the ${known} users of training; got ${histories}; all of them are \`all\``,
    'task.language.histories',
  );
}

/** All of it that changes the loss, as JSON. */
export function identityOf({ language, weights, histories }: SpokenLanguage) {
  return { weights, histories, maxWords: language.maxWords, words: fnv1a32(language.words.join(' ')) };
}
