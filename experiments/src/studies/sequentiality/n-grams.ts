import { shuffle, streamKey } from '@seqrec/core';
import type { ExampleSet } from '@seqrec/data';

/** Runs of `n` neighbouring items that occur at least so often in the training histories. */
export function countRules(sequences: readonly Int32Array[], n: number, support: number): number {
  const counts = new Map<string, number>();
  for (const items of sequences)
    for (let at = 0; at + n <= items.length; at++) {
      const rule = items.subarray(at, at + n).join(' ');
      counts.set(rule, (counts.get(rule) ?? 0) + 1);
    }
  let rules = 0;
  for (const count of counts.values()) if (count >= support) rules++;
  return rules;
}

/** The events that train, user by user in the order of time, targets included. */
export function trainingSequences({ starts, targets, interactions }: ExampleSet): Int32Array[] {
  return Array.from(targets, (target, e) => interactions.itemIds.slice(starts[e], target + 1));
}

/** Each sequence in an order by chance. */
export function shuffledSequences(sequences: readonly Int32Array[], seed: number): Int32Array[] {
  const key = streamKey(seed, 'shuffled sequences');
  return sequences.map((items, s) => shuffle(key, s, items.length).map((place) => items[place]));
}
