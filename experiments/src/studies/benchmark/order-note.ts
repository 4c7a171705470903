import { type Interactions, tieOrder } from '@seqrec/data';

/** A warning where events at one time stand in an order of their items, which only models of sequences can use. */
export function orderNotes(group: string, interactions: Interactions): string[] {
  const { oneWay, repeatedPairs, oneWayByChance, suspicious } = tieOrder(interactions);
  if (!suspicious) return [];
  return [
    `${group}: events of a user at one time stand in an order of their items: ${oneWay} of ${repeatedPairs} pairs of items that were neighbours so more than once always came the same way round, ${Math.round(oneWayByChance)} would by chance. Models that read an order gain by it, baselines that read a set do not: --data.ties shuffle:1 says how much.`,
  ];
}
