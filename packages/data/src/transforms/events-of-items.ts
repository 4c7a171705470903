import { labelOf, positiveEvents } from '../examples/labels.ts';
import { trainingEvents } from '../splits/histories.ts';
import type { Split } from '../splits/split.ts';

/**
 * Training events of each item, item 1 first, shape `[numItems]`: of sequences the events that are histories or
 * targets, of rows those that train and whose label, where there is one, is above 0.
 */
export function eventsOfItems({ train, examples }: Pick<Split, 'train' | 'examples'>): Int32Array {
  const { itemIds, numItems } = train.interactions;
  const counts = new Int32Array(numItems);
  const counted = examples === undefined ? trainingEvents(train) : positiveTargets(train);
  for (const [event, once] of counted.entries()) if (once === 1) counts[itemIds[event] - 1]++;
  return counts;
}

function positiveTargets({ interactions, targets }: Split['train']): Uint8Array {
  const positive = interactions.roles.labels.length === 0 ? undefined : positiveEvents(labelOf(interactions));
  const counted = new Uint8Array(interactions.numEvents);
  for (const target of targets) counted[target] = positive?.[target] ?? 1;
  return counted;
}
