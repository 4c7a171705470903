import { OptionError } from '../errors.ts';
import type { Interactions } from '../interactions.ts';
import { namedRandom } from '../philox.ts';
import { checkAllEvents, type ExampleSet, nobodyLeft, type RowSplit } from './split.ts';

export interface LastRowsOptions {
  /** Last events of a user, the candidates of one request; default 10. */
  readonly rows?: number;
  /**
   * Which users are in which part: `user` (default), by chance; `time`, by when their requests were made, the newest
   * ones test.
   */
  readonly by?: 'user' | 'time';
  /**
   * Which requests of the users that train: `last` (default), as of the others; `every`, their events from the newest
   * back in blocks of `rows`, each after a history of one event at least, so that nearly every event is a label.
   */
  readonly training?: 'last' | 'every';
  /** Shares of the users; default 0.25 and 0.1. */
  readonly testShare?: number;
  /** 0: no validation part. */
  readonly validationShare?: number;
  /** Of `user`; default 0. */
  readonly seed?: number;
  /** Latest events of a history that are kept; default all. */
  readonly maxHistory?: number;
}

const operation = 'lastRows';

/**
 * One request a user: the last `rows` events are its candidates, all before them their history, whatever their times.
 * Users of no more than `rows` events are left out and counted. Each user is in one part, so a user that tests has no
 * row that trains: the id of such a user says nothing.
 *
 * Parts by `user` depend on the seed and the user's number alone; those by `time` on the time of the newest event of
 * each history, in whose order the first users train.
 *
 * Source: the ML-1M recipe of DLRM-v3 (meta-recsys/generative-recommenders, `dlrm_v3/datasets/movie_lens.py`), which
 * draws 75 % of the users to train on and tests on the others.
 * @throws {OptionError} for shares or counts that make no sense, `time` without times, and rows that were drawn;
 *   {DataError} `nobody-left` when a part is empty
 */
export function lastRows(interactions: Interactions, options: LastRowsOptions = {}): RowSplit {
  const { rows = 10, by = 'user', training = 'last', seed = 0, maxHistory } = options;
  const { testShare = 0.25, validationShare = 0.1 } = options;
  check(interactions, { rows, by, testShare, validationShare, maxHistory });
  const { numUsers, userOffsets } = interactions;
  const users: number[] = [];
  for (let u = 0; u < numUsers; u++) if (userOffsets[u + 1] - userOffsets[u] > rows) users.push(u);
  const partOf =
    by === 'user'
      ? byChance({ testShare, validationShare, seed })
      : byTime(interactions, users, { rows, testShare, validationShare });
  const parts: number[][] = [[], [], []];
  for (const user of users) parts[partOf(user)].push(user);
  const names = ['train', 'validation', 'test'] as const;
  const set = (part: number): ExampleSet =>
    requestsOf(interactions, parts[part], {
      ...{ name: names[part], rows, maxHistory },
      every: part === 0 && training === 'every',
    });
  const [train, validation, test] = [set(0), set(1), set(2)];
  for (const each of [train, ...(validationShare > 0 ? [validation] : []), test])
    if (each.targets.length === 0)
      throw nobodyLeft(operation, interactions, `users of more than ${rows} events in the ${each.name} part`);
  const kept = maxHistory === undefined ? 'all events before them' : `the latest ${maxHistory} events before them`;
  const which = by === 'user' ? `by chance (seed ${seed})` : 'by the times of their requests';
  const dropped = numUsers - users.length;
  return {
    protocol: 'last-rows',
    examples: 'impressions',
    interactions,
    train,
    ...(validationShare > 0 && { validation }),
    test,
    step: {
      name: 'split',
      detail:
        `last-rows: the last ${rows} events of each user are the candidates of a request, their history ${kept}; ` +
        (training === 'every' ? `users that train have a request for every ${rows} events before them as well; ` : '') +
        `${parts[0].length} users train, ${parts[1].length} validate and ${parts[2].length} test, ${which}; ` +
        `${dropped} users of no more than ${rows} events left out.`,
      params: {
        ...{ protocol: 'last-rows', rows, by, training, testShare, validationShare },
        ...(by === 'user' && { seed }),
        ...(maxHistory !== undefined && { maxHistory }),
      },
      counts: {
        ...{ train: train.targets.length, validation: validation.targets.length, test: test.targets.length },
        droppedUsers: dropped,
      },
    },
  };
}

