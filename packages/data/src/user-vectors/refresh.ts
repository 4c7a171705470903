import { counterRandom } from '../counter-random.ts';
import { OptionError } from '../errors.ts';
import type { Interactions } from '../interactions.ts';

/**
 * When the vector of a user is computed anew, for a service that keeps it. Of the request after an event (number `r` of
 * its user, from 1, with `r` events before it) one of:
 *
 * - `age`: the vector in place was computed `age` requests earlier; 0 is at the request itself.
 * - `every`: it was computed at the newest request whose number is a multiple of this; of several, each user has one,
 *   drawn by `seed`.
 * - `hours`: it was computed at the newest request at least this long before.
 */
export type Refresh =
  | { readonly age: number }
  | { readonly every: number | readonly number[]; readonly seed?: number }
  | { readonly hours: number };

const OPERATION = 'refresh';

/**
 * The vector in place at the request after each event: the event after which it was computed, -1 where the user had
 * none yet; shape `[numEvents]`. The vector after event `e` is computed at the request after it, so it knows when that
 * was: the time of the next event.
 *
 * @throws {OptionError} for a number that is not as it is described
 */
export function vectorsInPlace(
  { userOffsets, timestamps, numEvents, hasTimestamps }: Interactions,
  refresh: Refresh,
): Int32Array {
  const inPlace = new Int32Array(numEvents);
  const numUsers = userOffsets.length - 1;
  const computedAfter = chooser(refresh, { userOffsets, timestamps, hasTimestamps, numUsers });
  for (let user = 0; user < numUsers; user++) {
    const [first, past] = [userOffsets[user], userOffsets[user + 1]];
    for (let event = first; event < past; event++) {
      const after = computedAfter(event, { user, first });
      inPlace[event] = after < first ? -1 : after;
    }
  }
  return inPlace;
}

/**
 * When the request after each event is made, and the vector after it is computed: at the time of the event that is
 * asked for, the user's next; after the last event nothing is asked, and its own time stands for it. Shape
 * `[numEvents]`.
 */
export function requestTimes({
  userOffsets,
  timestamps,
}: Pick<Interactions, 'userOffsets' | 'timestamps'>): Float64Array {
  const times = timestamps.slice();
  for (let user = 0; user + 1 < userOffsets.length; user++)
    times.copyWithin(userOffsets[user], userOffsets[user] + 1, userOffsets[user + 1]);
  return times;
}

interface OfUser {
  readonly user: number;
  /** Its first event. */
  readonly first: number;
}

type Chooser = (event: number, of: OfUser) => number;

function chooser(
  refresh: Refresh,
  {
    hasTimestamps,
    numUsers,
    ...events
  }: Pick<Interactions, 'userOffsets' | 'timestamps' | 'hasTimestamps' | 'numUsers'>,
): Chooser {
  if ('age' in refresh) {
    const { age } = refresh;
    if (!Number.isInteger(age) || age < 0) throw wrong('age', 'an integer >= 0, in events', age);
    return (event) => event - age;
  }
  if ('every' in refresh) {
    const { every, seed = 0 } = refresh;
    const periods = typeof every === 'number' ? [every] : every;
    const bad = periods.find((period) => !Number.isInteger(period) || period < 1);
    if (bad !== undefined || periods.length === 0) throw wrong('every', 'integers >= 1, in events', bad ?? 'none');
    const random = counterRandom(seed, 'user-vectors', 'every');
    const drawn = Int32Array.from({ length: numUsers }, (_, user) => random.integer(periods.length, user));
    return (event, { user, first }) => {
      const period = periods[drawn[user]];
      const request = event - first + 1;
      return first + Math.floor(request / period) * period - 1;
    };
  }
  const { hours } = refresh;
  if (!(hours >= 0 && Number.isFinite(hours))) throw wrong('hours', 'a number >= 0', hours);
  if (!hasTimestamps) throw wrong('hours', 'none with data without times', hours);
  const seconds = hours * 3600;
  const askedAt = requestTimes(events);
  let newest = 0;
  return (event, { first }) => {
    if (event === first) newest = first - 1;
    // Times of a user do not fall, so that the newest that is old enough only moves on.
    while (newest < event && askedAt[newest + 1] <= askedAt[event] - seconds) newest++;
    return newest;
  };
}

function wrong(key: string, expected: string, got: unknown): OptionError {
  return new OptionError(OPERATION, `expected ${key}: ${expected}; got ${String(got)}`, { key: `userVectors.${key}` });
}
