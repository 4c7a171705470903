import { type ExampleSet, trainingEvents } from '@seqrec/data';
import type { Scorer } from './scorer.ts';

/**
 * First-order Markov chain: `score(j)` is how often `j` came right after the last item of the history, over
 * neighbouring training events of a user. Counts rank as the probabilities of the chain do. An empty history has no
 * scores.
 *
 * @param train the training set before windows are cut.
 */
export function markovBaseline(train: ExampleSet): Scorer {
  const { userOffsets, itemIds, numUsers, numItems } = train.interactions;
  const mask = trainingEvents(train);
  const followers = new Map<number, Map<number, number>>();
  for (let user = 0; user < numUsers; user++) {
    let last = 0;
    for (let e = userOffsets[user]; e < userOffsets[user + 1]; e++) {
      if (mask[e] === 0) continue;
      if (last !== 0) count(followers, last, itemIds[e]);
      last = itemIds[e];
    }
  }
  return {
    name: 'markov',
    description: 'how often the item came right after the last one of the history, over neighbouring training events.',
    numItems,
    score(history, out) {
      out.fill(0);
      for (const [item, times] of followers.get(history[history.length - 1]) ?? []) out[item] = times;
    },
  };
}

function count(followers: Map<number, Map<number, number>>, item: number, next: number): void {
  let row = followers.get(item);
  if (row === undefined) {
    row = new Map();
    followers.set(item, row);
  }
  row.set(next, (row.get(next) ?? 0) + 1);
}
