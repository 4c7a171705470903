import { type ExampleSet, trainingEvents } from '@seqrec/data';

/** Distinct training items of each user, and users of each item. */
export function incidence(train: ExampleSet): { byUser: Int32Array[]; byItem: number[][] } {
  const { interactions } = train;
  const { userOffsets, itemIds, numUsers, numItems } = interactions;
  const mask = trainingEvents(train);
  const byUser: Int32Array[] = [];
  const byItem: number[][] = Array.from({ length: numItems + 1 }, () => []);
  for (let user = 0; user < numUsers; user++) {
    const items = new Set<number>();
    for (let e = userOffsets[user]; e < userOffsets[user + 1]; e++) if (mask[e] === 1) items.add(itemIds[e]);
    byUser.push(Int32Array.from(items));
    for (const item of items) byItem[item].push(user);
  }
  return { byUser, byItem };
}
