import type { SequenceBatch } from '@seqrec/data';

/** For each sequence of the batch, every item that its user has as a label anywhere in the batch. */
export function ownLabels({ users, offsets, targets }: SequenceBatch): readonly ReadonlySet<number>[] {
  const byUser = new Map<number, Set<number>>();
  for (let b = 0; b + 1 < offsets.length; b++) {
    const own = byUser.get(users[b]) ?? new Set<number>();
    byUser.set(users[b], own);
    for (let t = offsets[b]; t < offsets[b + 1]; t++) own.add(targets[t]);
  }
  return Array.from({ length: offsets.length - 1 }, (_, b) => byUser.get(users[b]) as Set<number>);
}
