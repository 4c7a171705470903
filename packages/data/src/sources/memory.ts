import { assembleInteractions, type TieRule } from '../assemble.ts';
import { OptionError } from '../errors.ts';
import { EventTable } from '../event-table.ts';
import type { Interactions } from '../interactions.ts';
import { Interner } from '../interner.ts';
import { columnBuilder } from '../table/builder.ts';
import type { Column } from '../table/column.ts';
import { KeyedTableBuilder } from '../table/keyed.ts';
import type { VocabularyBuilder } from '../table/vocabulary.ts';
import { type MemoryColumn, type MemoryTable, memoryColumns, memoryTable } from './memory-columns.ts';

export interface MemorySource {
  readonly name: string;
  /** One entry an event, in any order; numbers and strings are the same id when they print alike. */
  readonly users: ArrayLike<string | number>;
  readonly items: ArrayLike<string | number>;
  /** Seconds; without them events keep the order given and `hasTimestamps` is false. */
  readonly timestamps?: ArrayLike<number>;
  readonly ratings?: ArrayLike<number>;
  /** Further columns of the events, as many rows as `users`, in their order: what each holds and its values. */
  readonly columns?: Readonly<Record<string, MemoryColumn | Column>>;
  /** Roles of further columns: what the user did, what groups rows that were shown together, what a ranker learns. */
  readonly action?: string;
  readonly request?: string;
  readonly labels?: readonly string[];
  /** Items of the corpus, interacted with or not; default: those that occur. */
  readonly catalogue?: readonly { readonly item: string | number; title?: string; categories?: readonly string[] }[];
  /** Columns of users and of items, by id. Titles and categories of `catalogue` are columns of items already. */
  readonly userColumns?: MemoryTable;
  readonly itemColumns?: MemoryTable;
  readonly ties?: TieRule;
  readonly tieSeed?: number;
}

/**
 * A store from arrays in memory, the way in for data that a program already holds.
 *
 * @throws {OptionError} for arrays of different lengths, times or ratings that are no numbers,
 *   items not in the catalogue, a role whose column is not there
 */
export function interactionsFromArrays(source: MemorySource): Interactions {
  const { users, items, timestamps, ratings } = source;
  const action = source.action ?? (ratings === undefined ? undefined : 'rating');
  const operation = 'interactionsFromArrays';
  for (const key of ['items', 'timestamps', 'ratings'] as const) {
    const column = source[key];
    if (column !== undefined && column.length !== users.length) {
      throw new OptionError(operation, `expected ${users.length} ${key}, one a user; got ${column.length}`, { key });
    }
  }
  if (source.catalogue !== undefined && source.itemColumns !== undefined) {
    throw new OptionError(operation, 'expected catalogue or itemColumns; got both', {
      key: 'itemColumns',
      hint: 'titles (text) and categories (ids) can be columns of itemColumns',
    });
  }
  const vocabularies = new Map<string, VocabularyBuilder>();
  checkRoles(operation, source);
  const columns = memoryColumns(source.columns ?? {}, users.length, vocabularies);
  const listed = source.catalogue === undefined ? undefined : catalogueRows(source.catalogue);
  const itemIds = listed?.keys ?? new Interner();
  const table = new EventTable(ratings !== undefined, Math.max(1, users.length));
  const userIds = new Interner();
  for (let e = 0; e < users.length; e++) {
    const item = String(items[e]);
    const code = source.catalogue === undefined ? itemIds.intern(item) : itemIds.find(item);
    if (code === undefined) {
      throw new OptionError(operation, `expected items of the catalogue; got "${item}" at ${e}`, { key: 'items' });
    }
    const time = timestamps?.[e] ?? 0;
    const rating = ratings?.[e] ?? 0;
    // Ratings are kept as floats.
    if (!Number.isFinite(time) || !Number.isFinite(Math.fround(rating))) {
      const key = Number.isFinite(time) ? 'ratings' : 'timestamps';
      throw new OptionError(operation, `expected finite ${key}; got ${source[key]?.[e]} at ${e}`, { key });
    }
    table.push(userIds.intern(String(users[e])), code, time, rating);
  }
  return assembleInteractions({
    name: source.name,
    table,
    users: userIds.ids(),
    items: itemIds.ids(),
    ...(source.userColumns && { userRows: memoryTable(source.userColumns, vocabularies).build() }),
    ...(source.itemColumns && { itemRows: memoryTable(source.itemColumns, vocabularies).build() }),
    ...(listed === undefined ? {} : { itemRows: listed.build() }),
    columns,
    roles: {
      user: 'user',
      item: 'item',
      ...(timestamps === undefined ? {} : { time: 'time' }),
      ...(action === undefined ? {} : { action }),
      ...(ratings === undefined || action === 'rating' ? {} : { rating: 'rating' }),
      ...(source.request === undefined ? {} : { request: source.request }),
      labels: source.labels ?? [],
      ...(listed === undefined ? {} : { title: 'title', categories: 'categories' }),
    },
    ties: source.ties ?? 'file-order',
    tieSeed: source.tieSeed ?? 0,
    step: {
      name: 'read',
      detail: `Took ${users.length} events from memory.`,
      params: { format: 'memory' },
      counts: { rows: users.length, events: users.length, skipped: 0, items: itemIds.size },
    },
  });
}

/** @throws {OptionError} for a further column of a name that has a meaning, and a role whose column is not there */
function checkRoles(operation: string, source: MemorySource): void {
  const { columns = {}, action, request, labels = [] } = source;
  for (const name of Object.keys(columns)) {
    if (!['user', 'item', 'time', 'position', 'rating'].includes(name)) continue;
    const problem = `expected another name than user, item, time, position or rating for a further column; got ${name}`;
    throw new OptionError(operation, problem, { key: 'columns' });
  }
  for (const [key, names] of Object.entries({ action: [action], request: [request], labels })) {
    for (const name of names) {
      if (name === undefined || Object.hasOwn(columns, name)) continue;
      if (name === 'rating' && source.ratings !== undefined) continue;
      const known = Object.keys(columns).join(', ') || 'none';
      throw new OptionError(operation, `expected a further column for ${key}; got "${name}" of ${known}`, { key });
    }
  }
}

/** Titles and categories, an item a row; an item that stands twice is taken once. */
function catalogueRows(catalogue: NonNullable<MemorySource['catalogue']>): KeyedTableBuilder {
  const vocabularies = new Map<string, VocabularyBuilder>();
  const rows = new KeyedTableBuilder([
    columnBuilder('title', { kind: 'text' }, vocabularies),
    columnBuilder('categories', { kind: 'ids', separator: '\u0000' }, vocabularies),
  ]);
  for (const { item, title = '', categories = [] } of catalogue) {
    const problem = rows.add(String(item), [title, categories.join('\u0000')]);
    if (problem === undefined || problem.reason === 'repeated-id') continue;
    throw new OptionError('interactionsFromArrays', `item ${item}: ${problem.message}`, { key: 'catalogue' });
  }
  return rows;
}
