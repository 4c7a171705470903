import type { TermCounts } from '@seqrec/data';
import type { Sparse } from './sparse.ts';

/** `ln((1 + N) / (1 + df)) + 1` of each term. */
export function idfOf({ documents, terms, indices }: TermCounts): Float64Array {
  const inDocuments = new Float64Array(terms.length);
  for (const term of indices) inDocuments[term]++;
  return inDocuments.map((count) => Math.log((1 + documents) / (1 + count)) + 1);
}

/**
 * `(1 + ln tf) idf`, rows of length 1; a document without a term is a row of zeros.
 *
 * Source: `TfidfVectorizer` of scikit-learn with `sublinear_tf`.
 *
 * @param idf {@link idfOf} of the documents, or of those that a model was fitted to.
 */
export function tfIdf(counted: TermCounts, idf: Float64Array = idfOf(counted)): Sparse {
  const { documents, terms, offsets, indices, counts } = counted;
  const values = Float64Array.from(counts, (count, e) => (1 + Math.log(count)) * idf[indices[e]]);
  for (let d = 0; d < documents; d++) {
    let square = 0;
    for (let e = offsets[d]; e < offsets[d + 1]; e++) square += values[e] ** 2;
    for (let e = offsets[d]; e < offsets[d + 1]; e++) values[e] /= Math.sqrt(square);
  }
  return { rows: documents, columns: terms.length, offsets, indices, values };
}
