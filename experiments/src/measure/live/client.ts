import { type RandomKey, streamKey, uniform01 } from '@seqrec/core';
import { zipfDraws } from '../bench/open-loop.ts';
import type { HttpClient } from './http-client.ts';

/** An event that the service has acknowledged. */
export interface SentEvent {
  readonly item: string;
  readonly time: number;
}

/** What the service answered about a user, and after which events of this client. */
export interface Answer {
  readonly user: number;
  readonly sent: number;
  readonly at: number;
  readonly items: readonly { readonly item: string; readonly score: number }[];
}

/** What this client knows of a user. */
interface Known {
  /** Acknowledged, in order. */
  readonly events: SentEvent[];
  /** Sent when the connection was lost: in the history or not. */
  uncertain?: SentEvent;
  /** Waits for an answer. */
  isWaiting: boolean;
}

export interface ClientOptions {
  /** Names of users, the most frequent first, and the time of the last event of each. */
  readonly users: readonly string[];
  readonly lastTimes: ArrayLike<number>;
  readonly items: readonly string[];
  /** Of 1, how many answers are kept to be checked. */
  readonly share: number;
}

/** What happened in a stretch of time. */
export interface Stretch {
  readonly seconds: number;
  readonly requests: number;
  /** Milliseconds from arrival to answer, of those that were answered with 200. */
  readonly milliseconds: readonly number[];
  /** Other answers by status; 0: the connection was lost. */
  readonly refused: ReadonlyMap<number, number>;
}

const ZIPF = 1.05;
/** Items that are asked for. */
export const TOP = 10;
/** Seconds between the events of a user. */
const GAP = 60;

/** Users who click and ask: half of the requests add an event, half ask for what comes next. */
export class LoadClient {
  readonly answers: Answer[] = [];
  private readonly options: ClientOptions;
  private readonly known = new Map<number, Known>();
  private readonly key: RandomKey = streamKey(1, 'a client of the service');
  private drawn = 0;

  constructor(options: ClientOptions) {
    this.options = options;
  }

  /**
   * Requests arrive by Poisson whatever the service does, until the time is over or the connection is lost. A user who
   * waits for an answer asks nothing else; the next one does.
   */
  async run(
    http: HttpClient,
    { rate, seconds }: { readonly rate: number; readonly seconds: number },
  ): Promise<Stretch> {
    const count = Math.ceil(rate * seconds);
    const uniforms = uniform01(this.key, this.drawn, 3 * count);
    const users = zipfDraws(streamKey(this.drawn, 'users'), { n: this.options.users.length, s: ZIPF }, count);
    this.drawn += count;
    const milliseconds: number[] = [];
    const refused = new Map<number, number>();
    const open = new Set<Promise<void>>();
    const began = performance.now();
    let arrival = began;
    let [requests, isLost] = [0, false];
    for (let i = 0; i < count && !isLost; i++) {
      arrival += (-1000 * Math.log(1 - uniforms[3 * i])) / rate;
      if (arrival > began + 1000 * seconds) break;
      const wait = arrival - performance.now();
      if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
      const due = arrival;
      let user = this.free(users[i]);
      for (; user === undefined; user = this.free(users[i])) await Promise.race(open);
      const work = this.act(http, user, uniforms[3 * i + 1], uniforms[3 * i + 2]).then((status) => {
        if (status === 200) milliseconds.push(performance.now() - due);
        else refused.set(status, (refused.get(status) ?? 0) + 1);
        isLost ||= status === 0;
      });
      requests++;
      open.add(work);
      void work.finally(() => open.delete(work));
    }
    await Promise.all(open);
    return { seconds: (performance.now() - began) / 1000, requests, milliseconds, refused };
  }

  /** This user, or the next who does not wait for an answer: nobody clicks a hundred times a second. */
  private free(user: number): number | undefined {
    const { length } = this.options.users;
    for (let i = 0; i < length; i++) {
      const next = (user + i) % length;
      if (!this.knownOf(next).isWaiting) return next;
    }
    return undefined;
  }

  /** One request of a user. @returns its status, 0 where the connection was lost. */
  private async act(http: HttpClient, user: number, kind: number, item: number): Promise<number> {
    const known = this.knownOf(user);
    known.isWaiting = true;
    try {
      return kind < 0.5 ? await this.click(http, user, known, item) : await this.ask(http, user, known, item);
    } catch {
      return 0;
    } finally {
      known.isWaiting = false;
    }
  }

  private async click(http: HttpClient, user: number, known: Known, draw: number): Promise<number> {
    // Until it is known whether the last one arrived, no other can follow.
    if (known.uncertain !== undefined) return 0;
    const { users, items, lastTimes } = this.options;
    const event = {
      item: items[Math.floor(draw * items.length)],
      time: lastTimes[user] + GAP * (known.events.length + 1),
    };
    known.uncertain = event;
    const { status } = await http.post(`/v1/users/${encodeURIComponent(users[user])}/events`, { events: [event] });
    known.uncertain = undefined;
    if (status === 200) known.events.push(event);
    return status;
  }

  private async ask(http: HttpClient, user: number, known: Known, draw: number): Promise<number> {
    const { users, share, lastTimes } = this.options;
    const sent = known.events.length;
    const at = lastTimes[user] + GAP * sent + Math.floor(draw * 1e5);
    const { status, body } = await http.post(`/v1/users/${encodeURIComponent(users[user])}/top`, { at, k: TOP });
    if (status === 200 && (draw * 997) % 1 < share && known.uncertain === undefined)
      this.answers.push({ user, sent, at, ...(body as Pick<Answer, 'items'>) });
    return status;
  }

  private knownOf(user: number): Known {
    const found = this.known.get(user) ?? { events: [], isWaiting: false };
    this.known.set(user, found);
    return found;
  }

  /** Events of this client that a user has by now. */
  eventsOf(user: number): readonly SentEvent[] {
    return this.known.get(user)?.events ?? [];
  }

  /**
   * After a loss: asks how many events each user has whom this client has written. What was on its way counts where it
   * is there.
   *
   * @param before how many events a user had at first
   * @returns how many acknowledged events are missing
   */
  async reconcile(http: HttpClient, before: (user: number) => number): Promise<number> {
    let lost = 0;
    for (const [user, known] of this.known) {
      if (known.events.length === 0 && known.uncertain === undefined) continue;
      const { body } = await http.get(`/v1/users/${encodeURIComponent(this.options.users[user])}`);
      const there = (body as { readonly events: number }).events - before(user);
      if (there > known.events.length && known.uncertain !== undefined) known.events.push(known.uncertain);
      known.uncertain = undefined;
      lost += Math.max(0, known.events.length - there);
    }
    return lost;
  }
}
