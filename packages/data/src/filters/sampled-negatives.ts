import { counterRandom } from '../counter-random.ts';
import { createInteractions, positionColumn } from '../create-interactions.ts';
import { OptionError } from '../errors.ts';
import { idMap } from '../ids.ts';
import type { Interactions } from '../interactions.ts';
import { partitionPoint } from '../partition-point.ts';
import type { Column } from '../table/column.ts';
import { takeColumn } from '../table/take.ts';
import { eventOfItems } from './event-of-items.ts';

/** Which items are drawn for an event: all, or those with an event at its time or before. */
export const negativeSources = ['all', 'opened'] as const;

export interface SampledNegativesOptions {
  readonly perPositive: number;
  /** Default `all`. */
  readonly among?: (typeof negativeSources)[number];
  /** Default 0. */
  readonly seed?: number;
  /** Of the new label; default `label`. */
  readonly name?: string;
}

const OPERATION = 'withSampledNegatives';
/** The column of the role `request`: an event and what was drawn for it. */
const SHOWN = 'shown';
/** Draws until an item is found that the user has not: beyond, the user has almost all. */
const MOST_DRAWS = 1000;

/**
 * Each event as a positive row, label 1, followed by rows of label 0: `perPositive` items drawn uniformly among those
 * that the user has no event with, whenever that is, at the same time. Drawn among all items, new ones are in earlier
 * rows with label 0 alone, and a model that is split by time learns that nobody wants them: `opened` leaves out items
 * whose first event is later, but where the user has all others, when the next one to open is taken.
 *
 * The rows of one event share a request, the column `shown`. What is known after an event (its action, labels, columns
 * declared so) is missing in the rows that were drawn. A column that the item determines ({@link eventOfItems}) has the
 * value of each row's own item: that of the positive beside another item would tell drawn rows apart. Other columns of
 * the event are those of the positive. Users and items keep their numbers, and the draws of an event depend on the
 * seed, its place and what is drawn among alone.
 *
 * @throws {OptionError} for a number that is none, a name that is taken, `opened` without times, and a user with an
 *   event of every item
 */
