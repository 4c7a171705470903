import { type TextColumn, takeText, textAt } from './text-column.ts';

/** What is known of the items, by dense id 1..numItems. */
export interface ItemCatalogue {
  /** Number of items. */
  readonly size: number;
  /** Title of an item, `undefined` when the source has none. */
  title(item: number): string | undefined;
  /** Names of the genres or categories of an item, in the order of the source; empty when there are none. */
  categories(item: number): readonly string[];
  /** All category names; `categoryIds` point into it. */
  readonly categoryNames: readonly string[];
  /** Categories of item `i` are `categoryIds[categoryOffsets[i - 1], categoryOffsets[i])`; shape [size + 1]. */
  readonly categoryOffsets: Int32Array;
  readonly categoryIds: Int32Array;
  /** Titles by item - 1; absent when the source has none. */
  readonly titles?: TextColumn;
}

export interface CatalogueColumns {
  readonly size: number;
  readonly categoryNames: readonly string[];
  readonly categoryOffsets: Int32Array;
  readonly categoryIds: Int32Array;
  readonly titles?: TextColumn;
}

export function openCatalogue(columns: CatalogueColumns): ItemCatalogue {
  const { size, categoryNames, categoryOffsets, categoryIds, titles } = columns;
  const known = (item: number): boolean => Number.isInteger(item) && item >= 1 && item <= size;
  return {
    size,
    categoryNames,
    categoryOffsets,
    categoryIds,
    ...(titles === undefined ? {} : { titles }),
    title(item) {
      if (titles === undefined || !known(item)) return undefined;
      const text = textAt(titles, item - 1);
      return text === '' ? undefined : text;
    },
    categories(item) {
      if (!known(item)) return [];
      return Array.from(
        categoryIds.subarray(categoryOffsets[item - 1], categoryOffsets[item]),
        (id) => categoryNames[id],
      );
    },
  };
}

/** The catalogue of the items at `kept` (0-based positions, in their new order). */
export function takeCatalogue(catalogue: ItemCatalogue, kept: Int32Array): ItemCatalogue {
  const categoryOffsets = new Int32Array(kept.length + 1);
  for (let i = 0; i < kept.length; i++) {
    const item = kept[i];
    categoryOffsets[i + 1] = categoryOffsets[i] + catalogue.categoryOffsets[item + 1] - catalogue.categoryOffsets[item];
  }
  const categoryIds = new Int32Array(categoryOffsets[kept.length]);
  for (let i = 0; i < kept.length; i++) {
    const from = catalogue.categoryOffsets[kept[i]];
    const to = catalogue.categoryOffsets[kept[i] + 1];
    categoryIds.set(catalogue.categoryIds.subarray(from, to), categoryOffsets[i]);
  }
  return openCatalogue({
    size: kept.length,
    categoryNames: catalogue.categoryNames,
    categoryOffsets,
    categoryIds,
    ...(catalogue.titles === undefined ? {} : { titles: takeText(catalogue.titles, kept) }),
  });
}
