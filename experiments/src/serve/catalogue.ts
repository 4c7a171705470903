import type { Interactions } from '@seqrec/data';
import { type UserEvent, userEvent } from '@seqrec/models';

/** Items and users as the data of a run name them; scorers know items by dense ids. */
export interface Catalogue {
  /** Of the data: `ml-1m`. */
  readonly name: string;
  readonly digest: string;
  readonly numItems: number;
  dense(item: string): number | undefined;
  external(item: number): string;
  title(item: number): string | undefined;
  /** The history of a user of the data, oldest first. */
  history(user: string): readonly UserEvent[] | undefined;
  /** Whether times are seconds; else they are places in a history. */
  readonly hasTimes: boolean;
}

export function catalogueOf(interactions: Interactions): Catalogue {
  const { name, digest, numItems, items, users, userOffsets, itemIds, timestamps, ratings } = interactions;
  return {
    name,
    digest,
    numItems,
    dense: (item) => items.dense(item),
    external: (item) => items.external(item),
    title: (item) => interactions.catalogue?.title(item),
    history(user) {
      const number = users.dense(user);
      if (number === undefined) return undefined;
      const start = userOffsets[number];
      return Array.from({ length: userOffsets[number + 1] - start }, (_, i) =>
        userEvent(itemIds[start + i], timestamps[start + i], ratings?.[start + i]),
      );
    },
    hasTimes: interactions.hasTimestamps,
  };
}

/** The same without users: everybody begins with nothing. */
export function withoutUsers(catalogue: Catalogue): Catalogue {
  return { ...catalogue, history: () => undefined };
}
