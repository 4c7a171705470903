import { type ExampleSet, eventsOfItems, type Interactions, withItemTerms, withItemVectors } from '@seqrec/data';
import {
  type Codes,
  fitPieces,
  groupTerms,
  idsDigest,
  prefixTerms,
  readSemanticIds,
  type StoredIds,
} from '@seqrec/models';
import { readsTrainingEvents, type SemanticIdsColumn } from '../config/preparation-schema.ts';
import { RunError } from '../errors.ts';
import type { Progress } from '../terminal/progress.ts';
import { contentOf } from './ids/content-of.ts';
import { warnOfEvents } from './ids/events-read.ts';
import { findFile } from './ids/find-file.ts';
import { fittedIds } from './ids/fitted-ids.ts';

/** What columns of ids are made with. */
export interface IdColumnsContext {
  /** The training part; asked for where pieces are weighed by its events, or ids were made of such. */
  readonly train: () => ExampleSet;
  readonly cacheFolder: string;
  readonly progress: Progress;
}

/**
 * The data with codes as columns of the items, else as they are. Of their events none is read but those of `train`.
 *
 * @throws RunError for items that a file does not have, and for vectors of codes that are made of none.
 */
export async function withSemanticIds(
  interactions: Interactions,
  { semanticIds = [] }: { readonly semanticIds?: SemanticIdsColumn | readonly SemanticIdsColumn[] },
  context: IdColumnsContext,
): Promise<Interactions> {
  let added = interactions;
  for (const [at, column] of [semanticIds].flat().entries()) {
    const where = Array.isArray(semanticIds) ? `data.semanticIds.${at}` : 'data.semanticIds';
    const stored = await idsOf(interactions, column, context);
    warnOfColumn(column, stored, context);
    added =
      column.terms === 'vectors'
        ? await withVectors(added, column, stored, where)
        : withTerms(added, column, stored, () => eventsOfItems({ train: context.train() }));
  }
  return added;
}

/** Those that are fitted here are of content. */
function warnOfColumn({ path }: SemanticIdsColumn, stored: StoredIds, { train, progress }: IdColumnsContext): void {
  if (path === undefined || !readsTrainingEvents(stored.config)) return;
  for (const warning of warnOfEvents(stored, train(), path)) progress.note(warning);
}

function idsOf(
  interactions: Interactions,
  { path, ids }: SemanticIdsColumn,
  { cacheFolder, progress }: IdColumnsContext,
): Promise<StoredIds> {
  return ids === undefined
    ? readSemanticIds(findFile(path as string))
    : fittedIds(interactions, ids, cacheFolder, progress);
}

function withTerms(
  interactions: Interactions,
  column: SemanticIdsColumn,
  stored: StoredIds,
  events: () => Int32Array,
): Interactions {
  const { path = 'ids', name, terms, n, pieces = 0, weigh = 'items' } = column;
  const rows = rowsOfItems(interactions, stored, path);
  const weights = weigh === 'items' ? undefined : weightsOfRows(stored, rows, events());
  const ofAll = termsOf(shared(stored.codes, stored.hasCounter), column, weights);
  const ofItems = rows.map((row) => ofAll[row]);
  const distinct = new Set(ofItems.flat()).size;
  const weighed = weights === undefined ? '' : ', weighed by training events,';
  return withItemTerms(interactions, {
    name,
    terms: ofItems,
    step: {
      name: 'semantic-ids',
      detail: `Added ${name}, ${terms} of the semantic ids${weighed} ${about(stored)}: ${distinct} terms.`,
      params: { digest: idsDigest(stored), terms, n, pieces, weigh },
      counts: { terms: distinct },
    },
  });
}

async function withVectors(
  interactions: Interactions,
  { name, terms }: SemanticIdsColumn,
  stored: StoredIds,
  where: string,
): Promise<Interactions> {
  const asked = { key: `${where}.terms`, use: terms, hint: 'use prefixes, groups or pieces' };
  const { width, values } = await contentOf(stored, interactions, asked);
  return withItemVectors(interactions, {
    name,
    width,
    values: Float32Array.from(values),
    step: {
      name: 'semantic-ids',
      detail: `Added ${name}, the vectors of the semantic ids ${about(stored)}: ${width} numbers.`,
      params: { digest: idsDigest(stored), terms: 'vectors' },
      counts: { width },
    },
  });
}

const about = (stored: StoredIds): string =>
  `${idsDigest(stored).slice(0, 12)} of ${stored.data}, version ${stored.version}`;

/** Of each row of stored ids; those of other items weigh nothing. */
function weightsOfRows({ items }: StoredIds, rows: readonly number[], events: Int32Array): Int32Array {
  const weights = new Int32Array(items.length);
  for (const [item, row] of rows.entries()) weights[row] = events[item];
  return weights;
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

/** All codes of the items of the data, a counter among them: of item 1 first. @throws RunError as `withSemanticIds`. */
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

function termsOf(codes: Codes, { terms, n, pieces }: SemanticIdsColumn, weights: Int32Array | undefined): string[][] {
  switch (terms) {
    case 'prefixes':
      return prefixTerms(codes);
    case 'groups':
      return groupTerms(codes, n);
    case 'pieces': {
      const symbols = codes.sizes.reduce((sum, size) => sum + size, 0);
      return fitPieces(codes, pieces ?? 4 * symbols, weights).segment(codes);
    }
    case 'vectors':
      throw new TypeError('vectors are no terms');
  }
}
