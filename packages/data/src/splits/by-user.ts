import { OptionError } from '../errors.ts';
import type { Interactions } from '../interactions.ts';
import { namedRandom } from '../philox.ts';
import { checkAllEvents, ExampleList, nobodyLeft, type Split } from './split.ts';

export interface ByUserOptions {
  /** Shares of the users, chosen by chance. */
  readonly testShare: number;
  readonly validationShare?: number;
  /** Default 0. */
  readonly seed?: number;
}

/**
 * Splits the users: those of the test part, and of the validation part, never train; of each of them the last event is
 * the target, and all before it the history. Of the others every event trains.
 *
 * Who is in which part depends on the seed and the user's number alone. Users with fewer than 2 events are left out
 * and counted. Events of the future of a test target are in training, as in leave-one-out.
 * @throws {OptionError} for shares that leave nobody, and rows that were drawn; {DataError} `nobody-left` when a part
 *   is empty
 */
export function byUser(interactions: Interactions, options: ByUserOptions): Split {
  checkAllEvents('byUser', interactions);
  const { testShare, validationShare = 0, seed = 0 } = options;
  if (!(testShare > 0 && testShare < 1)) {
    throw new OptionError('byUser', `expected testShare between 0 and 1; got ${testShare}`, { key: 'testShare' });
  }
  if (!(validationShare >= 0 && testShare + validationShare < 1)) {
    const message = `expected shares that leave users to train on; got ${testShare} and ${validationShare}`;
    throw new OptionError('byUser', message, { key: 'validationShare' });
  }
  const random = namedRandom(seed, 'split by user');
  const train = new ExampleList();
  const validation = new ExampleList();
  const test = new ExampleList();
  let droppedUsers = 0;
  for (let u = 0; u < interactions.numUsers; u++) {
    const start = interactions.userOffsets[u];
    const last = interactions.userOffsets[u + 1] - 1;
    if (last <= start) {
      droppedUsers++;
      continue;
    }
    const draw = random.uniform(u);
    const part = draw < testShare ? test : draw < testShare + validationShare ? validation : train;
    part.add(u, start, last);
  }
  const parts = { train, test, ...(validationShare > 0 ? { validation } : {}) };
  for (const [name, list] of Object.entries(parts)) {
    if (list.length === 0) throw nobodyLeft('byUser', interactions, `users with 2 events in the ${name} part`);
  }
  return {
    protocol: 'by-user',
    interactions,
    train: train.toSet('train', interactions),
    ...(validationShare > 0 ? { validation: validation.toSet('validation', interactions) } : {}),
    test: test.toSet('test', interactions),
    step: {
      name: 'split',
      detail:
        `by-user: ${train.length} users train, ${validation.length} validate and ${test.length} test (seed ${seed}), the ` +
        `last event of each is the target; ${droppedUsers} users with fewer than 2 events left out.`,
      params: { protocol: 'by-user', testShare, validationShare, seed },
      counts: { train: train.length, validation: validation.length, test: test.length, droppedUsers },
    },
  };
}
