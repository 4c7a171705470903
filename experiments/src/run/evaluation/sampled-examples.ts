import { type ExampleSet, epochOrder, takeExamples } from '@seqrec/data';
import { UsageError } from '../../errors.ts';

/**
 * So many examples of a set, by chance and without repeats, in the order of the set: the same for every run on the same
 * data.
 *
 * @throws UsageError for more than there are.
 */
export function sampledExamples(set: ExampleSet, count: number): ExampleSet {
  const total = set.targets.length;
  if (count > total)
    throw new UsageError(`--sample: expected at most the ${total} examples of the ${set.name} set; got ${count}`);
  return takeExamples(set, epochOrder(total, 1, 0).slice(0, count).sort());
}
