import type { Interactions } from '../interactions.ts';
import { type Column, isMissing, sameValue } from '../table/column.ts';

/**
 * Of a column of the events that the item determines, such as its category, an event of each item that has its value,
 * one without a value where no event of it has any, and -1 for an item without an event; shape `[numItems + 1]`.
 *
 * `undefined` for a column that differs within an item, and where that cannot be known: no item has two events with a
 * value, or all values are one, as those of a mark that is there or missing.
 */
export function eventOfItems(
  column: Column,
  { itemIds, numItems }: Pick<Interactions, 'itemIds' | 'numItems'>,
): Int32Array | undefined {
  const events = new Int32Array(numItems + 1).fill(-1);
  let first = -1;
  let [repeats, varies] = [false, false];
  for (const [event, item] of itemIds.entries()) {
    const known = events[item];
    if (known < 0 || isMissing(column, known)) {
      events[item] = event;
      if (isMissing(column, event)) continue;
      if (first < 0) first = event;
      else varies ||= !sameValue(column, first, event);
    } else if (!isMissing(column, event)) {
      if (!sameValue(column, known, event)) return undefined;
      repeats = true;
    }
  }
  return repeats && varies ? events : undefined;
}