type Checked = Required<Omit<LastRowsOptions, 'seed' | 'training' | 'maxHistory'>> & {
  readonly maxHistory: number | undefined;
};

function check(interactions: Interactions, options: Checked): void {
  const { rows, by, testShare, validationShare, maxHistory = 1 } = options;
  const fail = (key: keyof LastRowsOptions, expected: string, hint?: string): never => {
    const got = options[key as keyof Checked];
    throw new OptionError(operation, `expected ${key} ${expected}; got ${got}`, { key, ...(hint && { hint }) });
  };
  checkAllEvents(operation, interactions);
  if (!Number.isInteger(rows) || rows < 1) fail('rows', 'of 1 or more');
  if (!Number.isInteger(maxHistory) || maxHistory < 1) fail('maxHistory', 'of 1 or more');
  if (!(testShare > 0 && testShare < 1)) fail('testShare', 'between 0 and 1');
  if (!(validationShare >= 0 && testShare + validationShare < 1))
    fail('validationShare', 'that leaves users to train on');
  if (by === 'time' && interactions.hasTimestamps === false)
    fail('by', `user, as ${interactions.name} has no times`, 'name the column of the times (--data.columns.time)');
}

type PartOf = (user: number) => 0 | 1 | 2;

function byChance({
  testShare,
  validationShare,
  seed,
}: Required<Pick<LastRowsOptions, 'testShare' | 'validationShare' | 'seed'>>): PartOf {
  const random = namedRandom(seed, 'split last rows by user');
  return (user) => {
    const draw = random.uniform(user);
    return draw < testShare ? 2 : draw < testShare + validationShare ? 1 : 0;
  };
}

function byTime(
  { userOffsets, timestamps }: Interactions,
  users: readonly number[],
  { rows, testShare, validationShare }: Required<Pick<LastRowsOptions, 'rows' | 'testShare' | 'validationShare'>>,
): PartOf {
  const timeOf = (user: number): number => timestamps[userOffsets[user + 1] - rows - 1];
  const order = [...users].sort((a, b) => timeOf(a) - timeOf(b) || a - b);
  const tested = Math.round(order.length * testShare);
  const validated = Math.round(order.length * validationShare);
  const place = new Map(order.map((user, at) => [user, at]));
  return (user) => {
    const left = order.length - (place.get(user) as number);
    return left <= tested ? 2 : left <= tested + validated ? 1 : 0;
  };
}

interface Wanted {
  readonly name: ExampleSet['name'];
  readonly rows: number;
  readonly every: boolean;
  readonly maxHistory: number | undefined;
}

/** The requests of some users, a row an example. */
function requestsOf(
  interactions: Interactions,
  users: readonly number[],
  { name, rows, every, maxHistory = Number.POSITIVE_INFINITY }: Wanted,
): ExampleSet {
  const { userOffsets, numEvents } = interactions;
  /** Where the requests of each user begin, the oldest first. */
  const begins = users.map((user) => {
    const [first, end] = [userOffsets[user], userOffsets[user + 1]];
    const count = every ? Math.floor((end - first - 1) / rows) : 1;
    return Array.from({ length: count }, (_, k) => end - rows * (count - k));
  });
  const count = begins.reduce((sum, own) => sum + rows * own.length, 0);
  const [ofUsers, starts, targets] = [0, 1, 2].map(() => new Int32Array(count));
  const offsets = new Int32Array(count + 1);
  let e = 0;
  for (const [i, user] of users.entries()) {
    for (const begin of begins[i]) {
      const length = Math.min(begin - userOffsets[user], maxHistory);
      for (let row = 0; row < rows; row++, e++) {
        ofUsers[e] = user;
        targets[e] = begin + row;
        starts[e] = targets[e] - length;
        offsets[e] = begin - length;
      }
    }
  }
  offsets[count] = numEvents;
  const indices = Int32Array.from({ length: numEvents }, (_, event) => event);
  return { name, interactions, users: ofUsers, starts, targets, events: { offsets, indices } };
}
