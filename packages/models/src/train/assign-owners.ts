/**
 * Which rank each of some sizes goes to: the largest first, each to the rank that has least so far. Of sizes that are
 * equal the earlier goes first, of ranks the lower. No rank gets more than `total / ranks` and one largest size.
 */
export function assignOwners(sizes: readonly number[], ranks: number): Int32Array {
  const load = new Float64Array(ranks);
  const owners = new Int32Array(sizes.length);
  const largestFirst = [...sizes.keys()].sort((a, b) => sizes[b] - sizes[a] || a - b);
  for (const i of largestFirst) {
    owners[i] = load.reduce((lightest, numbers, r) => (numbers < load[lightest] ? r : lightest), 0);
    load[owners[i]] += sizes[i];
  }
  return owners;
}
