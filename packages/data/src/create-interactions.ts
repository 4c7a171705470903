import { openCatalogue } from './catalogue.ts';
import { digestInteractions } from './digest.ts';
import { DataError } from './errors.ts';
import type { IdMap } from './ids.ts';
import type { Interactions, ProcessingStep } from './interactions.ts';
import { lazyProperty } from './lazy-property.ts';
import type { Column } from './table/column.ts';
import { type Roles, standardRoles } from './table/roles.ts';
import { createTable, emptyTable, type Table } from './table/table.ts';

export interface InteractionsParts {
  readonly name: string;
  readonly users: IdMap;
  readonly items: IdMap;
  readonly userOffsets: Int32Array;
  /** The columns of `events`, those in the roles item and time among them; shape [numEvents] each. */
  readonly columns: ReadonlyMap<string, Column>;
  readonly userTable?: Table;
  readonly itemTable?: Table;
  /** Default: `user`, `item`, no more. */
  readonly roles?: Roles;
  readonly hasTimestamps?: boolean;
  readonly steps: readonly ProcessingStep[];
  /** Known digest (a cache); computed when absent. */
  readonly digest?: string;
}

/**
 * Puts a data set together and computes its digest; the columns must already be sorted and consistent.
 *
 * @throws {DataError} `bad-columns` for tables of other sizes, and for a role whose column is not
 *   there or of another kind
 */
export function createInteractions(parts: InteractionsParts): Interactions {
  const { users, items, userOffsets, columns } = parts;
  const roles: Roles = parts.roles ?? standardRoles;
  const numEvents = userOffsets[userOffsets.length - 1];
  const userTable = parts.userTable ?? emptyTable(users.size);
  const itemTable = parts.itemTable ?? emptyTable(items.size);
  if (userOffsets.length !== users.size + 1 || userTable.rows !== users.size || itemTable.rows !== items.size) {
    throw new DataError(
      'createInteractions',
      `expected userOffsets [${users.size + 1}], a table of ${users.size} users and one of ${items.size} items; got ` +
        `userOffsets [${userOffsets.length}], ${userTable.rows} users and ${itemTable.rows} items`,
      { code: 'bad-columns' },
    );
  }
  // A cache was checked when it was written, and reads its columns when they are asked for.
  const events = parts.digest === undefined ? createTable(numEvents, columns) : { rows: numEvents, columns };
  const item = columnIn(events, roles.item, 'id', 'item');
  const time = columnIn(events, roles.time ?? positionColumn, 'time', 'time');
  const rating = events.columns.get(roles.rating ?? roles.action ?? '');
  const catalogue = openCatalogue(itemTable, roles);
  const content = {
    name: parts.name,
    numUsers: users.size,
    numItems: items.size,
    numEvents,
    users,
    items,
    events,
    userTable,
    itemTable,
    roles,
    userOffsets,
    ...(catalogue === undefined ? {} : { catalogue }),
    hasTimestamps: parts.hasTimestamps ?? true,
    steps: parts.steps,
  };
  lazyProperty(content, 'itemIds', () => item.values);
  lazyProperty(content, 'timestamps', () => time.values);
  if (rating?.kind === 'number' && rating.width === 1) lazyProperty(content, 'ratings', () => rating.values);
  const named = content as typeof content & Pick<Interactions, 'itemIds' | 'timestamps' | 'ratings'>;
  return Object.assign(named, { digest: parts.digest ?? digestInteractions(named) });
}

/** The same data with further roles of its columns, which stand in the digest. */
export function withRoles(interactions: Interactions, further: Partial<Roles>): Interactions {
  const { digest: _, ...parts } = interactions;
  return createInteractions({
    ...parts,
    columns: interactions.events.columns,
    roles: { ...interactions.roles, ...further },
  });
}

/** Where there are no times, the column of the positions that stand for them. */
export const positionColumn = 'position';

function columnIn<K extends Column['kind']>(
  { columns }: Table,
  name: string,
  kind: K,
  role: string,
): Extract<Column, { kind: K }> {
  const column = columns.get(name);
  if (column?.kind === kind) return column as Extract<Column, { kind: K }>;
  const got = column === undefined ? `none among ${[...columns.keys()].join(', ')}` : `one of ${column.kind}`;
  throw new DataError('createInteractions', `expected a column ${name} of ${kind} for the role ${role}; got ${got}`, {
    code: 'bad-columns',
    column: name,
  });
}
