import { UnsupportedError } from '@seqrec/core';
import { History } from './history.ts';
import type { PageStore } from './page-store.ts';

/** What is held of a user. */
export interface UserState {
  readonly name: string;
  readonly history: History;
  /** First event of the window that keys and values are of. */
  start: number;
  /** Events of the window, from its first on, whose keys and values stay as they are whatever comes next. */
  settled: number;
  pages: number[];
  /** States of recurrent layers after the settled events. */
  states: Map<string, Float32Array>;
  /** Whether what it had is in the spill. */
  spilled: boolean;
}

/** Where evicted keys and values go, and come back from. */
export interface Spill {
  write(user: string, values: Float32Array): Promise<void>;
  /** Undefined where nothing is kept any more. */
  read(user: string): Promise<Float32Array | undefined>;
  remove(user: string): void;
}

/** Users and their pages, the least recently used first. */
export class UserStates {
  private readonly users = new Map<string, UserState>();
  evictions = 0;
  reloads = 0;

  private readonly store: PageStore;
  /** Tokens of an event. */
  private readonly perEvent: number;
  private readonly spill: Spill | undefined;

  constructor(store: PageStore, perEvent: number, spill: Spill | undefined) {
    this.store = store;
    this.perEvent = perEvent;
    this.spill = spill;
  }

  get(name: string): UserState | undefined {
    return this.users.get(name);
  }

  get size(): number {
    return this.users.size;
  }

  all(): Iterable<UserState> {
    return this.users.values();
  }

  add(name: string, history = new History()): UserState {
    const user = { name, history, start: 0, settled: 0, pages: [], states: new Map(), spilled: false };
    this.users.set(name, user);
    return user;
  }

  /** Makes a user the most recently used. */
  touch(user: UserState): void {
    this.users.delete(user.name);
    this.users.set(user.name, user);
  }

  delete(name: string): boolean {
    const user = this.users.get(name);
    if (user === undefined) return false;
    this.forget(user);
    return this.users.delete(name);
  }

  /** Drops what was computed of a user. */
  forget(user: UserState): void {
    this.release(user);
    user.settled = 0;
    if (user.spilled) this.spill?.remove(user.name);
    user.spilled = false;
  }

  private release(user: UserState): void {
    this.store.giveBack(user.pages);
    user.pages = [];
    user.states.clear();
  }

  /** Keeps the first `settled` events of the window. */
  keep(user: UserState, settled: number): void {
    if (settled >= user.settled) return;
    // A recurrent state is that of its last event alone, and what was spilled is not cut.
    if (user.states.size > 0 || user.spilled) {
      this.forget(user);
      return;
    }
    user.settled = settled;
    const needed = this.store.pagesFor(settled * this.perEvent);
    this.store.giveBack(user.pages.splice(needed));
  }

  /** Row of each of the first `tokens` tokens of a user's window. */
  rowsOf(user: UserState, tokens: number): Int32Array {
    const { pageTokens } = this.store;
    const rows = new Int32Array(this.store.bytesPerToken === 0 ? 0 : tokens);
    for (let t = 0; t < rows.length; t++) {
      rows[t] = user.pages[Math.floor(t / pageTokens)] * pageTokens + (t % pageTokens);
    }
    return rows;
  }

  /** Takes pages for `events` events of each user; others lose theirs, the least recently used first. */
  async reserve(wanted: readonly { readonly user: UserState; readonly events: number }[]): Promise<void> {
    const busy = new Set(wanted.map(({ user }) => user));
    const missing = ({ user, events }: (typeof wanted)[number]): number =>
      Math.max(0, this.store.pagesFor(events * this.perEvent) - user.pages.length);
    const total = wanted.reduce((sum, want) => sum + missing(want), 0);
    for (const user of this.users.values()) {
      if (this.store.available >= total) break;
      if (!busy.has(user) && user.pages.length > 0) await this.evict(user);
    }
    if (this.store.available < total) {
      const { maxPages, pageTokens, bytesPerToken } = this.store;
      const needed = (maxPages - this.store.available + total) * pageTokens * bytesPerToken;
      throw new UnsupportedError(
        `scorer: expected maxBytes of at least ${needed} for the histories of one call; got room for ${maxPages * pageTokens * bytesPerToken}; raise it, or ask about fewer users at once`,
      );
    }
    for (const want of wanted) {
      for (let n = missing(want); n > 0; n--) want.user.pages.push(this.store.take() as number);
    }
  }

  /** Moves what was computed of a user to the spill, or drops it. */
  async evict(user: UserState): Promise<void> {
    this.evictions++;
    if (this.spill === undefined || user.settled === 0 || user.pages.length === 0) {
      this.forget(user);
      return;
    }
    await this.spill.write(user.name, await this.store.read(this.rowsOf(user, user.settled * this.perEvent)));
    this.release(user);
    user.spilled = true;
  }

  /** Brings back what is in the spill; the pages of the settled events are there already. */
  async reload(user: UserState): Promise<void> {
    if (!user.spilled) return;
    const tokens = user.settled * this.perEvent;
    const values = await this.spill?.read(user.name);
    user.spilled = false;
    this.spill?.remove(user.name);
    if (values === undefined || values.length * 4 !== tokens * this.store.bytesPerToken) {
      user.settled = 0;
      return;
    }
    this.store.restore(this.rowsOf(user, tokens), values);
    this.reloads++;
  }
}
