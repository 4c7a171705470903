import { type ExampleSet, trainingEvents } from '@seqrec/data';
import type { Scorer } from './scorer.ts';

/**
 * Recommends what is most frequent in the training events, whatever the history.
 *
 * @param train the training set before windows are cut.
 */
export function popularityBaseline(train: ExampleSet): Scorer {
  const { interactions } = train;
  const counts = new Float64Array(interactions.numItems + 1);
  const mask = trainingEvents(train);
  for (let e = 0; e < mask.length; e++) counts[interactions.itemIds[e]] += mask[e];
  return {
    name: 'popularity',
    description: 'number of training events of the item.',
    numItems: interactions.numItems,
    score(_history, out) {
      out.set(counts);
    },
  };
}
