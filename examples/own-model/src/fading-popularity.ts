import { trainingEvents } from '@seqrec/data';
import type { BaselineDefinition } from '@seqrec/models';
import { z } from 'zod';

const DAY = 86_400;

const schema = z.strictObject({
  halfLife: z.number().positive().default(30).describe('Days after which an event counts half.'),
});

/**
 * Popularity that fades: the score of an item is the sum over its training events of `2^(-age / halfLife)`, ages
 * counted in days from the newest of them.
 */
export const fadingPopularity: BaselineDefinition<z.output<typeof schema>> = {
  name: 'own/fading-popularity',
  settings: { key: 'fadingPopularity', schema, tries: { halfLife: [7, 30, 90] } },
  unfit: ({ interactions }) => (interactions.hasTimestamps ? undefined : 'does not apply to events without times'),
  fit(train, { settings: { halfLife } }) {
    const { itemIds, timestamps, numItems } = train.interactions;
    const trains = trainingEvents(train);
    let newest = Number.NEGATIVE_INFINITY;
    for (const [event, is] of trains.entries()) if (is === 1) newest = Math.max(newest, timestamps[event]);
    const scores = new Float64Array(numItems + 1);
    for (const [event, is] of trains.entries())
      scores[itemIds[event]] += is * 2 ** ((timestamps[event] - newest) / (halfLife * DAY));
    return {
      name: 'own/fading-popularity',
      description: `training events of the item, each half after ${halfLife} days.`,
      numItems,
      score: (_, out) => out.set(scores),
    };
  },
};
