import { counterRandom } from '../counter-random.ts';
import type { ExampleSet, Split } from '../splits/split.ts';
import { holdOutUsers, pick } from './hold-out.ts';
import { latestWindow } from './latest.ts';
import { checkWhole } from './policy.ts';

export interface WindowTestOptions {
  readonly maxLength: number;
  /** Share of the users whose histories are kept out of training; default 0.1. */
  readonly heldOut?: number;
  readonly seed: number;
}

/** Training without the held-out users, and the three test sets. */
export interface WindowTestSets {
  readonly train: ExampleSet;
  /** Of held-out users the last training target, after the latest window. */
  readonly recent: ExampleSet;
  /** Of held-out users a random older target, after a whole window that shares no event with the one of `recent`. */
  readonly older: ExampleSet;
  /** Of all users the test target of the split: an interaction after everything that training could have seen. */
  readonly future: ExampleSet;
  /** Held-out users whose history is too short for an older window. */
  readonly withoutOlder: number;
}

/**
 * The three test sets of sliding-window training: recent interactions, random older sequences, unseen future ones.
 *
 * Whoever slides over a user's old events has trained on them, so old and recent events are tested on users
 * that training never reads; nobody's future is read, so it is tested on all. An older target needs
 * `n >= 2 K + 1` training positions.
 * Source: Joshi et al., "Sliding Window Training", RecSys 2024 (the three sets; how they are drawn is not published).
 * @throws {OptionError} naming the option; {DataError} `nobody-left`
 */
export function windowTestSets(split: Split, options: WindowTestOptions): WindowTestSets {
  const { maxLength, heldOut = 0.1, seed } = options;
  checkWhole('windowTestSets', 'maxLength', maxLength, 1);
  const place = counterRandom(seed, 'older windows');
  const { train } = holdOutUsers(split, { share: heldOut, seed });
  const trained = new Set(train.users);
  const past = pick(split.train, (e) => !trained.has(split.train.users[e]));
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
    train,
    recent,
    older,
    future: latestWindow(split.test, { maxLength }),
    withoutOlder: past.targets.length - long.targets.length,
  };
}
