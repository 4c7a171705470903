import { type SequenceBatch, sequenceBatch } from '@seqrec/data';
import type { AnswerGroup } from '../answer-loss.ts';
import type { LanguageSymbols } from './symbols.ts';
import type { Sentence } from './templates.ts';

/** A sentence, and the seconds of each of its places. */
export interface TimedSentence {
  readonly sentence: Sentence;
  readonly times: ArrayLike<number>;
}

/** Sentences as sequences, each without its last token, and the token before each that is an answer. */
export interface LanguageBatch {
  readonly batch: SequenceBatch;
  /** Those that are codes, level by level, then those that are words. */
  readonly asked: readonly AnswerGroup[];
  /** Tokens to predict. */
  readonly answers: number;
}

/** Sentences one after the other. Tokens have the time of their event, and are asked at the time of the next token. */
export function languageBatch(sentences: readonly TimedSentence[], symbols: LanguageSymbols): LanguageBatch {
  const offsets = new Int32Array(sentences.length + 1);
  for (const [s, { sentence }] of sentences.entries()) offsets[s + 1] = offsets[s] + sentence.rows.length - 1;
  const count = offsets[sentences.length];
  const [itemIds, times, nextTimes] = [new Int32Array(count), new Float64Array(count), new Float64Array(count)];
  const groups = answerGroups(symbols).map((group) => ({ ...group, tokens: [] as number[], rows: [] as number[] }));
  for (const [s, { sentence, times: own }] of sentences.entries()) {
    const { rows, answers, places } = sentence;
    for (let t = 1; t < rows.length; t++) {
      const at = offsets[s] + t - 1;
      itemIds[at] = rows[t - 1];
      times[at] = own[places[t - 1]];
      nextTimes[at] = own[places[t]];
      if (!answers[t]) continue;
      const group = groups.find(({ first, size }) => rows[t] >= first && rows[t] < first + size);
      group?.tokens.push(at);
      group?.rows.push(rows[t]);
    }
  }
  const asked = groups.map(({ first, size, tokens, rows }) => {
    return { first, size, tokens: Int32Array.from(tokens), rows: Int32Array.from(rows) };
  });
  return {
    batch: sequenceBatch({ offsets, itemIds, timestamps: times, targetTimestamps: nextTimes }),
    asked,
    answers: asked.reduce((sum, { rows }) => sum + rows.length, 0),
  };
}

/** What an answer is one of: the codes of a level, or all words and the end of a text. */
function answerGroups({ codes, end, count }: LanguageSymbols): Pick<AnswerGroup, 'first' | 'size'>[] {
  const levels = codes.sizes.map((size, level) => ({ first: codes.firsts[level], size }));
  return [...levels, { first: end, size: count - end + 1 }];
}
