import type { Interactions } from '../interactions.ts';
import { happenedRows } from './labels.ts';

/** The rows of users, as far as what is counted of events needs them. */
export type EventRows = Pick<
  Interactions,
  'hasTimestamps' | 'numUsers' | 'numItems' | 'numEvents' | 'userOffsets' | 'itemIds' | 'timestamps' | 'ratings'
>;

/** The rows that are events, without those that were drawn. */
export function happenedEvents(interactions: Interactions): EventRows {
  if (interactions.roles.event === undefined) return interactions;
  const { hasTimestamps, numUsers, numItems, userOffsets, itemIds, timestamps, ratings } = interactions;
  const happened = happenedRows(interactions);
  const isEvent = (_: number, row: number): boolean => happened[row] === 1;
  const before = new Int32Array(happened.length + 1);
  for (let row = 0; row < happened.length; row++) before[row + 1] = before[row] + happened[row];
  return {
    ...{ hasTimestamps, numUsers, numItems, numEvents: before[happened.length] },
    userOffsets: userOffsets.map((row) => before[row]),
    itemIds: itemIds.filter(isEvent),
    timestamps: timestamps.filter(isEvent),
    ...(ratings !== undefined && { ratings: ratings.filter(isEvent) }),
  };
}
