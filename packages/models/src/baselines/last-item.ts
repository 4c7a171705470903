import type { ExampleSet } from '@seqrec/data';
import type { Scorer } from './scorer.ts';

/**
 * The last item again: what was taken last is recommended first, what was taken before it second, and so on;
 * `score(j) = 1 / (1 + age)`, `age` the number of events since the last one of `j`, 0 for the newest.
 * Other items have no score.
 *
 * Only for protocols that leave items of the history among the candidates: where they are taken out and the target
 * never is, a target of the history would be first for want of others, whatever its age.
 *
 * @param train the training set: nothing is learned from it.
 */
export function lastItemBaseline(train: ExampleSet): Scorer {
  const { numItems } = train.interactions;
  return {
    name: 'last-item',
    description: 'the items of the history, the newest first: 1 / (1 + events since the last one of the item).',
    numItems,
    score(history, out) {
      out.fill(0);
      for (let e = 0; e < history.length; e++) out[history[e]] = 1 / (history.length - e);
    },
  };
}
