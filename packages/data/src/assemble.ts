import { createInteractions, positionColumn } from './create-interactions.ts';
import { DataError } from './errors.ts';
import type { EventTable } from './event-table.ts';
import { ascendingOrder, orderedIdMap } from './ids.ts';
import type { Interactions, ProcessingStep } from './interactions.ts';
import type { ExternalIds } from './interner.ts';
import { type RandomSource, randomSource, shuffleRange } from './random.ts';
import { sortPositions } from './sorting.ts';
import type { Column } from './table/column.ts';
import { type Joined, joinById, type KeyedTable } from './table/keyed.ts';
import type { Roles } from './table/roles.ts';
import { takeColumn } from './table/take.ts';
import { type Vocabulary, vocabularyOf } from './table/vocabulary.ts';

/**
 * What to do with events of one user that share a time: keep the order of the file, or shuffle them. Or sort them by
 * item, in one order by chance that is the same for all users: what a file does that was once sorted by item.
 *
 * Data with day resolution (Amazon) keeps, inside a day, an order that is not the order of events and that leaks
 * co-occurrence; shuffling removes it, `by-item` shows what it is worth.
 */
export const tieRules = ['file-order', 'shuffle', 'by-item'] as const;
export type TieRule = (typeof tieRules)[number];

export interface AssembleOptions {
  readonly name: string;
  readonly table: EventTable;
  /** External ids by interner code. */
  readonly users: ExternalIds;
  readonly items: ExternalIds | Vocabulary;
  /** What the columns of the events, users and items are for; `time` is there when the events have times. */
  readonly roles: Roles;
  /** Name of the column of ratings, where the table has them; default `rating`. */
  readonly ratingColumn?: string;
  /** Further columns of the events, in the order of the file. */
  readonly columns?: ReadonlyMap<string, Column>;
  /** Rows of users and of items, joined by id. */
  readonly userRows?: KeyedTable;
  readonly itemRows?: KeyedTable;
  readonly ties: TieRule;
  readonly tieSeed: number;
  /** The reader's step; the sort step is added here. */
  readonly step: ProcessingStep;
}

/** Table of codes -> store sorted by user, time, file order, with dense ids in ascending order of the external ids. */
export function assembleInteractions(options: AssembleOptions): Interactions {
  const { table, ties, tieSeed, roles } = options;
  if (table.length === 0) throw new DataError('assembleInteractions', 'expected events; got none', { code: 'empty' });
  const hasTimestamps = roles.time !== undefined;
  const userOrder = ascendingOrder(options.users);
  const users = orderedIdMap(options.users, userOrder, 0);
  const { ids: items, denseOf } = 'ids' in options.items ? options.items : vocabularyOf(options.items);
  const further = options.columns ?? new Map<string, Column>();
  const sorted = groupByUser(table, inverse(userOrder), denseOf, further.size > 0);
  const { userOffsets, itemIds, timestamps, ratings, rows } = sorted;
  // Without times the position in the sequence is the time, so nothing is left to sort and nothing ties.
  const tied = hasTimestamps ? sortByTime(sorted, ties, tieSeed) : numberPositions(sorted);
  const duplicates = hasTimestamps ? countDuplicates(userOffsets, itemIds, timestamps) : 0;
  const columns = new Map<string, Column>([
    [roles.item, { kind: 'id', values: itemIds, ids: items }],
    [roles.time ?? positionColumn, { kind: 'time', values: timestamps }],
  ]);
  if (ratings !== undefined)
    columns.set(options.ratingColumn ?? 'rating', { kind: 'number', values: ratings, width: 1 });
  if (rows !== undefined) for (const [name, column] of further) columns.set(name, takeColumn(column, rows));
  const ofUsers = joinById(users, options.userRows);
  const ofItems = joinById(items, options.itemRows);
  return createInteractions({
    name: options.name,
    users,
    items,
    userOffsets,
    columns,
    userTable: ofUsers.table,
    itemTable: ofItems.table,
    roles,
    hasTimestamps,
    steps: [
      options.step,
      ...joinSteps('users', options.userRows, ofUsers),
      ...joinSteps('items', options.itemRows, ofItems),
      sortStep(options, hasTimestamps, tied, duplicates),
    ],
  });
}

/** What a join left open; nothing where every id has its row and every row its id. */
function joinSteps(name: 'users' | 'items', keyed: KeyedTable | undefined, joined: Joined): ProcessingStep[] {
  const { without, unused, table } = joined;
  if (keyed === undefined || (without === 0 && unused === 0)) return [];
  return [
    {
      name: 'join',
      detail:
        `Joined the rows of ${name} by id: ${without} of ${table.rows} ${name} have none and miss its values; ` +
        `${unused} rows are of ${name} that do not occur, and are left out.`,
      params: { table: name },
      counts: { rows: keyed.keys.size, without, unused },
    },
  ];
}

