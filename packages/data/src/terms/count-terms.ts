/** How often each document has each term: a sparse matrix `[documents, terms]`, rows one after another. */
export interface TermCounts {
  readonly documents: number;
  /** Sorted by code units. */
  readonly terms: readonly string[];
  /** Row `d` has the entries `offsets[d] .. offsets[d + 1] - 1`; shape `[documents + 1]`. */
  readonly offsets: Int32Array;
  /** Terms, ascending in a row; shape `[entries]`. */
  readonly indices: Int32Array;
  /** shape `[entries]` */
  readonly counts: Float64Array;
}

/**
 * Counts the terms of documents.
 *
 * @param documents the terms of each, repeats included.
 * @param minDocuments terms of fewer documents are left out.
 */
export function countTerms(documents: readonly (readonly string[])[], minDocuments = 1): TermCounts {
  const inDocuments = new Map<string, number>();
  const counted = documents.map((terms) => {
    const own = new Map<string, number>();
    for (const term of terms) own.set(term, (own.get(term) ?? 0) + 1);
    for (const term of own.keys()) inDocuments.set(term, (inDocuments.get(term) ?? 0) + 1);
    return own;
  });
  const terms = [...inDocuments].flatMap(([term, count]) => (count >= minDocuments ? [term] : [])).sort();
  const places = new Map(terms.map((term, place) => [term, place]));
  const offsets = new Int32Array(documents.length + 1);
  const indices: number[] = [];
  const counts: number[] = [];
  for (const [d, own] of counted.entries()) {
    const row = [...own].flatMap(([term, count]) => {
      const place = places.get(term);
      return place === undefined ? [] : [[place, count] as const];
    });
    row.sort(([a], [b]) => a - b);
    for (const [place, count] of row) {
      indices.push(place);
      counts.push(count);
    }
    offsets[d + 1] = indices.length;
  }
  return {
    documents: documents.length,
    terms,
    offsets,
    indices: Int32Array.from(indices),
    counts: Float64Array.from(counts),
  };
}
