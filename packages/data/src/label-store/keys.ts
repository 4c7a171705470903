import type { Interactions } from '../interactions.ts';

/** The rows of a store, whatever the data set around them: who, what, when, and which of several alike. */
export interface EventKey {
  readonly user: string;
  readonly item: string;
  /** Seconds; where there are no times the place in the user's history. */
  readonly time: number;
  /** How many events of this user, item and time come before it. */
  readonly nth: number;
}

/** The key of every event, in their order. */
export function* eventKeys({
  users,
  items,
  itemIds,
  timestamps,
  userOffsets,
  numUsers,
}: Interactions): Generator<EventKey> {
  for (let u = 0; u < numUsers; u++) {
    const user = users.external(u);
    // Events are in the order of time, so that equal ones are neighbours but for other items of the same time.
    let alike = new Map<number, number>();
    for (let e = userOffsets[u]; e < userOffsets[u + 1]; e++) {
      if (e > userOffsets[u] && timestamps[e] !== timestamps[e - 1]) alike = new Map();
      const nth = alike.get(itemIds[e]) ?? 0;
      alike.set(itemIds[e], nth + 1);
      yield { user, item: items.external(itemIds[e]), time: timestamps[e], nth };
    }
  }
}

/** Values by key; a map by user each, since one of all rows could hold no more than 2^24. */
export class ByKey<V> {
  readonly #users = new Map<string, Map<string, V>>();

  set({ user, ...rest }: EventKey, value: V): void {
    let own = this.#users.get(user);
    if (own === undefined) {
      own = new Map();
      this.#users.set(user, own);
    }
    own.set(restText(rest), value);
  }

  get({ user, ...rest }: EventKey): V | undefined {
    return this.#users.get(user)?.get(restText(rest));
  }
}

function restText({ item, time, nth }: Omit<EventKey, 'user'>): string {
  return JSON.stringify([item, time, nth]);
}

/** The columns of a store that are no labels. */
export const storeColumns: readonly string[] = [
  'user',
  'item',
  'time',
  'nth',
  'trained_to',
  'trained_on',
  'day',
  'teacher',
];
