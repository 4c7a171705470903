import { type ExampleSet, trainingSequences } from '@seqrec/data';

/** Distinct training items of each user, and users of each item. */
export function incidence(train: ExampleSet): { byUser: Int32Array[]; byItem: number[][] } {
  const byItem: number[][] = Array.from({ length: train.interactions.numItems + 1 }, () => []);
  const byUser = Array.from(trainingSequences(train), (items, user) => {
    const distinct = new Set(items);
    for (const item of distinct) byItem[item].push(user);
    return Int32Array.from(distinct);
  });
  return { byUser, byItem };
}
