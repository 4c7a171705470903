import type { ExampleSet } from '../splits/split.ts';

/** Some examples of a set as a set of their own; lists of histories are shared, not copied. */
export function takeExamples(set: ExampleSet, examples: Int32Array, name: ExampleSet['name'] = set.name): ExampleSet {
  const take = (from: Int32Array): Int32Array => {
    const taken = new Int32Array(examples.length);
    for (let k = 0; k < taken.length; k++) taken[k] = from[examples[k]];
    return taken;
  };
  const { interactions, users, starts, targets, events } = set;
  const taken = { name, interactions, users: take(users), starts: take(starts), targets: take(targets) };
  if (events === undefined) return taken;
  const offsets = new Int32Array(examples.length + 1);
  offsets.set(take(events.offsets));
  offsets[examples.length] = events.indices.length;
  return { ...taken, events: { offsets, indices: events.indices } };
}
