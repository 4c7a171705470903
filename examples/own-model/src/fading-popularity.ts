import { trainingEvents } from '@seqrec/data';
import type { BaselineDefinition } from '@seqrec/models';

/** Days after which an event counts half. */
const HALF_LIFE = 30;
const DAY = 86_400;

/**
 * Popularity that fades: the score of an item is the sum over its training events of `2^(-age / 30 days)`, ages counted
 * from the newest of them.
 */
export const fadingPopularity: BaselineDefinition = {
  name: 'own/fading-popularity',
  unfit: ({ interactions }) => (interactions.hasTimestamps ? undefined : 'does not apply to events without times'),
  fit(train) {
    const { itemIds, timestamps, numItems } = train.interactions;
    const counts = trainingEvents(train);
    let newest = Number.NEGATIVE_INFINITY;
    for (const [event, count] of counts.entries()) if (count > 0) newest = Math.max(newest, timestamps[event]);
    const scores = new Float64Array(numItems + 1);
    for (const [event, count] of counts.entries())
      scores[itemIds[event]] += count * 2 ** ((timestamps[event] - newest) / (HALF_LIFE * DAY));
    return {
      name: 'own/fading-popularity',
      description: `training events of the item, each half after ${HALF_LIFE} days.`,
      numItems,
      score: (_, out) => out.set(scores),
    };
  },
};
