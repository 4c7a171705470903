import type { SequenceBatch } from '@seqrec/data';
import type { Run } from '../../layers/layer.ts';
import type { TokenEncoder } from '../../model.ts';
import { answerLoss } from '../answer-loss.ts';
import { type CodeDecoderOptions, codeDecoder } from '../code-decoder.ts';
import type { CodeWriter } from '../generator.ts';
import { noLoss } from '../no-loss.ts';
import { chosenUsers } from './chosen-users.ts';
import type { FamilyWeights } from './families.ts';
import type { Language } from './language.ts';
import { languageBatch, type TimedSentence } from './language-batch.ts';
import { mixtureOf } from './mixture.ts';
import { renderExample } from './templates.ts';

/** What a language model is trained on. */
export interface LanguageTraining {
  readonly weights: FamilyWeights;
  /** How many users `retrieve` learns from, chosen by the seed of the run. */
  readonly histories: number | 'all';
  /** The users of training. */
  readonly users: Int32Array;
}

/** Sentences of the sequences `from .. to - 1` of the batch of a step. */
export type SentenceSource = (batch: SequenceBatch, from: number, to: number, run: Run) => TimedSentence[];

export interface LanguageDecoderOptions extends Omit<CodeDecoderOptions, 'opening'> {
  readonly language: Language;
  /** What it is trained on. */
  readonly sentences: SentenceSource;
}

/**
 * A language model over words and codes: an encoder whose items are rows of {@link Language}, trained on a mixture of
 * templates. The loss is {@link answerLoss} of what is answered; it weighs tokens, `L` of them as one item, so that
 * that of `retrieve` alone is that of `codeDecoder`. It writes codes as an answer to `[retrieve]` and a history.
 *
 * Source: Cao et al. 2024 (arXiv:2404.00245), which tunes FLAN-T5 on sentences of English. Differs from the paper in:
 * no pretrained language model; marks in the place of sentences, codes in the place of the titles of a history.
 */
export function languageDecoder(encoder: TokenEncoder, options: LanguageDecoderOptions): CodeWriter {
  const { language, sentences, temperature, isCached } = options;
  const { read } = codeDecoder(encoder, { temperature, isCached, opening: language.begins.retrieve });
  return {
    read,
    loss: ({ part: { whole, firstSequence }, batch: { numSequences }, run }) => {
      const own = sentences(whole, firstSequence, firstSequence + numSequences, run);
      const { batch, asked, answers } = languageBatch(own, language);
      if (answers === 0) return noLoss(encoder.variables().values());
      const before = run.before && { before: countOf(sentences(whole, 0, firstSequence, run)) };
      const sum = answerLoss(encoder, batch, asked, { temperature, run: { ...run, ...before } });
      return { sum, weight: answers / language.codes.levels };
    },
  };
}

/** Draws examples of the mixture and writes them as sentences; who `retrieve` learns from is chosen once a seed. */
export function languageSentences(language: Language, { weights, histories, users }: LanguageTraining): SentenceSource {
  const mixture = mixtureOf(language, weights);
  const chosen = new Map<number, ReadonlySet<number>>();
  return (batch, from, to, run) => {
    const own = chosen.get(run.seed) ?? chosenUsers(users, histories, run.seed);
    chosen.set(run.seed, own);
    const drawn = mixture({ batch, from, to, run, retrieves: (user) => own.has(user) });
    return drawn.map(({ example, times }) => ({ sentence: renderExample(example, language), times }));
  };
}

/** What of the batch of a step lies before a part: random streams count on from there. */
function countOf(sentences: readonly TimedSentence[]): NonNullable<Run['before']> {
  const tokens = sentences.reduce((sum, { sentence }) => sum + sentence.rows.length - 1, 0);
  return { sequences: sentences.length, tokens };
}