function sortStep(options: AssembleOptions, hasTimestamps: boolean, tied: number, duplicates: number): ProcessingStep {
  const events = options.table.length;
  const share = ((100 * tied) / events).toFixed(1);
  const { ties, tieSeed } = options;
  const rule = {
    'file-order': 'kept in the order of the file',
    shuffle: `shuffled with seed ${tieSeed}`,
    'by-item': `sorted by item, in an order by chance with seed ${tieSeed} that is the same for all users`,
  }[ties];
  const detail = hasTimestamps
    ? `Sorted by user, then time; ${tied} events (${share} %) share a time with an earlier event of their user, ` +
      `ties are ${rule}; ${duplicates} rows repeat an earlier user, item and time and are kept.`
    : 'Grouped by user in the order of the file; there are no times, the position in the sequence stands for them.';
  return {
    name: 'sort',
    detail,
    params: ties === 'file-order' ? { ties } : { ties, tieSeed },
    counts: { events, tied, duplicates },
  };
}

function inverse(order: Uint32Array): Uint32Array {
  const rank = new Uint32Array(order.length);
  for (let i = 0; i < order.length; i++) rank[order[i]] = i;
  return rank;
}

/** The event columns, by user; `userOffsets` says where each user's events are. */
interface EventColumns {
  readonly userOffsets: Int32Array;
  readonly itemIds: Int32Array;
  readonly timestamps: Float64Array;
  readonly ratings?: Float32Array;
  /** The row of the file that each event was; only where further columns follow. */
  readonly rows?: Int32Array;
}

/** Rows from which users are sorted in two steps: below, all of the columns are near each other anyway. */
const manyRows = 1 << 20;
/** Groups of users in the first step: as many places are written to at once, each of them row after row. */
const groups = 256;

/**
 * A counting sort by user, which keeps the order of the file: one pass that counts, one that moves. Many rows are first
 * moved to groups of neighbouring users, since every row of a large table else waits for memory.
 */
function groupByUser(table: EventTable, userOf: Uint32Array, itemOf: Int32Array, withRows: boolean): EventColumns {
  const { users, length } = table;
  const userOffsets = new Int32Array(userOf.length + 1);
  // By code, so that a row needs one look-up.
  const counts = new Int32Array(userOf.length);
  for (let e = 0; e < length; e++) counts[users[e]]++;
  for (let code = 0; code < userOf.length; code++) userOffsets[userOf[code] + 1] = counts[code];
  for (let u = 0; u < userOf.length; u++) userOffsets[u + 1] += userOffsets[u];
  const rows = { users, items: table.items, times: table.times, ratings: table.ratings, order: undefined };
  const near = length < manyRows ? rows : nearUsers(table, userOf, userOffsets, withRows);
  const next = new Int32Array(userOf.length);
  for (let code = 0; code < userOf.length; code++) next[code] = userOffsets[userOf[code]];
  return { userOffsets, ...moved(near, length, next, itemOf, withRows) };
}

/** Rows in some order; `order` says which row of the file each is. */
interface Rows extends Pick<EventTable, 'users' | 'items' | 'times' | 'ratings'> {
  readonly order: Int32Array | undefined;
}

/** The rows by groups of neighbouring users, in the order of the file inside of each. */
function nearUsers(table: EventTable, userOf: Uint32Array, userOffsets: Int32Array, withRows: boolean): Rows {
  const { users, items, times, ratings, length } = table;
  const width = Math.ceil(userOf.length / groups);
  const groupOf = Uint8Array.from(userOf, (user) => user / width);
  const next = Int32Array.from({ length: groups }, (_, g) => userOffsets[Math.min(g * width, userOf.length)]);
  const near = {
    users: new Int32Array(length),
    items: new Int32Array(length),
    times: new Float64Array(length),
    ratings: ratings && new Float32Array(length),
    order: withRows ? new Int32Array(length) : undefined,
  };
  for (let e = 0; e < length; e++) {
    const at = next[groupOf[users[e]]]++;
    near.users[at] = users[e];
    near.items[at] = items[e];
    near.times[at] = times[e];
    if (near.ratings !== undefined && ratings !== undefined) near.ratings[at] = ratings[e];
    if (near.order !== undefined) near.order[at] = e;
  }
  return near;
}

