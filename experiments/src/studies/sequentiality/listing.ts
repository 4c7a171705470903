import { figures, type Listing, lines } from '../../terminal/listing.ts';
import { type Estimate, estimate, short } from '../reproduce/verdict.ts';
import type { Sequentiality } from './sequentiality.ts';

/** Figures as they are and shuffled, with the change in percent and its 95 % interval over seeds. */
export function listSequentiality({ data, seeds, support, metrics, jaccard, rules }: Sequentiality): Listing {
  const change = (before: number, shuffled: readonly number[]): string => {
    if (before === 0) return '';
    const { mean, half } = estimate(shuffled.map((value) => 100 * (value / before - 1)));
    return `${mean.toFixed(1)}${half === undefined ? '' : ` ± ${half.toFixed(1)}`} %`;
  };
  const shown = ({ mean, half }: Estimate): string =>
    half === undefined ? short(mean) : `${short(mean)} ± ${short(half)}`;
  const titles = ['', 'as it is', 'shuffled', 'change'];
  return [
    ...lines(
      `${data}: the test set with the events of each history in ${seeds.length} ${seeds.length === 1 ? 'order' : 'orders'} by chance, times and targets as they were.`,
    ),
    figures(
      titles,
      metrics.map(({ metric, before, shuffled }) => [
        metric,
        short(before),
        shown(estimate(shuffled)),
        change(before, shuffled),
      ]),
      { title: 'Metrics of the model' },
    ),
    figures(
      titles,
      rules.map(({ length, before, shuffled }) => [
        `runs of ${length} items, ${support} times or more in training`,
        String(before),
        estimate(shuffled).mean.toFixed(0),
        change(before, shuffled),
      ]),
      { title: 'Frequent runs' },
    ),
    ...lines(
      `Jaccard index of the lists of ten before and after, 1 of two empty ones, mean over queries: ${shown(estimate(jaccard))}.`,
    ),
  ];
}
