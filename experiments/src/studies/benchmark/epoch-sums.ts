import { createHash } from 'node:crypto';
import type { ExampleSet } from '@seqrec/data';

/**
 * What the first `0 .. epochs` epochs cost together. Examples that come again, such as those of control epochs, are
 * costed once: windows that slide over long histories are many.
 */
export function epochSums(
  epochs: number,
  examplesOf: (epoch: number) => ExampleSet,
  costOf: (examples: ExampleSet) => number,
): number[] {
  const known = new Map<string, number>();
  const sums = [0];
  for (let epoch = 0; epoch < epochs; epoch++) {
    const examples = examplesOf(epoch);
    const digest = digestOf(examples);
    const cost = known.get(digest) ?? costOf(examples);
    known.set(digest, cost);
    sums.push(sums[epoch] + cost);
  }
  return sums;
}

/** Of sets over the same events. */
function digestOf({ users, starts, targets, events }: ExampleSet): string {
  const hash = createHash('sha256');
  for (const values of [users, starts, targets, ...(events ? [events.offsets, events.indices] : [])])
    hash.update(`${values.length} `).update(values);
  return hash.digest('hex');
}
