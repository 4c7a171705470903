import type { Interactions } from '../interactions.ts';
import { kCore } from './filters.ts';
import { selectEvents } from './select.ts';

/**
 * Of neighbouring events of a user with the same item keeps the first: `a a b b a` becomes `a b a`. The corpus stays.
 *
 * Source: the preparation of `monkey0head/time-to-split` (RecSys 2025, arXiv:2507.16289).
 */
export function dropRepeats(i: Interactions): Interactions {
  const keep = new Uint8Array(i.numEvents);
  for (let u = 0; u < i.numUsers; u++) {
    let before = 0;
    for (let e = i.userOffsets[u]; e < i.userOffsets[u + 1]; e++) {
      keep[e] = i.itemIds[e] === before ? 0 : 1;
      before = i.itemIds[e];
    }
  }
  return selectEvents(i, {
    keep,
    dropItems: false,
    name: 'dropRepeats',
    params: {},
    detail: 'Of neighbouring events with the same item kept the first',
  });
}

/**
 * {@link dropRepeats} and {@link kCore} in turn until nothing changes: an item that leaves makes neighbours of events
 * that were apart.
 *
 * @throws {OptionError} for a count below 1
 */
export function kCoreWithoutRepeats(
  interactions: Interactions,
  { users, items }: { readonly users: number; readonly items: number },
): Interactions {
  for (let current = interactions; ; ) {
    const next = kCore(dropRepeats(current), { users, items });
    if (next.numEvents === current.numEvents) return next;
    current = next;
  }
}
