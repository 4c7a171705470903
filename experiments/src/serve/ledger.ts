import { latestTime } from '@seqrec/data';
import type { UserEvent } from '@seqrec/models';
import { Problem } from './problem.ts';

/** What is known of a user without asking a shard. */
export interface UserSummary {
  /** Events held. */
  readonly events: number;
  /** Time of the first event. */
  readonly first: number;
  readonly last: UserEvent;
}

/** Events that were accepted and are not yet applied. */
export interface Accepted {
  /** Events held before these, those accepted before them included. */
  readonly held: number;
  /** Whether some of the events before are applied. */
  readonly known: boolean;
  /** They are applied: events held. */
  done(): number;
  /** They are not stored. */
  undo(): void;
}

interface Part {
  readonly events: number;
  readonly last: UserEvent;
}

interface UserState {
  readonly first: number;
  applied: Part | undefined;
  pending: Part[];
}

/** Models keep times as 32-bit seconds after the first event. */
const LONGEST_SECONDS = 2 ** 31;

/**
 * @param hasTimes whether times are seconds since 1970, and no places in the history
 * @param last time of the last event before
 * @param held events before that time
 * @throws Problem `bad-time`
 */
export function checkTime(
  where: string,
  time: number,
  { first, hasTimes, last, held }: { first: number; hasTimes: boolean; last: number; held: number },
): void {
  if (!hasTimes) {
    // A log that was written before places were checked may hold others; what comes next must have one all the same.
    const most = Math.max(held, last + 1);
    if (time >= 0 && time <= most) return;
    throw new Problem(
      'bad-time',
      `${where}: expected a place in the history, 0 to ${most}, since the data have no times; got ${time}`,
      { time, most },
    );
  }
  if (time - first >= LONGEST_SECONDS) {
    throw new Problem(
      'bad-time',
      `${where}: expected seconds, less than 2^31 after the first event at ${first}; got ${time}; divide milliseconds by 1000`,
      { time, first },
    );
  }
  if (time >= 0 && time < latestTime) return;
  const hint = time < 0 ? '' : '; divide milliseconds by 1000';
  throw new Problem('bad-time', `${where}: expected seconds since 1970, before 2100; got ${time}${hint}`, { time });
}

/**
 * How many events each user has and which is the last: events are judged on arrival, before they are stored, as if
 * all before them were. Users of the data are taken in when they are first named, unless they were forgotten.
 */
export class Ledger {
  readonly #users = new Map<string, UserState>();
  readonly #forgotten: Set<string>;
  readonly #history: (user: string) => readonly UserEvent[] | undefined;
  readonly #seed: (user: string, events: readonly UserEvent[]) => Promise<void>;
  readonly #hasTimes: boolean;

  /**
   * @param history of a user of the data
   * @param seed called with the history of a user of the data when it is taken in; should it fail, the next to name the
   *   user takes it in again
   * @param hasTimes whether times are seconds since 1970
   */
  constructor(
    forgotten: ReadonlySet<string>,
    history: (user: string) => readonly UserEvent[] | undefined,
    seed: (user: string, events: readonly UserEvent[]) => Promise<void>,
    hasTimes: boolean,
  ) {
    this.#hasTimes = hasTimes;
    this.#forgotten = new Set(forgotten);
    this.#history = history;
    this.#seed = seed;
  }

  get size(): number {
    return this.#users.size;
  }

  /** Takes in what a log holds of a user. */
  restore(user: string, events: readonly UserEvent[]): void {
    this.#users.set(user, stateOf(events));
  }

  /** @throws Problem `unknown-user` */
  get(user: string): UserSummary {
    const state = this.#state(user);
    const last = state && lastOf(state);
    if (state === undefined || last === undefined) {
      throw new Problem(
        'unknown-user',
        `user "${user}": expected a user with events; got one without; post some first`,
      );
    }
    return { events: heldBy(state), first: state.first, last };
  }

  /** @throws Problem `out-of-order`, `bad-time`; nothing of the events is accepted then. */
  accept(user: string, events: readonly UserEvent[]): Accepted {
    const state = this.#state(user) ?? { first: events[0].time, applied: undefined, pending: [] };
    const held = heldBy(state);
    let last = lastOf(state)?.time ?? Number.NEGATIVE_INFINITY;
    for (const [i, { time }] of events.entries()) {
      if (time < last) {
        throw new Problem(
          'out-of-order',
          `events.${i}.time: expected a time not before the last event, ${last}; got ${time}; nothing was stored`,
          { time, last },
        );
      }
      checkTime(`events.${i}.time`, time, { first: state.first, hasTimes: this.#hasTimes, last, held: held + i });
      last = time;
    }
    this.#users.set(user, state);
    const own: Part = { events: events.length, last: events[events.length - 1] };
    state.pending.push(own);
    const settle = (): void => {
      state.pending = state.pending.filter((each) => each !== own);
    };
    return {
      held,
      known: state.applied !== undefined,
      done: () => {
        settle();
        state.applied = { events: (state.applied?.events ?? 0) + own.events, last: own.last };
        return state.applied.events;
      },
      undo: () => {
        settle();
        const empty = state.applied === undefined && state.pending.length === 0;
        if (empty && this.#users.get(user) === state) this.#users.delete(user);
      },
    };
  }

  /** Forgets a user. What is returned takes that back. @throws Problem `unknown-user` */
  forget(user: string): () => void {
    this.get(user);
    const state = this.#users.get(user);
    const before = this.#forgotten.has(user);
    this.#users.delete(user);
    this.#forgotten.add(user);
    return () => {
      if (state) this.#users.set(user, state);
      if (!before) this.#forgotten.delete(user);
    };
  }

  #state(user: string): UserState | undefined {
    const known = this.#users.get(user);
    if (known !== undefined || this.#forgotten.has(user)) return known;
    const events = this.#history(user);
    if (events === undefined || events.length === 0) return undefined;
    const state = stateOf(events);
    this.#users.set(user, state);
    this.#seed(user, events).catch(() => {
      if (this.#users.get(user) === state) this.#users.delete(user);
    });
    return state;
  }
}

function stateOf(events: readonly UserEvent[]): UserState {
  const applied = { events: events.length, last: events[events.length - 1] };
  return { first: events[0].time, applied, pending: [] };
}

function lastOf({ applied, pending }: UserState): UserEvent | undefined {
  return pending.at(-1)?.last ?? applied?.last;
}

function heldBy({ applied, pending }: UserState): number {
  return (applied?.events ?? 0) + pending.reduce((sum, { events }) => sum + events, 0);
}
