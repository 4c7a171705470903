import { createInteractions, positionColumn } from '../create-interactions.ts';
import { DataError } from '../errors.ts';
import { type IdMap, idMap } from '../ids.ts';
import type { Interactions, ProcessingStep } from '../interactions.ts';
import type { Column } from '../table/column.ts';
import type { Roles } from '../table/roles.ts';
import { takeColumn, takeRows } from '../table/take.ts';

export interface Selection {
  /** 1 for events that stay; shape [numEvents]. */
  readonly keep: Uint8Array;
  /** Items without an event leave the corpus too; otherwise the corpus is unchanged. */
  readonly dropItems: boolean;
  readonly name: string;
  readonly params: ProcessingStep['params'];
  /** Sentence about what was kept; the counts are added. */
  readonly detail: string;
  readonly counts?: ProcessingStep['counts'];
  /** Columns of the events that are added, a row for each event from before, and their roles. */
  readonly added?: { readonly columns: ReadonlyMap<string, Column>; readonly roles: Partial<Roles> };
}

/** The store of the events that stay, with dense ids renumbered; users without events leave. */
export function selectEvents(i: Interactions, selection: Selection): Interactions {
  const { keep, dropItems, added } = selection;
  const keptUsers: number[] = [];
  const offsets: number[] = [0];
  let events = 0;
  for (let u = 0; u < i.numUsers; u++) {
    const before = events;
    for (let e = i.userOffsets[u]; e < i.userOffsets[u + 1]; e++) events += keep[e];
    if (events === before) continue;
    keptUsers.push(u);
    offsets.push(events);
  }
  if (events === 0) {
    throw new DataError(
      selection.name,
      `expected some events to stay; got none of the ${i.numEvents} of ${i.name} (${JSON.stringify(selection.params)})`,
      { code: 'empty', hint: 'use weaker filters' },
    );
  }
  const itemOf = itemNumbers(i, keep, dropItems);
  const rows = new Int32Array(events);
  const positions = new Float64Array(i.hasTimestamps ? 0 : events);
  let at = 0;
  for (const u of keptUsers) {
    const first = at;
    for (let e = i.userOffsets[u]; e < i.userOffsets[u + 1]; e++) {
      if (keep[e] === 0) continue;
      if (!i.hasTimestamps) positions[at] = at - first;
      rows[at++] = e;
    }
  }
  const { kept } = itemOf;
  const counts = {
    events,
    droppedEvents: i.numEvents - events,
    droppedUsers: i.numUsers - keptUsers.length,
    droppedItems: i.numItems - kept.length,
    ...selection.counts,
  };
  const items = dropItems ? takeIds(i.items, kept, 1) : i.items;
  const columns = new Map<string, Column>();
  for (const [name, column] of [...i.events.columns, ...(added?.columns ?? [])]) {
    const taken = takeColumn(column, rows);
    columns.set(name, dropItems && taken.kind !== 'number' ? renumbered(taken, i.items, items, itemOf.number) : taken);
  }
  if (!i.hasTimestamps) columns.set(positionColumn, { kind: 'time', values: positions });
  return createInteractions({
    name: i.name,
    users: takeIds(i.users, keptUsers, 0),
    items,
    userOffsets: Int32Array.from(offsets),
    columns,
    userTable: takeRows(i.userTable, keptUsers),
    itemTable: dropItems ? takeRows(i.itemTable, kept) : i.itemTable,
    roles: { ...i.roles, ...added?.roles },
    hasTimestamps: i.hasTimestamps,
    steps: [
      ...i.steps,
      {
        name: selection.name,
        detail:
          `${selection.detail}: ${counts.droppedEvents} events, ${counts.droppedUsers} users and ` +
          `${counts.droppedItems} items were dropped.`,
        params: selection.params,
        counts,
      },
    ],
  });
}

/** Old item -> new item, and the positions (item - 1) of the items that stay. */
function itemNumbers(i: Interactions, keep: Uint8Array, dropItems: boolean): { number: Int32Array; kept: Int32Array } {
  const stays = new Uint8Array(i.numItems + 1).fill(dropItems ? 0 : 1);
  if (dropItems) for (let e = 0; e < i.numEvents; e++) if (keep[e] === 1) stays[i.itemIds[e]] = 1;
  const number = new Int32Array(i.numItems + 1);
  const kept: number[] = [];
  for (let item = 1; item <= i.numItems; item++) {
    if (stays[item] === 0) continue;
    kept.push(item - 1);
    number[item] = kept.length;
  }
  return { number, kept: Int32Array.from(kept) };
}

/** A column of items after items have left: those that left are none, and leave lists. */
function renumbered(column: Column, before: IdMap, ids: IdMap, number: Int32Array): Column {
  if (column.kind === 'id' && column.ids === before) {
    return { kind: 'id', values: column.values.map((item) => number[item]), ids };
  }
  if (column.kind !== 'ids' || column.ids !== before) return column;
  const offsets = new Int32Array(column.offsets.length);
  const values = column.values.map((item) => number[item]);
  for (let row = 0, end = 0; row + 1 < offsets.length; row++) {
    for (let at = column.offsets[row]; at < column.offsets[row + 1]; at++)
      if (values[at] > 0) values[end++] = values[at];
    offsets[row + 1] = end;
  }
  return { kind: 'ids', values: values.slice(0, offsets[offsets.length - 1]), offsets, ids };
}

function takeIds(ids: IdMap, positions: ArrayLike<number>, first: number): IdMap {
  return idMap(
    Array.from(positions, (position) => ids.external(position + ids.first)),
    first,
  );
}
