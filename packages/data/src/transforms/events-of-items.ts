import { trainingEvents } from '../splits/histories.ts';
import type { Split } from '../splits/split.ts';
import { takenEvents } from './taken-events.ts';

/**
 * Training events of each item, item 1 first, shape `[numItems]`: of sequences the events that are histories or
 * targets, of rows those that train and whose label, where there is one, is above 0.
 */
export function eventsOfItems(split: Pick<Split, 'train' | 'examples'>): Int32Array {
  const { itemIds, numItems } = split.train.interactions;
  const counts = new Int32Array(numItems);
  for (const [event, once] of trainingEvents(takenEvents(split)).entries())
    if (once === 1) counts[itemIds[event] - 1]++;
  return counts;
}
