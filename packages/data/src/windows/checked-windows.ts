import { OptionError } from '../errors.ts';
import type { ExampleSet } from '../splits/split.ts';
import type { WindowPolicy } from './policy.ts';

/**
 * A policy whose windows are looked at in every epoch: there has to be one, and none may hold an event that the set
 * does not train on, or more events than the model reads. The events of a subsequence come in their order, before its
 * target.
 *
 * @throws OptionError from `examples`, naming the first window that does not keep to that, or the epoch without any.
 */
export function checkedWindows(policy: WindowPolicy): WindowPolicy {
  return {
    ...policy,
    examples(set, epoch) {
      const made = policy.examples(set, epoch);
      checkSet(policy.name, made, epoch);
      if (made.targets.length === 0) {
        throw new OptionError(policy.name, `expected windows in every epoch; got none in epoch ${epoch}`, {
          key: 'windows',
        });
      }
      const reaches = reachOf(set);
      for (const [e, target] of made.targets.entries()) {
        const [user, start] = [made.users[e], made.starts[e]];
        const [from, to] = reaches.get(user) ?? [0, -1];
        const isInside = start >= from && start < target && target <= to && target - start <= policy.maxLength;
        const odd = isInside ? oddEvent(made, e, from) : undefined;
        if (isInside && odd === undefined) continue;
        const got =
          odd === undefined
            ? `a window from ${start} that predicts ${target}`
            : `a subsequence ${odd} before ${target}, which it predicts`;
        throw new OptionError(
          policy.name,
          `expected windows of 1 to ${policy.maxLength} events of what is trained, the events ${from} to ${to} of user ${user} in their order; got ${got}, in epoch ${epoch}`,
          { key: 'windows' },
        );
      }
      return made;
    },
  };
}

/** @throws OptionError for what is no set of examples: a promise of one, columns that are missing or no integers. */
function checkSet(name: string, made: Partial<ExampleSet> | undefined, epoch: number): void {
  const columns = [made?.users, made?.starts, made?.targets];
  const lengths = columns.map((column) => (column instanceof Int32Array ? column.length : undefined));
  if (lengths[0] !== undefined && lengths.every((length) => length === lengths[0])) return;
  const got = made instanceof Promise ? 'a promise' : `those of ${lengths.map((n) => n ?? 'none').join(', ')}`;
  throw new OptionError(
    name,
    `expected users, starts and targets of windows, Int32Arrays of one length, at once; got ${got}, in epoch ${epoch}`,
    { key: 'windows' },
  );
}

/**
 * What is wrong with a subsequence: that it has fewer events than its length, or the first that is not after the one
 * before it, or not among `from .. target - 1`.
 */
function oddEvent({ starts, targets, events }: ExampleSet, e: number, from: number): string | undefined {
  if (events === undefined) return undefined;
  const [first, length] = [events.offsets[e], targets[e] - starts[e]];
  // Also where there are no offsets for it.
  if (!(Math.min(events.offsets[e + 1], events.indices.length) - first >= length)) {
    return `of fewer events than its length, ${length},`;
  }
  let least = from;
  for (let k = first; k < first + length; k++) {
    const event = events.indices[k];
    if (!(event >= least && event < targets[e])) return `with event ${event} out of place`;
    least = event + 1;
  }
  return undefined;
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
