import type { UserEvent, UserScorer } from '@seqrec/models';
import { renderTable } from '../terminal/table.ts';
import type { Catalogue } from './catalogue.ts';

/** Users and events that are replayed. */
export interface CheckSize {
  readonly users: number;
  readonly events: number;
}

/** One user's answers beside those of full passes. */
export interface CheckedUser {
  readonly user: string;
  readonly events: number;
  readonly compared: number;
  /** Of them, how many had the same bits. */
  readonly equal: number;
  /** The largest difference, relative to the largest magnitude. */
  readonly error: number;
}

export interface CheckResult {
  readonly users: readonly CheckedUser[];
  readonly exact: UserScorer['capabilities']['exact'];
  readonly passed: boolean;
}

/** A question a while after the last event: caches must not hold what depends on the moment. */
const LATER_SECONDS = 3600;
/** Lengths of one history at which full passes are made. */
const LENGTHS = 16;

/**
 * Replays histories of the data event by event through a scorer, and compares its vectors with those of full passes, at
 * the time of the last event and an hour later.
 */
export async function checkScorer(
  scorer: UserScorer,
  catalogue: Catalogue,
  users: readonly string[],
  size: CheckSize,
): Promise<CheckResult> {
  const { exact } = scorer.capabilities;
  const checked: CheckedUser[] = [];
  for (const user of users) {
    const history = (catalogue.history(user) ?? []).slice(0, size.events);
    if (history.length > 0) checked.push(await checkUser(scorer, user, history));
    if (checked.length === size.users) break;
  }
  const within = ({ compared, equal, error }: CheckedUser): boolean =>
    exact === 'bitwise' ? equal === compared : error <= exact;
  return { users: checked, exact, passed: checked.length > 0 && checked.every(within) };
}

async function checkUser(scorer: UserScorer, user: string, history: readonly UserEvent[]): Promise<CheckedUser> {
  const name = `check ${user}`;
  const lengths = lengthsOf(history.length);
  let [compared, equal, error] = [0, 0, 0];
  for (const [i, event] of history.entries()) {
    await scorer.append({ user: name, events: [event] });
    if (!lengths.has(i + 1)) continue;
    for (const at of [event.time, event.time + LATER_SECONDS, event.time]) {
      const one = await scorer.check({ user: name, at });
      compared++;
      if (one.equal) equal++;
      error = Math.max(error, one.error);
    }
  }
  await scorer.drop(name);
  return { user, events: history.length, compared, equal, error };
}

/** The first few lengths, the last, and some between. */
export function lengthsOf(events: number): ReadonlySet<number> {
  const lengths = Array.from({ length: LENGTHS }, (_, i) => Math.ceil(((i + 1) * events) / LENGTHS));
  return new Set([1, 2, 3, ...lengths].filter((length) => length >= 1 && length <= events));
}

export function renderCheck({ users, exact, passed }: CheckResult): string {
  const table = renderTable(
    [
      { title: 'user' },
      { title: 'events', align: 'right' },
      { title: 'compared', align: 'right' },
      { title: 'same bits', align: 'right' },
      { title: 'largest difference', align: 'right' },
    ],
    users.map(({ user, events, compared, equal, error }) => [
      user,
      String(events),
      String(compared),
      String(equal),
      error === 0 ? '0' : error.toExponential(1),
    ]),
  );
  const bound = exact === 'bitwise' ? 'the same bits' : `differences of at most ${exact}`;
  const verdict = passed ? 'the scorer answers as full passes do' : 'THE SCORER DIFFERS FROM FULL PASSES';
  return `${table}\n\n${verdict} (expected: ${bound})`;
}
