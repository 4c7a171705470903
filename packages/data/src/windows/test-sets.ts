import { counterRandom } from '../counter-random.ts';
import { DataError, OptionError } from '../errors.ts';
import type { ExampleSet, Split } from '../splits/split.ts';
import { latestWindow } from './latest.ts';
import { checkWhole } from './policy.ts';

export interface WindowTestOptions {
  readonly maxLength: number;
  /** Share of the users whose histories are kept out of training; default 0.1. */
  readonly heldOut?: number;
  readonly seed: number;
}

/** Training without the held-out users, and three sets of examples of those users. */
export interface WindowTestSets {
  readonly train: ExampleSet;
  /** The last training target, after the latest window. */
  readonly recent: ExampleSet;
  /** A random older target, after a whole window that shares no event with the one of `recent`. */
  readonly older: ExampleSet;
  /** The test target of the split: an interaction after everything that training could have seen. */
  readonly future: ExampleSet;
  /** Held-out users whose history is too short for an older window. */
  readonly withoutOlder: number;
}

/**
 * The three test sets of sliding-window training: recent interactions, random older sequences, unseen future ones.
 *
 * Whoever slides over a user's old events has trained on them, so old and recent events are tested on users that training
 * never reads. An older target needs `n >= 2 K + 1` training positions.
 * Source: Joshi et al., "Sliding Window Training", RecSys 2024 (the three sets; how they are drawn is not published).
 * @throws {OptionError} naming the option; {DataError} `nobody-left`
 */
export function windowTestSets(split: Split, options: WindowTestOptions): WindowTestSets {
  const { maxLength, heldOut = 0.1, seed } = options;
  const operation = 'windowTestSets';
  checkWhole(operation, 'maxLength', maxLength, 1);
  if (!(heldOut > 0 && heldOut < 1)) {
    throw new OptionError(operation, `expected heldOut between 0 and 1; got ${heldOut}`, { key: 'heldOut' });
  }
  const user = counterRandom(seed, 'held-out users');
  const place = counterRandom(seed, 'older windows');
  const isHeldOut = (set: ExampleSet) => (e: number) => user.uniform(set.users[e]) < heldOut;
  const held = isHeldOut(split.train);
  const past = pick(split.train, held);
  if (past.targets.length === 0 || past.targets.length === split.train.targets.length) {
    throw new DataError(operation, `expected users on both sides; got ${past.targets.length} held out`, {
      code: 'nobody-left',
      hint: 'change heldOut or the seed',
    });
  }
  const recent: ExampleSet = { ...latestWindow(past, { maxLength }), name: 'test' };
  const long = pick(past, (e) => past.targets[e] - past.starts[e] > 2 * maxLength);
  const targets = Int32Array.from(long.targets, (target, e) => {
    // The newest target whose window ends before the first event of the recent one, and the oldest with a whole window.
    const newest = target - maxLength - 1;
    const oldest = long.starts[e] + maxLength;
    return oldest + place.integer(newest - oldest + 1, target);
  });
  const older: ExampleSet = { ...long, name: 'test', targets, starts: targets.map((target) => target - maxLength) };
  return {
    train: pick(split.train, (e) => !held(e)),
    recent,
    older,
    future: latestWindow(pick(split.test, isHeldOut(split.test)), { maxLength }),
    withoutOlder: past.targets.length - long.targets.length,
  };
}

function pick(set: ExampleSet, wanted: (e: number) => boolean): ExampleSet {
  const kept = Int32Array.from(set.targets.keys()).filter((e) => wanted(e));
  const take = (column: Int32Array): Int32Array => kept.map((e) => column[e]);
  return { ...set, users: take(set.users), starts: take(set.starts), targets: take(set.targets) };
}
