import { EvaluationError } from '../errors.ts';

/**
 * Mean over lists of the entropy, in nats, of the interests of their items. An item with several interests gives each
 * an equal part of its place; items without any are left out, and lists without any interest count as 0.
 *
 * Source: "interest entropy" of Pancha et al. 2022, section 4.1 (arXiv:2205.04507).
 */
export function interestEntropy(
  lists: readonly ArrayLike<number>[],
  interestsOf: (item: number) => ArrayLike<string | number>,
): number {
  let sum = 0;
  for (const list of lists) {
    const weights = new Map<string | number, number>();
    let total = 0;
    for (let place = 0; place < list.length; place++) {
      const interests = interestsOf(list[place]);
      for (let i = 0; i < interests.length; i++) {
        weights.set(interests[i], (weights.get(interests[i]) ?? 0) + 1 / interests.length);
      }
      if (interests.length > 0) total++;
    }
    for (const weight of weights.values()) sum -= (weight / total) * Math.log(weight / total);
  }
  return lists.length === 0 ? 0 : sum / lists.length;
}

/**
 * The smallest number of distinct items that make 90 % of all places of the lists, divided by the number of items:
 * how much of the catalogue the recommendations really use.
 *
 * Source: "P90 coverage" of Pancha et al. 2022, section 4.1 (arXiv:2205.04507).
 */
export function p90Coverage(lists: readonly ArrayLike<number>[], numItems: number): number {
  const counts = new Map<number, number>();
  let total = 0;
  for (const list of lists) {
    for (let place = 0; place < list.length; place++) counts.set(list[place], (counts.get(list[place]) ?? 0) + 1);
    total += list.length;
  }
  let [covered, used] = [0, 0];
  for (const count of [...counts.values()].sort((a, b) => b - a)) {
    // Compared as whole numbers: 0.9 has no exact float.
    if (10 * covered >= 9 * total) break;
    covered += count;
    used++;
  }
  return used / numItems;
}

/**
 * Gini coefficient of how often each item stands in the lists, items in none of them included: 0 where all stand there
 * equally often, near 1 where few items fill all places. With the counts `x_(1) <= ... <= x_(I)`
 *
 * `G = sum_i (2 i - I - 1) x_(i) / (I sum_i x_(i))`
 *
 * Without a place it is 0.
 */
export function giniOfItems(lists: readonly ArrayLike<number>[], numItems: number): number {
  const counts = new Float64Array(numItems);
  let total = 0;
  for (const list of lists) {
    for (let place = 0; place < list.length; place++) {
      if (!(list[place] >= 1 && list[place] <= numItems))
        throw new EvaluationError(`lists: expected items in 1..${numItems}; got ${list[place]} at place ${place + 1}`);
      counts[list[place] - 1]++;
    }
    total += list.length;
  }
  if (total === 0) return 0;
  const sum = counts.sort().reduce((all, count, i) => all + (2 * (i + 1) - numItems - 1) * count, 0);
  return sum / (numItems * total);
}