/** Moves rows to where the events of their user are next. */
function moved(
  { users, items, times, ratings, order }: Rows,
  length: number,
  next: Int32Array,
  itemOf: Int32Array,
  withRows: boolean,
): Omit<EventColumns, 'userOffsets'> {
  const itemIds = new Int32Array(length);
  const timestamps = new Float64Array(length);
  const sortedRatings = ratings && new Float32Array(length);
  const rows = withRows ? new Int32Array(length) : undefined;
  for (let e = 0; e < length; e++) {
    const at = next[users[e]]++;
    itemIds[at] = itemOf[items[e]];
    timestamps[at] = times[e];
    if (sortedRatings !== undefined && ratings !== undefined) sortedRatings[at] = ratings[e];
    if (rows !== undefined) rows[at] = order === undefined ? e : order[e];
  }
  return { itemIds, timestamps, ...(sortedRatings && { ratings: sortedRatings }), ...(rows && { rows }) };
}

function numberPositions({ userOffsets, timestamps }: EventColumns): number {
  for (let u = 0; u + 1 < userOffsets.length; u++) {
    for (let at = userOffsets[u]; at < userOffsets[u + 1]; at++) timestamps[at] = at - userOffsets[u];
  }
  return 0;
}

/** Sorts the events of every user by time, in place; returns how many share a time with an earlier one. */
function sortByTime(columns: EventColumns, ties: TieRule, tieSeed: number): number {
  const { userOffsets, itemIds, timestamps, ratings, rows } = columns;
  const random = randomSource(tieSeed, 'ties');
  const placeOf = ties === 'by-item' ? placesOfItems(itemIds, random) : undefined;
  let longest = 0;
  for (let u = 0; u + 1 < userOffsets.length; u++) longest = Math.max(longest, userOffsets[u + 1] - userOffsets[u]);
  const order = new Uint32Array(longest);
  const scratch = new Uint32Array(longest);
  const moved = new Float64Array(longest);
  let tied = 0;
  for (let u = 0; u + 1 < userOffsets.length; u++) {
    const from = userOffsets[u];
    const count = userOffsets[u + 1] - from;
    let ascending = true;
    for (let at = from + 1; at < from + count && ascending; at++) ascending = timestamps[at] >= timestamps[at - 1];
    if (ascending) for (let i = 0; i < count; i++) order[i] = i;
    else sortPositions(timestamps, from, count, order, scratch);
    let changed = false;
    for (let start = 0; start < count; ) {
      let end = start + 1;
      while (end < count && timestamps[from + order[end]] === timestamps[from + order[start]]) end++;
      tied += end - start - 1;
      if (ties !== 'file-order' && end - start > 1) {
        if (placeOf === undefined) shuffleRange(order, start, end, random);
        else
          order.subarray(start, end).sort((a, b) => placeOf[itemIds[from + a]] - placeOf[itemIds[from + b]] || a - b);
        changed = true;
      }
      start = end;
    }
    if (ascending && !changed) continue;
    reorder(itemIds, from, count, order, moved);
    reorder(timestamps, from, count, order, moved);
    if (ratings !== undefined) reorder(ratings, from, count, order, moved);
    if (rows !== undefined) reorder(rows, from, count, order, moved);
  }
  return tied;
}

/** The place of every item in an order by chance. */
function placesOfItems(itemIds: Int32Array, random: RandomSource): Int32Array {
  const places = Int32Array.from({ length: itemIds.reduce((most, id) => Math.max(most, id), 0) + 1 }, (_, id) => id);
  shuffleRange(places, 0, places.length, random);
  return places;
}

/** `column[from + i]` becomes the old `column[from + order[i]]`; doubles hold every column's values exactly. */
function reorder(
  column: Int32Array | Float64Array | Float32Array,
  from: number,
  count: number,
  order: Uint32Array,
  moved: Float64Array,
): void {
  for (let i = 0; i < count; i++) moved[i] = column[from + order[i]];
  for (let i = 0; i < count; i++) column[from + i] = moved[i];
}

/** Events that repeat an earlier (user, item, time). */
export function countDuplicates(userOffsets: Int32Array, itemIds: Int32Array, timestamps: Float64Array): number {
  let duplicates = 0;
  for (let u = 0; u + 1 < userOffsets.length; u++) {
    const to = userOffsets[u + 1];
    for (let start = userOffsets[u]; start < to; ) {
      let end = start + 1;
      while (end < to && timestamps[end] === timestamps[start]) end++;
      if (end - start > 1) duplicates += end - start - new Set(itemIds.subarray(start, end)).size;
      start = end;
    }
  }
  return duplicates;
}
