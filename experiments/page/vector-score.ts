import type { TokenEncoder } from '@seqrec/models';
import type { ShownScore } from './code-score.ts';

/** What the product of the vectors of a model is. */
export type Similarity = NonNullable<TokenEncoder['similarity']>;

/** What the score of a title by its vector is, in words. */
export const similarityInWords: Readonly<Record<Similarity, string>> = {
  cosine: 'the cosine of the encoded history and the title, from -1 to 1',
  dot: 'the product of the vectors of the encoded history and of the title, a number of any size',
};

export function shownSimilarity(score: number, similarity: Similarity): ShownScore {
  const text = score.toFixed(3);
  if (similarity === 'dot') return { text, title: `product ${score}` };
  return { share: score, text, title: `cosine ${score}` };
}
