import { integers, streamKey } from '@seqrec/core';
import { type ExampleSet, takeExamples } from '@seqrec/data';
import { UsageError } from '../../errors.ts';

/**
 * So many examples of a set, drawn without repeats by the stream `sampled examples` of seed 1, in the order of the set:
 * the same for every run on the same data.
 *
 * @throws UsageError for more than there are.
 */
export function sampledExamples(set: ExampleSet, count: number): ExampleSet {
  const total = set.targets.length;
  if (count > total)
    throw new UsageError(`--sample: expected at most the ${total} examples of the ${set.name} set; got ${count}`);
  const all = Int32Array.from({ length: total }, (_, e) => e);
  const key = streamKey(1, 'sampled examples');
  for (let i = 0; i < count; i++) {
    const [other] = integers(key, i, 1, i, total - i);
    [all[i], all[other]] = [all[other], all[i]];
  }
  return takeExamples(set, all.slice(0, count).sort());
}
