import { labelOf, positiveEvents } from '../examples/labels.ts';
import type { ExampleSet, Split } from '../splits/split.ts';

/**
 * What a training part knows of who took what: a part of sequences as it is; of rows for a ranker those whose label,
 * where there is one, is above 0, without their histories. Rows that were drawn or not clicked are in none.
 */
export function takenEvents({ train, examples }: Pick<Split, 'train' | 'examples'>): ExampleSet {
  if (examples === undefined) return train;
  const { interactions } = train;
  const positive = interactions.roles.labels.length === 0 ? undefined : positiveEvents(labelOf(interactions));
  const taken = [...train.targets.keys()].filter((e) => positive?.[train.targets[e]] !== 0);
  const targets = Int32Array.from(taken, (e) => train.targets[e]);
  return {
    name: train.name,
    interactions,
    users: Int32Array.from(taken, (e) => train.users[e]),
    starts: targets,
    targets,
  };
}
