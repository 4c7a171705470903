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
