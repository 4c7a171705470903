import { integers, streamKey } from '@seqrec/core';
import { type ExampleSet, interactionsFromArrays, trainTest } from '@seqrec/data';
import type { Scorer } from '../scorer.ts';

/** Whole sequences as a training set, items from 0: `trainTest` keeps the last event of each for the test. */
export function trainingSet(sequences: readonly (readonly number[])[], numItems: number): ExampleSet {
  const whole = sequences.map((items) => [...items, items[0]]);
  const interactions = interactionsFromArrays({
    name: 'sequences',
    users: whole.flatMap((items, user) => items.map(() => user)),
    items: whole.flat(),
    catalogue: Array.from({ length: numItems }, (_, item) => ({ item })),
  });
  return trainTest(interactions).train;
}

/** Scores of a history, items from 0. */
export function scoresOf(scorer: Scorer, history: readonly number[]): number[] {
  const out = new Float64Array(scorer.numItems + 1).fill(7);
  scorer.score(
    Int32Array.from(history, (item) => item + 1),
    out,
  );
  return [...out.subarray(1)];
}

/** Sequences in which some items are popular and some have no event. */
export function drawnSequences(users: number, numItems: number, seed: number): number[][] {
  return Array.from({ length: users }, (_, user) => {
    const length = integers(streamKey(seed, 'length'), user, 1, 2, 9)[0];
    return [...integers(streamKey(seed, 'items'), user, length, 0, numItems)].map((i) =>
      Math.floor((i * i) / numItems),
    );
  });
}
