import { OptionError } from '../errors.ts';
import type { ExampleSet } from '../splits/split.ts';
import type { WindowPolicy } from './policy.ts';

/**
 * A policy whose windows are looked at in every epoch: none may hold an event that the set does not train on, or more
 * events than the model reads.
 *
 * @throws OptionError from `examples`, naming the first window that does.
 */
export function checkedWindows(policy: WindowPolicy): WindowPolicy {
  return {
    ...policy,
    examples(set, epoch) {
      const made = policy.examples(set, epoch);
      const reaches = reachOf(set);
      for (const [e, target] of made.targets.entries()) {
        const [user, start] = [made.users[e], made.starts[e]];
        const [from, to] = reaches.get(user) ?? [0, -1];
        if (start >= from && start < target && target <= to && target - start <= policy.maxLength) continue;
        throw new OptionError(
          policy.name,
          `expected windows of 1 to ${policy.maxLength} events of what is trained, the events ${from} to ${to} of user ${user}; got a window from ${start} that predicts ${target}, in epoch ${epoch}`,
          { key: 'windows' },
        );
      }
      return made;
    },
  };
}

/** The first event of each user's histories, and the last that may be predicted. */
function reachOf({ users, starts, targets }: ExampleSet): ReadonlyMap<number, readonly [number, number]> {
  const reaches = new Map<number, readonly [number, number]>();
  for (const [e, user] of users.entries()) {
    const [from, to] = reaches.get(user) ?? [starts[e], targets[e]];
    reaches.set(user, [Math.min(from, starts[e]), Math.max(to, targets[e])]);
  }
  return reaches;
}
