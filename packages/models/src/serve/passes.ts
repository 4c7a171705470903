import * as tf from '@tensorflow/tfjs-core';
import { EvaluationError } from '../errors.ts';
import type { TokenEncoder } from '../model.ts';
import { MAXIMUM_SECONDS } from './history.ts';
import type { PageStore } from './page-store.ts';
import { batchOf, PassMemory, type Reading } from './pass.ts';
import type { Append, Question } from './scorer.ts';
import type { UserState, UserStates } from './user-states.ts';

/** What the passes of a scorer share. */
export interface PassParts {
  readonly model: TokenEncoder;
  readonly store: PageStore;
  readonly users: UserStates;
  /** Tokens of an event. */
  readonly perEvent: number;
  /** Longest window, in events, and what is left of it when it begins again. */
  readonly longest: number;
  readonly kept: number;
  /** Whether settled events are read when they are appended, or with the next question. */
  readonly settle: 'append' | 'question';
}

type UserReading = Reading & { readonly user: UserState };

/**
 * The passes of a scorer: which users go together, which of their events are read, and what is settled after. One pass
 * runs at a time.
 */
export class Passes {
  readonly counts = { hits: 0, misses: 0, computedTokens: 0, fullTokens: 0 };
  private readonly parts: PassParts;

  constructor(parts: PassParts) {
    this.parts = parts;
  }

  /** @throws EvaluationError for a user without events. */
  known(user: string): UserState {
    const state = this.parts.users.get(user);
    if (state === undefined) throw new EvaluationError(`scorer: expected a user that has events; got '${user}'`);
    return state;
  }

  /**
   * First event that is read of a history of `length`: all of it up to `longest`, beyond it the latest `kept` and as
   * many more as have come since the window last began. It is where appends one by one would have it, however they came
   * and whenever somebody asked: answers are the same after a restart.
   */
  windowStart(length: number): number {
    const { longest, kept } = this.parts;
    return length <= longest ? 0 : length - kept - ((length - longest - 1) % (longest - kept + 1));
  }

  /** The first `length` events of a history stay. */
  cut(state: UserState, length: number): void {
    state.history.truncate(length);
    // The newest event is settled by none that comes after it.
    this.parts.users.keep(state, Math.max(0, state.history.length - state.start - 1));
  }

  /**
   * Adds events, and reads those that are settled by them where that does not wait for a question. Nothing is added
   * when one of them is refused.
   */
  async append(appends: readonly Append[]): Promise<void> {
    const { users, model, settle } = this.parts;
    const before = new Map<UserState, number>();
    const created: string[] = [];
    try {
      for (const { user, events } of appends) {
        if (users.get(user) === undefined) created.push(user);
        const state = users.get(user) ?? users.add(user);
        if (!before.has(state)) before.set(state, state.history.length);
        state.history.append(user, events, model.numItems);
      }
      if (settle === 'append') await this.readSettled([...before.keys()]);
    } catch (error) {
      for (const [state, length] of before) this.cut(state, length);
      for (const user of created) users.delete(user);
      throw error;
    }
  }

  private async readSettled(states: readonly UserState[]): Promise<void> {
    await this.inRounds(states, async (round) => {
      // The newest event is read when somebody asks: its row depends on the moment.
      const readings = round.map((user) => this.reading(user, user.history.length - user.start - 1, Number.NaN));
      await this.read(
        round,
        readings.filter(({ from, to }) => to > from),
      );
    });
  }

  /** The vector of each history at its moment. */
  async encode(requests: readonly Question[]): Promise<Float32Array[]> {
    const out = new Array<Float32Array>(requests.length);
    for (const { user, at } of requests) {
      const { history } = this.known(user);
      if (history.length === 0)
        throw new EvaluationError(`encode: expected a history of events; got none of '${user}'`);
      const latest = history.timeAt(history.length - 1);
      if (!(at >= latest)) {
        throw new EvaluationError(
          `encode: expected a moment of at least ${latest}, that of the last event of '${user}'; got ${at}`,
        );
      }
      if (at - history.timeAt(0) >= MAXIMUM_SECONDS) {
        throw new EvaluationError(
          `encode: expected a moment in seconds, less than 2^31 after the first event of '${user}'; got ${at}; divide milliseconds by 1000`,
        );
      }
    }
    let left = requests.map((request, place) => ({ ...request, place }));
    while (left.length > 0) {
      // One moment a user and pass: the newest token has one row. Questions about the same moment share it.
      const moments = new Map<UserState, number>();
      for (const { user, at } of left) if (!moments.has(this.known(user))) moments.set(this.known(user), at);
      const now = left.filter(({ user, at }) => moments.get(this.known(user)) === at);
      left = left.filter(({ user, at }) => moments.get(this.known(user)) !== at);
      const found = new Map<UserState, Float32Array>();
      await this.inRounds([...moments.keys()], async (round) => {
        const readings = round.map((user) =>
          this.reading(user, user.history.length - user.start, moments.get(user) as number),
        );
        for (const [b, vector] of (await this.read(round, readings)).entries()) found.set(round[b], vector);
      });
      for (const { user, place } of now) out[place] = found.get(this.known(user)) as Float32Array;
    }
    return out;
  }

