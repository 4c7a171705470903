import type { SequenceBatch } from '@seqrec/data';
import { type BatchPart, onlyPart } from '../tasks/part.ts';

/**
 * For each sequence of a part of a batch, every item that its user has as a label anywhere in the batch.
 *
 * @param targets labels of the whole batch; default: as the part has them, which in row-wise training is as places.
 */
export function ownLabels(
  host: SequenceBatch,
  part: BatchPart = onlyPart(host),
  targets: Int32Array = part.whole.targets,
): readonly ReadonlySet<number>[] {
  const { users, offsets } = part.whole;
  const byUser = new Map<number, Set<number>>();
  for (let b = 0; b + 1 < offsets.length; b++) {
    const own = byUser.get(users[b]) ?? new Set<number>();
    byUser.set(users[b], own);
    for (let t = offsets[b]; t < offsets[b + 1]; t++) own.add(targets[t]);
  }
  return Array.from({ length: host.offsets.length - 1 }, (_, b) => byUser.get(host.users[b]) as Set<number>);
}
