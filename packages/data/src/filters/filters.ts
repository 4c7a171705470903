import { OptionError } from '../errors.ts';
import type { Interactions } from '../interactions.ts';
import { selectEvents } from './select.ts';

function checkCount(operation: string, key: string, value: number): void {
  if (Number.isInteger(value) && value >= 1) return;
  throw new OptionError(operation, `expected ${key} of 1 or more; got ${value}`, { key });
}

/**
 * Keeps events rated at least `rating`. The corpus stays: an item nobody likes can still be recommended.
 *
 * @throws {OptionError} when there are no ratings
 */
export function minRating(i: Interactions, options: { readonly rating: number }): Interactions {
  const { rating } = options;
  if (i.ratings === undefined) {
    throw new OptionError('minRating', `expected ratings; got none in ${i.name}`, {
      key: 'rating',
      hint: 'name the column of the ratings (--data.columns.rating), or leave --data.minRating out',
    });
  }
  if (!Number.isFinite(rating)) {
    throw new OptionError('minRating', `expected a finite rating; got ${rating}`, { key: 'rating' });
  }
  // Ratings are kept as floats: 3.3 must reach 3.3.
  const least = Math.fround(rating);
  const keep = Uint8Array.from(i.ratings, (value) => (value >= least ? 1 : 0));
  return selectEvents(i, {
    keep,
    dropItems: false,
    name: 'minRating',
    params: { rating },
    detail: `Kept events rated ${rating} or more`,
  });
}

/**
 * Removes repetitions: of (user, item, time) with `by: 'event'`, the default, or of (user, item) with `by: 'item'`,
 * which keeps the `first` (default) or `last` event of each item.
 */
export function dedupe(
  i: Interactions,
  options: { readonly by?: 'event' | 'item'; readonly keep?: 'first' | 'last' } = {},
): Interactions {
  const { by = 'event', keep: which = 'first' } = options;
  // Without times, positions stand for them and no two events are the same.
  if (by === 'event' && i.hasTimestamps === false) {
    throw new OptionError('dedupe', "expected times to compare events by; got none; use by: 'item'", { key: 'by' });
  }
  const keep = new Uint8Array(i.numEvents);
  const seen = new Map<number, number>();
  for (let u = 0; u < i.numUsers; u++) {
    const start = i.userOffsets[u];
    const end = i.userOffsets[u + 1];
    seen.clear();
    for (let step = 0; step < end - start; step++) {
      const e = which === 'first' ? start + step : end - 1 - step;
      const item = i.itemIds[e];
      const time = i.timestamps[e];
      // Equal times are neighbours, so the latest time seen with an item decides.
      const repeated = by === 'item' ? seen.has(item) : seen.get(item) === time;
      seen.set(item, time);
      keep[e] = repeated ? 0 : 1;
    }
  }
  return selectEvents(i, {
    keep,
    dropItems: false,
    name: 'dedupe',
    params: { by, keep: which },
    detail: by === 'event' ? 'Kept one of each user, item and time' : `Kept the ${which} event of each user and item`,
  });
}

/** Keeps users with at least `length` events; the corpus stays. */
export function minLength(i: Interactions, options: { readonly length: number }): Interactions {
  const { length } = options;
  checkCount('minLength', 'length', length);
  const keep = new Uint8Array(i.numEvents);
  for (let u = 0; u < i.numUsers; u++) {
    const start = i.userOffsets[u];
    const end = i.userOffsets[u + 1];
    if (end - start >= length) keep.fill(1, start, end);
  }
  return selectEvents(i, {
    keep,
    dropItems: false,
    name: 'minLength',
    params: { length },
    detail: `Kept users with ${length} events or more`,
  });
}

/**
 * k-core: users with at least `users` events and items with at least `items` events, repeated until nothing changes.
 *
 * Items that leave the data leave the corpus. `iterate: false` counts once, on the raw data, and keeps rows whose
 * user and item both pass: the preparation of Amazon Books in `facebookresearch/generative-recommenders`, followed
 * there by dropping short users (`minLength`).
 */
export function kCore(
  i: Interactions,
  options: { readonly users: number; readonly items: number; readonly iterate?: boolean },
): Interactions {
  const { users, items, iterate = true } = options;
  checkCount('kCore', 'users', users);
  checkCount('kCore', 'items', items);
  const keep = new Uint8Array(i.numEvents).fill(1);
  let rounds = 0;
  for (let changed = true; changed; ) {
    changed = false;
    rounds++;
    const perItem = new Int32Array(i.numItems + 1);
    const perUser = new Int32Array(i.numUsers);
    for (let u = 0; u < i.numUsers; u++) {
      for (let e = i.userOffsets[u]; e < i.userOffsets[u + 1]; e++) {
        perUser[u] += keep[e];
        perItem[i.itemIds[e]] += keep[e];
      }
    }
    for (let u = 0; u < i.numUsers; u++) {
      for (let e = i.userOffsets[u]; e < i.userOffsets[u + 1]; e++) {
        if (keep[e] === 1 && (perUser[u] < users || perItem[i.itemIds[e]] < items)) {
          keep[e] = 0;
          changed = iterate;
        }
      }
    }
  }
  return selectEvents(i, {
    keep,
    dropItems: true,
    name: 'kCore',
    params: { users, items, iterate },
    detail: `Kept users with ${users} and items with ${items} events or more (${rounds} ${rounds === 1 ? 'round' : 'rounds'})`,
    counts: { rounds },
  });
}