  /** Users of one pass at a time: those whose histories fit into the store together. */
  private async inRounds(states: readonly UserState[], work: (round: UserState[]) => Promise<void>): Promise<void> {
    const { users, store, perEvent } = this.parts;
    let [round, pages]: [UserState[], number] = [[], 0];
    const run = async (): Promise<void> => {
      if (round.length === 0) return;
      for (const user of round) users.touch(user);
      await users.reserve(round.map((user) => ({ user, events: user.history.length - user.start })));
      for (const user of round) await users.reload(user);
      await work(round);
      [round, pages] = [[], 0];
    };
    for (const user of states) {
      this.slide(user);
      const own = store.pagesFor((user.history.length - user.start) * perEvent);
      if (pages + own > store.maxPages || round.length >= users.maxUsers) await run();
      round.push(user);
      pages += own;
    }
    await run();
  }

  /** Begins a window again where the history has another one by now. */
  private slide(user: UserState): void {
    const start = this.windowStart(user.history.length);
    if (start === user.start) return;
    this.parts.users.forget(user);
    user.start = start;
  }

  /** Events of a user's window from the first that is not settled to `to`; its pages are there. */
  private reading(user: UserState, to: number, at: number): UserReading {
    const { users, perEvent } = this.parts;
    const { history, start, settled, states } = user;
    const rows = users.rowsOf(user, Math.max(0, to) * perEvent);
    return { user, history, start, from: Math.min(settled, Math.max(0, to)), to, at, rows, states };
  }

  /** One pass; the vector of the last event of each reading. */
  private async read(round: readonly UserState[], readings: readonly UserReading[]): Promise<Float32Array[]> {
    const { model, store, perEvent } = this.parts;
    if (readings.length === 0) return [];
    for (const { from, to } of readings) {
      this.counts[from > 0 ? 'hits' : 'misses']++;
      this.counts.computedTokens += (to - from) * perEvent;
      this.counts.fullTokens += to * perEvent;
    }
    const batch = batchOf(readings);
    const memory = PassMemory.ofEvents(store, readings, perEvent);
    try {
      const last = tf.tidy(() => {
        const encoded = (model.extend as NonNullable<TokenEncoder['extend']>)(batch, memory);
        return tf.gather(
          encoded,
          tf.tensor1d(
            batch.hostOffsets.slice(1).map((end) => end - 1),
            'int32',
          ),
        ) as tf.Tensor2D;
      });
      const values = (await last.data()) as Float32Array;
      const width = last.shape[1];
      const vectors = readings.map((_, b) => values.slice(b * width, (b + 1) * width));
      last.dispose();
      await this.settle(readings, batch.hostOffsets, memory);
      return vectors;
    } catch (error) {
      // Rows may be half written.
      for (const user of round) this.parts.users.forget(user);
      throw error;
    } finally {
      memory.dispose();
      batch.dispose();
    }
  }

  /** Notes what is known for good now: all events but the newest of a history. */
  private async settle(readings: readonly UserReading[], offsets: Int32Array, memory: PassMemory): Promise<void> {
    const settled = readings.map(({ user, to }) => Math.min(to, user.history.length - user.start - 1));
    for (const [layer, states] of memory.newStates) {
      const values = (await states.data()) as Float32Array;
      const width = states.shape[1];
      readings.forEach(({ user, from }, b) => {
        if (settled[b] <= from) return;
        const row = offsets[b] + settled[b] - 1 - from;
        this.parts.users.keepState(user, layer, values.slice(row * width, (row + 1) * width));
      });
    }
    readings.forEach(({ user }, b) => {
      user.settled = settled[b];
    });
  }
}
