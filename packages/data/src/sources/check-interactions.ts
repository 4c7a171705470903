import { DataError } from '../errors.ts';
import type { Interactions } from '../interactions.ts';

/**
 * That a store whose maker is not known here holds together: events by user, then time, of items that there are.
 *
 * @throws DataError `bad-source` naming the source and the first event or user that is out of place
 */
export function checkInteractions(source: string, i: Interactions): void {
  const wrong = problemOf(i);
  if (wrong === undefined) return;
  throw new DataError(
    'readSource',
    `expected interactions that hold together from the source '${source}'; got ${wrong}`,
    {
      code: 'bad-source',
      hint: 'interactionsFromArrays makes them of arrays',
    },
  );
}

function problemOf(i: Interactions): string | undefined {
  const { numUsers, numItems, numEvents, userOffsets, itemIds, timestamps } = i;
  if (userOffsets?.length !== numUsers + 1) return `${userOffsets?.length} userOffsets of ${numUsers} users`;
  if (itemIds?.length !== numEvents || timestamps?.length !== numEvents)
    return `${itemIds?.length} itemIds and ${timestamps?.length} timestamps of ${numEvents} events`;
  if (userOffsets[0] !== 0 || userOffsets[numUsers] !== numEvents)
    return `userOffsets from ${userOffsets[0]} to ${userOffsets[numUsers]} of ${numEvents} events`;
  for (let u = 0; u < numUsers; u++) {
    if (userOffsets[u] > userOffsets[u + 1])
      return `user ${u} with the events ${userOffsets[u]} up to ${userOffsets[u + 1]}`;
  }
  for (let u = 0; u < numUsers; u++) {
    const [begin, end] = [userOffsets[u], userOffsets[u + 1]];
    for (let e = begin; e < end; e++) {
      if (!(itemIds[e] >= 1 && itemIds[e] <= numItems))
        return `event ${e} of item ${itemIds[e]}, where items are 1 to ${numItems}`;
      if (!Number.isFinite(timestamps[e])) return `event ${e} at the time ${timestamps[e]}`;
      if (e > begin && timestamps[e] < timestamps[e - 1])
        return `event ${e} at ${timestamps[e]}, after one of the same user at ${timestamps[e - 1]}`;
    }
  }
  return undefined;
}
