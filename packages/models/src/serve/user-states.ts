import { UnsupportedError } from '@seqrec/core';
import type { OnNote } from '../train/checksums.ts';
import { History } from './history.ts';
import { joinFloats } from './join-floats.ts';
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

/** Where evicted keys, values and states go, and come back from. */
export interface Spill {
  write(user: string, values: Float32Array): Promise<void>;
  /** Undefined where nothing is kept any more. */
  read(user: string): Promise<Float32Array | undefined>;
  remove(user: string): void;
}

export interface UserStatesOptions {
  /** Tokens of an event. */
  readonly perEvent: number;
  /** Floats of the states that each recurrent layer keeps of a user. */
  readonly recurrent: ReadonlyMap<string, number>;
  /** Of the states of all users. */
  readonly maxBytes: number;
  readonly spill: Spill | undefined;
  /** Told once of a spill that cannot be written; default `console.warn`. */
  readonly onNote?: OnNote;
}

/** Users, their pages and their states. */
export class UserStates {
  private readonly users = new Map<string, UserState>();
  /** Those that have pages or states, or had them when last used; the least recently used first. */
  private readonly holders = new Set<UserState>();
  evictions = 0;
  reloads = 0;
  /** Of the states that are held. */
  stateBytes = 0;
  /** Of the states of a user; 0 where no layer is recurrent. */
  readonly bytesPerUser: number;
  /** Users whose states fit into the budget together. */
  readonly maxUsers: number;

  private readonly store: PageStore;
  private readonly options: UserStatesOptions;
  private readonly perEvent: number;
  private readonly spill: Spill | undefined;
  private spillFailed = false;

  constructor(store: PageStore, options: UserStatesOptions) {
    const { perEvent, recurrent, maxBytes, spill } = options;
    this.store = store;
    this.options = options;
    this.perEvent = perEvent;
    this.spill = spill;
    this.bytesPerUser = 4 * [...recurrent.values()].reduce((sum, width) => sum + width, 0);
    this.maxUsers = this.bytesPerUser === 0 ? Number.POSITIVE_INFINITY : Math.floor(maxBytes / this.bytesPerUser);
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
    this.holders.delete(user);
    this.holders.add(user);
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
    for (const { byteLength } of user.states.values()) this.stateBytes -= byteLength;
    user.states.clear();
    this.holders.delete(user);
  }

  /** Keeps the state of a recurrent layer after the settled events of a user. */
  keepState(user: UserState, layer: string, values: Float32Array): void {
    this.stateBytes += values.byteLength - (user.states.get(layer)?.byteLength ?? 0);
    user.states.set(layer, values);
    this.holders.add(user);
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

  /**
   * Takes pages for `events` events of each user, and sees to room for their states; others lose theirs, the least
   * recently used first. The users are at most {@link maxUsers}.
   */
  async reserve(wanted: readonly { readonly user: UserState; readonly events: number }[]): Promise<void> {
    const busy = new Set(wanted.map(({ user }) => user));
    const missing = ({ user, events }: (typeof wanted)[number]): number =>
      Math.max(0, this.store.pagesFor(events * this.perEvent) - user.pages.length);
    const total = wanted.reduce((sum, want) => sum + missing(want), 0);
    const stateless = wanted.filter(({ user, events }) => events > 0 && user.states.size === 0).length;
    const statesFit = (): boolean => this.stateBytes + stateless * this.bytesPerUser <= this.options.maxBytes;
    for (const user of this.holders) {
      if (this.store.available >= total && statesFit()) break;
      if (busy.has(user)) continue;
      if (user.pages.length > 0 || user.states.size > 0) await this.evict(user);
      else this.holders.delete(user);
    }
    if (this.store.available < total) {
      const { maxPages, pageTokens, bytesPerToken } = this.store;
      const needed = (maxPages - this.store.available + total) * pageTokens * bytesPerToken;
      throw new UnsupportedError(
        `scorer: expected maxBytes of at least ${needed} for the histories of one call; got room for ${maxPages * pageTokens * bytesPerToken}; raise it, or ask about fewer users at once`,
      );
    }
    if (!statesFit()) {
      throw new UnsupportedError(
        `scorer: expected maxBytes of at least ${wanted.length * this.bytesPerUser} for the states of one call; got ${this.options.maxBytes}; raise it, or ask about fewer users at once`,
      );
    }
    for (const want of wanted) {
      for (let n = missing(want); n > 0; n--) want.user.pages.push(this.store.take() as number);
      if (want.user.pages.length > 0) this.holders.add(want.user);
    }
  }

  /** Moves what was computed of a user to the spill, or drops it, also where the spill cannot be written. */
  async evict(user: UserState): Promise<void> {
    this.evictions++;
    if (this.spill === undefined || user.settled === 0 || (user.pages.length === 0 && user.states.size === 0)) {
      this.forget(user);
      return;
    }
    const kept = await this.store.read(this.rowsOf(user, user.settled * this.perEvent));
    const states = [...this.options.recurrent.keys()].map((layer) => user.states.get(layer) as Float32Array);
    try {
      await this.spill.write(user.name, joinFloats([kept, ...states]));
    } catch (error) {
      this.forget(user);
      this.noteFailure(error);
      return;
    }
    this.release(user);
    user.spilled = true;
  }

  private noteFailure(error: unknown): void {
    const { onNote = console.warn } = this.options;
    if (!this.spillFailed) {
      onNote(
        `scorer: expected a spill that can be written; got ${error instanceof Error ? error.message : error}; what it does not take is computed again`,
      );
    }
    this.spillFailed = true;
  }

  /** Brings back what is in the spill; the pages of the settled events are there already. */
  async reload(user: UserState): Promise<void> {
    if (!user.spilled) return;
    const tokens = user.settled * this.perEvent;
    const values = await this.spill?.read(user.name);
    user.spilled = false;
    this.spill?.remove(user.name);
    const kept = (tokens * this.store.bytesPerToken) / 4;
    if (values === undefined || values.length !== kept + this.bytesPerUser / 4) {
      user.settled = 0;
      return;
    }
    this.store.restore(this.rowsOf(user, tokens), values.subarray(0, kept));
    let at = kept;
    for (const [layer, width] of this.options.recurrent) {
      this.keepState(user, layer, values.slice(at, at + width));
      at += width;
    }
    this.reloads++;
  }
}
