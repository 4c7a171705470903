import { positionColumn } from '../create-interactions.ts';
import { OptionError } from '../errors.ts';
import type { Column } from '../table/column.ts';
import type { Roles } from '../table/roles.ts';
import type { ColumnRef } from './columns.ts';
import type { EventColumns, TableSource } from './csv-source.ts';

/** The name of a role's column: that of the file, or that of the role where columns are given by position. */
export function columnName(key: keyof EventColumns, column: ColumnRef | undefined): string {
  return typeof column === 'string' ? column : key;
}

/**
 * @throws {OptionError} for a role whose column is not among the further ones, for a name that stands twice, and for
 *   `position` without times
 */
export function rolesFor(operation: string, source: TableSource, further: ReadonlyMap<string, Column>): Roles {
  const { columns, labels = [], items } = source;
  const rating = columns.rating === undefined ? undefined : columnName('rating', columns.rating);
  for (const [key, names] of Object.entries({ action: [source.action], request: [source.request], labels })) {
    for (const name of names) {
      if (name === undefined || further.has(name) || name === rating) continue;
      const known = [...further.keys()].join(', ') || 'none';
      throw new OptionError(operation, `expected a further column for ${key}; got "${name}" of ${known}`, { key });
    }
  }
  const action = source.action ?? rating;
  const roles = {
    user: columnName('user', columns.user),
    item: columnName('item', columns.item),
    ...(columns.time === undefined ? {} : { time: columnName('time', columns.time) }),
    ...(action === undefined ? {} : { action }),
    ...(rating === undefined || rating === action ? {} : { rating }),
    ...(source.request === undefined ? {} : { request: source.request }),
    labels,
    ...(items === undefined
      ? columns.title === undefined
        ? {}
        : { title: columnName('title', columns.title) }
      : {
          ...(items.title === undefined ? {} : { title: items.title }),
          ...(items.categories === undefined ? {} : { categories: items.categories }),
        }),
  };
  const taken = [roles.user, roles.item, roles.time, rating];
  if (roles.time === undefined && [roles.item, rating, ...further.keys()].includes(positionColumn)) {
    throw new OptionError(
      operation,
      `expected no column "${positionColumn}" of events without times, whose places in their sequence have that name; got one`,
      {
        key: 'columns',
        hint: 'give it another name in the header, or a further column one here (--data.columns.NAME.column says which it is)',
      },
    );
  }
  for (const name of further.keys()) {
    if (!taken.includes(name)) continue;
    throw new OptionError(operation, `expected a column once; got "${name}" as a role and as a further column`, {
      key: `columns.${name}`,
    });
  }
  return roles;
}

/**
 * Checks what is known before anything is read.
 *
 * @throws {OptionError} for a mapping without user or item, or with another key, for titles in the events beside a file
 *   of items, and for a label that stands twice
 */
export function checkMapping(operation: string, { columns, items, labels = [] }: TableSource): void {
  for (const key of ['user', 'item'] as const) {
    if (columns?.[key] === undefined) {
      throw new OptionError(operation, `expected a column for ${key}; got none`, { key: `columns.${key}` });
    }
  }
  for (const key of Object.keys(columns)) {
    if (!['user', 'item', 'time', 'rating', 'title'].includes(key)) {
      throw new OptionError(operation, `expected the keys user, item, time, rating, title; got "${key}"`, {
        key: `columns.${key}`,
      });
    }
  }
  if (columns.title !== undefined && items !== undefined) {
    throw new OptionError(operation, 'expected titles in the file of the items, as there is one; got columns.title', {
      key: 'columns.title',
      hint: 'name its column there (items.title), and leave out columns.title (--data.columns.title none)',
    });
  }
  if (new Set(labels).size < labels.length) {
    throw new OptionError(operation, `expected each label once; got ${labels.join(', ')}`, { key: 'labels' });
  }
}
