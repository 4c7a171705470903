import { type ExampleSet, trainingEvents } from '@seqrec/data';
import { ConfigError } from '../errors.ts';
import type { Scorer } from './scorer.ts';

export interface RecentPopularityOptions {
  /** Length of the window that ends at the newest training event, in days; default 7. */
  readonly days?: number;
}

const SECONDS_OF_DAY = 86_400;

/**
 * Recommends what is most frequent in the training events of the last days, whatever the history: events of a time
 * above `t - 86,400 days`, `t` the time of the newest training event. Other items have no score.
 *
 * @param train the training set before windows are cut.
 * @throws ConfigError for days that are no positive number, or data without times.
 */
export function recentPopularityBaseline(train: ExampleSet, { days = 7 }: RecentPopularityOptions = {}): Scorer {
  if (!(days > 0)) throw new ConfigError(`recent-popularity: days: expected a number above 0; got ${days}`, 'days');
  const { hasTimestamps, timestamps, itemIds, numItems } = train.interactions;
  if (!hasTimestamps)
    throw new ConfigError(
      'recent-popularity: expected data with times; got events in order alone; use popularity',
      'days',
    );
  const mask = trainingEvents(train);
  let newest = Number.NEGATIVE_INFINITY;
  for (let e = 0; e < mask.length; e++) if (mask[e] === 1) newest = Math.max(newest, timestamps[e]);
  const counts = new Float64Array(numItems + 1);
  for (let e = 0; e < mask.length; e++) {
    if (timestamps[e] > newest - SECONDS_OF_DAY * days) counts[itemIds[e]] += mask[e];
  }
  return {
    name: 'recent-popularity',
    description: `number of training events of the item in the last ${days} days of the training events.`,
    numItems,
    score(_history, out) {
      out.set(counts);
    },
  };
}
