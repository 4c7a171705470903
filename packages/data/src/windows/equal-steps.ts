import { counterRandom } from '../counter-random.ts';
import { takeExamples } from '../examples/take.ts';
import type { ExampleSet } from '../splits/split.ts';
import type { WindowPolicy } from './policy.ts';

/**
 * A policy that takes several windows of a history, held to the number of examples of `latestWindow`: of the
 * windows of an epoch a uniform selection without replacement, one for each example of the set on average. An
 * optimiser then takes as many steps an epoch as with one window each; a history gets them in proportion to its
 * windows, so that tokens are more.
 *
 * Unlike a window itself, the selection depends on all examples of the set.
 */
export function equalSteps(policy: WindowPolicy, { seed }: { readonly seed: number }): WindowPolicy {
  return {
    ...policy,
    name: `${policy.name}, equal steps`,
    settings: { ...policy.settings, equalSteps: seed },
    examples(set, epoch) {
      const all = policy.examples(set, epoch);
      const count = set.targets.length;
      return all.targets.length <= count ? all : select(all, count, seed, epoch);
    },
  };
}

/** Selection sampling: in order, each window with the chance that is still needed over what is left. */
function select(set: ExampleSet, count: number, seed: number, epoch: number): ExampleSet {
  const random = counterRandom(seed, 'equal steps', epoch);
  const taken = new Int32Array(count);
  let n = 0;
  for (let e = 0; n < count; e++) {
    if (random.uniform(e) * (set.targets.length - e) < count - n) taken[n++] = e;
  }
  return takeExamples(set, taken);
}
