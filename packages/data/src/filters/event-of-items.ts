import type { Interactions } from '../interactions.ts';
import { type Column, isMissing, sameValue } from '../table/column.ts';

/**
 * Of a column of the events that the item determines, such as its category, an event of each item that has its value,
 * one without a value where no event of it has any, and -1 for an item without an event; shape `[numItems + 1]`.
 *
 * `undefined` for a column that differs within an item, and where no item has two events with a value to compare.
 */
export function eventOfItems(
  column: Column,
  { itemIds, numItems }: Pick<Interactions, 'itemIds' | 'numItems'>,
): Int32Array | undefined {
  const events = new Int32Array(numItems + 1).fill(-1);
  let repeated = false;
  for (const [event, item] of itemIds.entries()) {
    const known = events[item];
    if (known < 0 || isMissing(column, known)) events[item] = event;
    else if (!isMissing(column, event)) {
      if (!sameValue(column, known, event)) return undefined;
      repeated = true;
    }
  }
  return repeated ? events : undefined;
}
