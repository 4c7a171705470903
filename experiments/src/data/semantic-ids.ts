import { type Interactions, withItemTerms } from '@seqrec/data';
import {
  type Codes,
  fitPieces,
  groupTerms,
  idsDigest,
  prefixTerms,
  readSemanticIds,
  type StoredIds,
} from '@seqrec/models';
import type { SemanticIdsColumn } from '../config/preparation-schema.ts';
import { RunError } from '../errors.ts';

/**
 * The data with the codes of a file of ids as a column of the items, else as they are. Nothing of their events is read.
 *
 * @throws RunError for items that the file does not have.
 */
export async function withStoredIds(
  interactions: Interactions,
  { semanticIds }: { readonly semanticIds?: SemanticIdsColumn },
): Promise<Interactions> {
  if (semanticIds === undefined) return interactions;
  const { path, name, terms } = semanticIds;
  const stored = await readSemanticIds(path);
  const rows = rowsOfItems(interactions, stored, path);
  const ofAll = termsOf(shared(stored.codes, stored.hasCounter), semanticIds);
  const ofItems = rows.map((row) => ofAll[row]);
  const distinct = new Set(ofItems.flat()).size;
  return withItemTerms(interactions, {
    name,
    terms: ofItems,
    step: {
      name: 'semantic-ids',
      detail: `Added ${name}, ${terms} of the semantic ids ${idsDigest(stored).slice(0, 12)} of ${stored.data}, version ${stored.version}: ${distinct} terms.`,
      params: { digest: idsDigest(stored), terms, n: semanticIds.n, pieces: semanticIds.pieces ?? 0 },
      counts: { terms: distinct },
    },
  });
}

/** The row of each item of the data among stored ids. @throws RunError for an item that has none. */
function rowsOfItems({ items, numItems, name }: Interactions, stored: StoredIds, path: string): number[] {
  const rowOf = new Map(stored.items.map((item, row) => [item, row]));
  return Array.from({ length: numItems }, (_, i) => {
    const row = rowOf.get(items.external(i + 1));
    if (row !== undefined) return row;
    throw new RunError(
      `${path}: expected codes of the ${numItems} items of ${name}; got those of ${stored.items.length} items of ${stored.data}, none for ${items.external(i + 1)}; \`seqrec ids append\` gives new items codes`,
    );
  });
}

/** All codes of the items of the data, a counter among them: of item 1 first. @throws RunError as `withStoredIds`. */
export function codesOfItems(interactions: Interactions, stored: StoredIds, path: string): Codes {
  const { sizes, values } = stored.codes;
  const levels = sizes.length;
  const own = new Int32Array(interactions.numItems * levels);
  for (const [i, row] of rowsOfItems(interactions, stored, path).entries())
    own.set(values.subarray(row * levels, (row + 1) * levels), i * levels);
  return { count: interactions.numItems, sizes, values: own };
}

/** The codes that items share: without a counter, which says nothing of an item. */
function shared({ count, sizes, values }: Codes, hasCounter: boolean): Codes {
  if (!hasCounter) return { count, sizes, values };
  const levels = sizes.length - 1;
  const own = Int32Array.from({ length: count * levels }, (_, e) => {
    const [row, level] = [Math.floor(e / levels), e % levels];
    return values[row * sizes.length + level];
  });
  return { count, sizes: sizes.slice(0, -1), values: own };
}

function termsOf(codes: Codes, { terms, n, pieces }: SemanticIdsColumn): string[][] {
  switch (terms) {
    case 'prefixes':
      return prefixTerms(codes);
    case 'groups':
      return groupTerms(codes, n);
    case 'pieces': {
      const symbols = codes.sizes.reduce((sum, size) => sum + size, 0);
      return fitPieces(codes, pieces ?? 4 * symbols).segment(codes);
    }
  }
}
