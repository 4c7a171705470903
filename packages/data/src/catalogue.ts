import type { Roles } from './table/roles.ts';
import type { Table } from './table/table.ts';
import { textAt } from './text-column.ts';

/** What people are told of the items, by dense id 1..numItems: a view of the item table. */
export interface ItemCatalogue {
  /** Number of items. */
  readonly size: number;
  /** Title of an item, `undefined` when the source has none. */
  title(item: number): string | undefined;
  /** Names of the genres or categories of an item, in the order of the source; empty when there are none. */
  categories(item: number): readonly string[];
  /** Whether any item can have one. */
  readonly hasCategories: boolean;
  /** All of them, in the order of their ids. */
  categoryNames(): readonly string[];
}

/** The view of an item table, `undefined` when it has neither titles nor categories. */
export function openCatalogue(items: Table, roles: Pick<Roles, 'title' | 'categories'>): ItemCatalogue | undefined {
  const titles = roles.title === undefined ? undefined : items.columns.get(roles.title);
  const kinds = roles.categories === undefined ? undefined : items.columns.get(roles.categories);
  if (titles === undefined && kinds === undefined) return undefined;
  const known = (item: number): boolean => Number.isInteger(item) && item >= 1 && item <= items.rows;
  return {
    size: items.rows,
    hasCategories: (kinds?.kind === 'ids' || kinds?.kind === 'id') && kinds.ids.size > 0,
    categoryNames: () => (kinds?.kind === 'ids' || kinds?.kind === 'id' ? kinds.ids.toJSON().external : []),
    title(item) {
      if (!known(item)) return undefined;
      if (titles?.kind === 'text') return textAt(titles.values, item - 1) || undefined;
      if (titles?.kind === 'id' && titles.values[item - 1] > 0) return titles.ids.external(titles.values[item - 1]);
      return undefined;
    },
    categories(item) {
      if (!known(item)) return [];
      if (kinds?.kind === 'ids') {
        const { values, offsets, ids } = kinds;
        return Array.from(values.subarray(offsets[item - 1], offsets[item]), (id) => ids.external(id));
      }
      if (kinds?.kind === 'id' && kinds.values[item - 1] > 0) return [kinds.ids.external(kinds.values[item - 1])];
      return [];
    },
  };
}
