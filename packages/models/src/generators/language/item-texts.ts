import { countTerms, type Interactions, termColumns, wordsOf } from '@seqrec/data';

/** Words of each item, those of item `i` are `values[offsets[i] .. offsets[i + 1] - 1]`; item 0 has none. */
export interface Texts {
  readonly offsets: Int32Array;
  /** Places in `words`, from 1; 0: a word that is not among them. */
  readonly values: Int32Array;
}

export interface ItemTexts {
  /** Sorted by code units. */
  readonly words: readonly string[];
  readonly titles: Texts;
  /** What the other columns of ids say: categories, brand. */
  readonly attributes: Texts;
}

export interface ItemTextsOptions {
  /** Words of fewer items are rare. */
  readonly minCount: number;
  /** Words that are read of a text, its first. */
  readonly maxWords: number;
}

/** The words of titles and attributes, in lower case, and which of them are known: those that enough items have. */
export function itemTexts(interactions: Interactions, { minCount, maxWords }: ItemTextsOptions): ItemTexts {
  const { numItems, catalogue } = interactions;
  const items = Array.from({ length: numItems }, (_, i) => i + 1);
  const attribute = attributesOf(interactions);
  const titles = items.map((item) => wordsOf(catalogue?.title(item) ?? '').slice(0, maxWords));
  const attributes = items.map((item) => attribute(item).flatMap(wordsOf).slice(0, maxWords));
  const { terms: words } = countTerms(
    titles.map((own, i) => [...own, ...attributes[i]]),
    minCount,
  );
  const places = new Map(words.map((word, place) => [word, 1 + place]));
  return { words, titles: textsOf(titles, places), attributes: textsOf(attributes, places) };
}

/** Items that have a text, in their order. */
export function itemsWith({ offsets }: Texts): Int32Array {
  const all = Int32Array.from({ length: offsets.length - 1 }, (_, item) => item);
  return all.filter((item) => offsets[item + 1] > offsets[item]);
}

/** Names of the ids of an item, column by column; the title is none, nor what was gathered over all time. */
function attributesOf({ itemTable, roles }: Interactions): (item: number) => string[] {
  const names = termColumns(itemTable, roles).filter((name) => name !== roles.title);
  const columns = names.map((name) => itemTable.columns.get(name)!);
  return (item) =>
    columns.flatMap((column) => {
      if (column.kind === 'ids')
        return Array.from(column.values.subarray(column.offsets[item - 1], column.offsets[item]), (id) =>
          column.ids.external(id),
        );
      if (column.kind !== 'id' || column.values[item - 1] === 0) return [];
      return [column.ids.external(column.values[item - 1])];
    });
}

function textsOf(documents: readonly (readonly string[])[], places: ReadonlyMap<string, number>): Texts {
  const offsets = new Int32Array(documents.length + 2);
  for (const [i, words] of documents.entries()) offsets[i + 2] = offsets[i + 1] + words.length;
  return { offsets, values: Int32Array.from(documents.flat(), (word) => places.get(word) ?? 0) };
}
