import type { Interactions } from '../interactions.ts';
import type { ExampleSet } from '../splits/split.ts';

/**
 * Every event as an example without a history: the rows of click-through data.
 *
 * Example `e` is event `e`, of its user; its history is empty.
 */
export function pointExamples(interactions: Interactions, name: ExampleSet['name'] = 'train'): ExampleSet {
  const targets = new Int32Array(interactions.numEvents);
  for (let e = 0; e < targets.length; e++) targets[e] = e;
  return { name, interactions, users: usersOf(interactions), starts: targets.slice(), targets };
}

/** The user of each event. */
export function usersOf({ userOffsets, numUsers, numEvents }: Interactions): Int32Array {
  const users = new Int32Array(numEvents);
  for (let u = 0; u < numUsers; u++) users.fill(u, userOffsets[u], userOffsets[u + 1]);
  return users;
}
