import type { Interactions } from '../interactions.ts';
import { checkAllEvents, ExampleList, nobodyLeft, type Split } from './split.ts';

/**
 * Leave-last-out: of a user's events `s_1..s_n` the test target is `s_n`, the validation target `s_{n-1}` and the last
 * training target `s_{n-2}`; each history is everything before its target.
 *
 * Users with fewer than 4 events have no training target with a history: they are left out of all three parts and
 * counted in `step`.
 * @throws {OptionError} for rows that were drawn; {DataError} `nobody-left` when every user is too short
 */
export function leaveLastOut(interactions: Interactions): Split {
  return lastEvents(interactions, 'leave-last-out', SHORTEST_VALIDATED);
}

/**
 * The split of the public HSTU code: the test target is `s_n`, the last training target `s_{n-1}`; no validation part.
 *
 * Choosing a checkpoint by its test score is then choosing on the test set: use `leaveLastOut` to tune.
 * Users with fewer than `minLength` events (default 3) are left out and counted; with 4 the users are those of
 * `leaveLastOut`.
 * Source: `facebookresearch/generative-recommenders`, `reco_dataset.py` (`ignore_last_n` 1 for train, 0 for test).
 * @throws {OptionError} for rows that were drawn; {DataError} `nobody-left` when every user is too short
 */
export function trainTest(interactions: Interactions, { minLength = 3 }: { readonly minLength?: number } = {}): Split {
  return lastEvents(interactions, 'train-test', minLength);
}

/** Events of the shortest user that is tested, validated and trained on. */
const SHORTEST_VALIDATED = 4;

function lastEvents(interactions: Interactions, protocol: 'leave-last-out' | 'train-test', minLength: number): Split {
  checkAllEvents(protocol, interactions);
  const withValidation = protocol === 'leave-last-out';
  const { userOffsets, numUsers } = interactions;
  const train = new ExampleList();
  const validation = new ExampleList();
  const test = new ExampleList();
  let droppedUsers = 0;
  let droppedEvents = 0;
  for (let u = 0; u < numUsers; u++) {
    const start = userOffsets[u];
    const end = userOffsets[u + 1];
    if (end - start < minLength) {
      droppedUsers++;
      droppedEvents += end - start;
      continue;
    }
    test.add(u, start, end - 1);
    if (withValidation) validation.add(u, start, end - 2);
    train.add(u, start, withValidation ? end - 3 : end - 2);
  }
  if (test.length === 0) throw nobodyLeft(protocol, interactions, `users with at least ${minLength} events`);
  const parts = withValidation ? 'last event test, the one before validation' : 'last event test, no validation part';
  return {
    protocol,
    interactions,
    train: train.toSet('train', interactions),
    ...(withValidation ? { validation: validation.toSet('validation', interactions) } : {}),
    test: test.toSet('test', interactions),
    step: {
      name: 'split',
      detail:
        `${protocol}: of every user the ${parts}; ${test.length} users, ${droppedUsers} with fewer than ${minLength} ` +
        `events (${droppedEvents} events) left out.`,
      params: { protocol, minLength },
      counts: { users: test.length, droppedUsers, droppedEvents },
    },
  };
}