export function withSampledNegatives(i: Interactions, options: SampledNegativesOptions): Interactions {
  const { perPositive, seed = 0, name = 'label', among = 'all' } = options;
  if (!Number.isInteger(perPositive) || perPositive < 1)
    throw new OptionError(OPERATION, `expected perPositive of 1 or more; got ${perPositive}`, { key: 'perPositive' });
  for (const taken of [name, SHOWN]) {
    if (taken !== i.roles.user && !i.events.columns.has(taken)) continue;
    throw new OptionError(OPERATION, `expected a name that no column of the events has; got ${taken}`, { key: 'name' });
  }
  if (among === 'opened' && i.hasTimestamps === false)
    throw new OptionError(OPERATION, `expected times, which say when items open; got none in ${i.name}`, {
      key: 'among',
    });
  const each = 1 + perPositive;
  const { order, open } =
    among === 'opened'
      ? openings(i)
      : { order: Int32Array.from({ length: i.numItems }, (_, at) => at + 1), open: undefined };
  const total = i.numEvents * each;
  const random = counterRandom(seed, 'sampled negatives', 'item');
  const source = new Int32Array(total);
  const items = new Int32Array(total);
  const shown = new Int32Array(total);
  const label = new Float32Array(total);
  for (let u = 0; u < i.numUsers; u++) {
    const own = new Set(i.itemIds.subarray(i.userOffsets[u], i.userOffsets[u + 1]));
    for (let e = i.userOffsets[u]; e < i.userOffsets[u + 1]; e++) {
      source.fill(e, e * each, (e + 1) * each);
      shown.fill(e + 1, e * each, (e + 1) * each);
      items[e * each] = i.itemIds[e];
      label[e * each] = 1;
      const from = { event: e, own, count: open?.[e] ?? i.numItems, order };
      for (let n = 1; n < each; n++) {
        const item = otherItem(random, n, from);
        if (item === undefined)
          throw new OptionError(
            OPERATION,
            `expected items that user ${i.users.external(u)} has no event with; got none`,
            {
              key: 'perPositive',
              hint: 'use data with more items',
            },
          );
        items[e * each + n] = item;
      }
    }
  }
  const { roles } = i;
  const { labels, labelSources = [], action, rating } = roles;
  const after = new Set([action, rating, ...labels, ...labelSources, ...(roles.after ?? [])]);
  const ofRequest = new Set([roles.time ?? positionColumn, roles.request, roles.part]);
  const happened = source.map((event, row) => (row % each === 0 ? event : -1));
  const columns = new Map<string, Column>();
  const ofItems: string[] = [];
  for (const [of, column] of i.events.columns) {
    if (of === roles.item) columns.set(of, { ...takeColumn(column, source), values: items } as Column);
    else if (after.has(of)) columns.set(of, takeColumn(column, happened));
    else {
      const known = ofRequest.has(of) ? undefined : eventOfItems(column, i);
      if (known !== undefined) ofItems.push(of);
      // An item without an event is in drawn rows alone: no value at all would tell them apart.
      const rows = known && items.map((item, row) => (known[item] < 0 ? source[row] : known[item]));
      columns.set(of, takeColumn(column, rows ?? source));
    }
  }
  columns.set(name, { kind: 'number', width: 1, values: label });
  const numbers = Array.from({ length: i.numEvents }, (_, e) => String(e + 1));
  columns.set(SHOWN, { kind: 'id', values: shown, ids: idMap(numbers, 1) });
  const followed =
    ofItems.length === 0 ? '' : `; ${ofItems.join(', ')}, the same in all events of an item, as of theirs`;
  const { digest: _, ...parts } = i;
  return createInteractions({
    ...parts,
    columns,
    userOffsets: i.userOffsets.map((offset) => offset * each),
    roles: { ...roles, labels: [name, ...roles.labels], event: name, request: SHOWN },
    steps: [
      ...i.steps,
      {
        name: 'sampled-negatives',
        detail: `Each of ${i.numEvents} events as a row of label 1, with ${perPositive} rows of label 0 of items drawn uniformly among those that its user has no event with${among === 'all' ? '' : ' and that are open by then'} (seed ${seed})${followed}.`,
        params: { perPositive, seed, label: name, ...(among !== 'all' && { among }) },
        counts: { events: total, positives: i.numEvents },
      },
    ],
  });
}

/** Items in the order of their first events, and of each event how many of them have one at its time or before. */
function openings({ itemIds, timestamps, numItems }: Interactions): { order: Int32Array; open: Int32Array } {
  const first = new Float64Array(numItems + 1).fill(Number.POSITIVE_INFINITY);
  for (const [e, item] of itemIds.entries()) first[item] = Math.min(first[item], timestamps[e]);
  const order = Int32Array.from({ length: numItems }, (_, at) => at + 1).sort((a, b) => first[a] - first[b] || a - b);
  const times = Float64Array.from(order, (item) => first[item]);
  return {
    order,
    open: Int32Array.from(timestamps, (time) => partitionPoint(0, times.length, (at) => times[at] <= time)),
  };
}

/** What is drawn from: the first `count` items in an order, but for the user's own. */
interface Drawn {
  readonly event: number;
  readonly own: ReadonlySet<number>;
  readonly count: number;
  readonly order: Int32Array;
}

/** Where all of the first are the user's own, the next one that is free; nothing where none is. */
function otherItem(
  random: ReturnType<typeof counterRandom>,
  n: number,
  { event, own, count, order }: Drawn,
): number | undefined {
  for (let draw = 0; draw < MOST_DRAWS; draw++) {
    const item = order[random.integer(count, event, n * MOST_DRAWS + draw)];
    if (!own.has(item)) return item;
  }
  // Of a user who has nearly all of them.
  const first = random.integer(count, event, (n + 1) * MOST_DRAWS - 1);
  for (let step = 0; step < order.length; step++) {
    const item = order[step < count ? (first + step) % count : step];
    if (!own.has(item)) return item;
  }
  return undefined;
}
