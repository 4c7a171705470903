import { countTerms } from '@seqrec/data';
import { asStored, type Rows, unitRows } from './rows.ts';
import { times } from './sparse.ts';
import { idfOf, tfIdf } from './tf-idf.ts';
import { type TruncatedSvdOptions, truncatedSvd } from './truncated-svd.ts';

export interface LsaOptions extends Pick<TruncatedSvdOptions, 'seed' | 'oversampling' | 'powerIterations'> {
  /** Width of the vectors; less where the terms have a lower rank. */
  readonly width: number;
  /** Terms of fewer documents are left out. */
  readonly minDocuments: number;
}

/** Latent semantic analysis that was fitted to documents. */
export interface Lsa {
  /** Sorted by code units. */
  readonly terms: readonly string[];
  /** `[terms, 1]` */
  readonly idf: Rows;
  /** `V`, `[terms, width]` */
  readonly directions: Rows;
}

type Documents = readonly (readonly string[])[];

/**
 * Fits latent semantic analysis: {@link tfIdf} of documents and its directions of the largest singular values.
 *
 * Source: Deerwester et al. 1990.
 *
 * @param documents the terms of each, as `itemTerms` of `@seqrec/data` makes them.
 */
export function fitLsa(documents: Documents, { width, minDocuments, ...svd }: LsaOptions): Lsa {
  const counts = countTerms(documents, minDocuments);
  const idf = asStored({ count: counts.terms.length, width: 1, values: idfOf(counts) });
  const { directions } = truncatedSvd(tfIdf(counts, idf.values), { ...svd, columns: width });
  return { terms: counts.terms, idf, directions: asStored(directions) };
}

/**
 * Vectors of documents, those of the fit or others: tf-idf times `V`, rows of length 1. A document without a term of
 * the fit is a row of zeros.
 */
export function lsaVectors({ terms, idf, directions }: Lsa, documents: Documents): Rows {
  const places = new Map(terms.map((term, place) => [term, place]));
  const known = documents.map((own) => own.filter((term) => places.has(term)));
  const counts = countTerms(known);
  // Terms of the fit that these documents have, at their places in it.
  const ofFit = Int32Array.from(counts.terms, (term) => places.get(term)!);
  const indices = counts.indices.map((term) => ofFit[term]);
  const weights = tfIdf({ ...counts, terms, indices }, idf.values);
  const { width } = directions;
  return unitRows({ count: documents.length, width, values: times(weights, directions.values, width) });
}
