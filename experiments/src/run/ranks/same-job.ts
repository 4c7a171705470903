import type { Collective } from '@seqrec/core/collectives';
import { RunError } from '../../errors.ts';

/** What must be the same on all ranks, by name; a value that is missing is compared as such. */
export type JobFacts = Readonly<Record<string, string | number | undefined>>;

/**
 * Compares what the ranks are about to do. @throws RunError on every rank, naming the first fact that differs and the
 * ranks between which it does.
 */
export async function checkSameJob(ranks: Collective, facts: JobFacts): Promise<void> {
  const all = await ranks.gatherJson(facts, 'what the ranks are about to do');
  for (const name of Object.keys(all[0])) {
    const other = all.findIndex((each) => each[name] !== all[0][name]);
    if (other > 0)
      throw new RunError(
        `ranks: expected the same ${name} on all ${ranks.size} ranks; got ${all[0][name]} on rank 0 and ${all[other][name]} on rank ${other}`,
      );
  }
}
