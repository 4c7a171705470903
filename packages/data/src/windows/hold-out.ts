import { counterRandom } from '../counter-random.ts';
import { DataError, OptionError } from '../errors.ts';
import { takeExamples } from '../examples/take.ts';
import type { ExampleSet, Split } from '../splits/split.ts';

export interface HoldOutOptions {
  /** Share of the users, between 0 and 1. */
  readonly share: number;
  readonly seed: number;
}

/**
 * A split whose training and validation parts are without a share of the users; its test part keeps all of them. Who
 * is held out depends on the seed and the user alone.
 *
 * @throws {OptionError} naming the option; {DataError} `nobody-left` when all or none of the training users are held
 *   out, or all users of a validation part that has any
 */
export function holdOutUsers(split: Split, { share, seed }: HoldOutOptions): Split {
  const operation = 'holdOutUsers';
  if (!(share > 0 && share < 1)) {
    throw new OptionError(operation, `expected a share between 0 and 1; got ${share}`, { key: 'share' });
  }
  const random = counterRandom(seed, 'held-out users');
  const others = (set: ExampleSet): ExampleSet => pick(set, (e) => random.uniform(set.users[e]) >= share);
  const train = others(split.train);
  const users = new Set(split.train.users).size;
  const held = users - new Set(train.users).size;
  if (held === 0 || held === users) {
    throw new DataError(operation, `expected users on both sides; got ${held} of ${users} held out`, {
      code: 'nobody-left',
      hint: 'change the share or the seed',
    });
  }
  const { step } = split;
  const validation = split.validation && others(split.validation);
  const before = split.validation?.targets.length ?? 0;
  if (before > 0 && validation?.targets.length === 0) {
    throw new DataError(operation, `expected users who validate; got ${before} examples, all of users held out`, {
      code: 'nobody-left',
      hint: 'change the share or the seed',
    });
  }
  return {
    ...split,
    train,
    ...(validation !== undefined && { validation }),
    step: {
      ...step,
      detail: `${step.detail} ${held} users held out of training and validation (a share of ${share}, seed ${seed}).`,
      params: { ...step.params, heldOutShare: share, heldOutSeed: seed },
      counts: { ...step.counts, heldOutUsers: held },
    },
  };
}

/** The examples of a set that are wanted, in their order. */
export function pick(set: ExampleSet, wanted: (e: number) => boolean): ExampleSet {
  return takeExamples(
    set,
    Int32Array.from(set.targets.keys()).filter((e) => wanted(e)),
  );
}
