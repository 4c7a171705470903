import type { ScorerStats, TopList, UserEvent } from '@seqrec/models';
import { Admission } from './admission.ts';
import { Batcher } from './batcher.ts';
import type { Catalogue } from './catalogue.ts';
import type { OpenedLog } from './event-log.ts';
import { checkTime, Ledger, type UserSummary } from './ledger.ts';
import type { Limits } from './limits.ts';
import type { LoggedEvent } from './log-record.ts';
import type { Operation, ResultOf } from './operation.ts';
import { Problem } from './problem.ts';
import type { Shard } from './shard.ts';
import { shardOf } from './shard-of.ts';
import { UserOrder } from './user-order.ts';

/** What the service measures of itself. */
export interface ServiceListener {
  /** A batch of a shard has ended. */
  onBatch(operations: number, ms: number): void;
  /** Records of the log are on the disk. */
  onFlush(records: number, ms: number): void;
}

export interface ServiceOptions {
  /** Users are spread over them. */
  readonly shards: readonly Shard[];
  readonly log: OpenedLog['log'];
  /** Users that were forgotten and stay so, though the data hold them. */
  readonly forgotten: ReadonlySet<string>;
  readonly catalogue: Catalogue;
  readonly limits: Limits;
  readonly batch: { readonly windowMs: number; readonly size: number };
  readonly listener?: ServiceListener;
}

/** A list for a user, and the moment that it is for. */
export interface TopAnswer extends TopList {
  readonly at: number;
}

/** Users whose histories grow, and answers about them; nothing of how requests arrive. Items are dense. */
export class Service {
  readonly #shards: readonly { readonly shard: Shard; readonly batcher: Batcher; readonly admission: Admission }[];
  readonly #log: OpenedLog['log'];
  readonly #catalogue: Catalogue;
  readonly #ledger: Ledger;
  readonly #order = new UserOrder();

  constructor({ shards, log, forgotten, catalogue, limits, batch, listener }: ServiceOptions) {
    this.#log = log;
    this.#catalogue = catalogue;
    if (listener) log.onFlush = (records, ms) => listener.onFlush(records, ms);
    this.#shards = shards.map((shard) => {
      const admission = new Admission({ ...limits, batch: batch.size });
      const onBatch = (operations: number, ms: number): void => {
        admission.took(operations, ms);
        listener?.onBatch(operations, ms);
      };
      return { shard, admission, batcher: new Batcher(shard, { ...batch, onBatch }) };
    });
    // It stands before everything else about the user; should it fail, what has come meanwhile fails too.
    const seed = (user: string, events: readonly UserEvent[]) => this.#begin({ kind: 'append', user, events });
    this.#ledger = new Ledger(forgotten, (user) => catalogue.history(user), seed, catalogue.hasTimes);
  }

  /** Users known here; those of the data once they were named. */
  get users(): number {
    return this.#ledger.size;
  }

  get logBytes(): number {
    return this.#log.bytes;
  }

  /** Requests let in and not answered, by shard. */
  get waiting(): readonly number[] {
    return this.#shards.map(({ admission }) => admission.waiting);
  }

  /** Takes in users from a log, as they were. */
  async restore(users: ReadonlyMap<string, readonly UserEvent[]>): Promise<void> {
    const all: Promise<unknown>[] = [];
    for (const [user, events] of users) {
      if (events.length === 0) continue;
      this.#ledger.restore(user, events);
      all.push(this.#begin({ kind: 'append', user, events }));
    }
    await Promise.all(all);
  }

  /**
   * Adds events to a user's history; they are on the disk, and seen by what is asked from then on, when it resolves.
   *
   * @returns events held
   * @throws Problem `out-of-order`, `bad-time`, `busy`, `storage`; nothing of them is stored then.
   */
  append(user: string, events: readonly UserEvent[]): Promise<number> {
    return this.#of(user).admission.through(async () => {
      const accepted = this.#ledger.accept(user, events);
      const logged = events.map((event) => this.#logged(event));
      const { seq, written } = this.#log.write({ user, held: accepted.held, events: logged });
      let stored = false;
      try {
        const written1 = written.then(() => {
          stored = true;
        });
        await this.#begin({ kind: 'append', user, events, known: accepted.known }, written1);
      } catch (error) {
        accepted.undo();
        // It must not come back with the next start.
        if (stored) await this.#log.write({ user, void: seq }).written;
        throw error;
      }
      return accepted.done();
    });
  }

  /** @throws Problem `unknown-user`, `out-of-order`, `bad-time`, `busy` */
  top(user: string, at: number | undefined, k: number, exclude: 'seen' | 'none' | Int32Array): Promise<TopAnswer> {
    return this.#asked(user, at, async (moment) => {
      const list = await this.#begin({ kind: 'top', user, at: moment, k, exclude });
      return { ...list, at: moment };
    });
  }

  /** @throws Problem as {@link top} does */
  score(user: string, at: number | undefined, candidates: Int32Array): Promise<{ at: number; scores: Float32Array }> {
    return this.#asked(user, at, async (moment) => {
      const scores = await this.#begin({ kind: 'score', user, at: moment, candidates });
      return { at: moment, scores };
    });
  }

  /** @throws Problem `busy` */
  similar(item: number, k: number): Promise<TopList> {
    const { admission, batcher } = this.#shards[item % this.#shards.length];
    return admission.through(() => batcher.run({ kind: 'similar', item, k }));
  }

  /** @throws Problem `unknown-user` */
  about(user: string): UserSummary {
    return this.#ledger.get(user);
  }

  /** Forgets a user; that is on the disk when it resolves. @throws Problem `unknown-user`, `busy`, `storage` */
  forget(user: string): Promise<void> {
    return this.#of(user).admission.through(async () => {
      const undo = this.#ledger.forget(user);
      const { written } = this.#log.write({ user, drop: true });
      written.catch(undo);
      await this.#begin({ kind: 'drop', user }, written);
    });
  }

  /**
   * Changes the weights of all shards by a delta. All check it before the first switches, and each switches between two
   * answers. What was computed of histories before is computed again when a user is asked about.
   *
   * @throws Error with what is wrong with it; all serve on with the weights that they have.
   */
  async update(bytes: Uint8Array, name: string): Promise<void> {
    const weights = this.#shards.flatMap(({ shard }) => shard.weights ?? []);
    const checked = await Promise.allSettled(weights.map((each) => each.prepare(bytes, name)));
    const refused = checked.find((each) => each.status === 'rejected');
    if (refused !== undefined) {
      await Promise.all(weights.map((each) => each.discard()));
      throw refused.reason;
    }
    await Promise.all(weights.map((each) => each.commit()));
  }

  stats(): Promise<readonly ScorerStats[]> {
    return Promise.all(this.#shards.map(({ shard }) => shard.stats()));
  }

  /** Answers what was let in, writes the log, and closes. */
  async close(): Promise<void> {
    for (const { batcher } of this.#shards) await batcher.idle();
    await this.#log.close();
    for (const { shard } of this.#shards) await shard.close();
  }

  #asked<T>(user: string, at: number | undefined, ask: (at: number) => Promise<T>): Promise<T> {
    return this.#of(user).admission.through(async () => {
      const { first, last, events } = this.#ledger.get(user);
      const { time } = last;
      // Where numbers in the history stand for times, the next event has the next one.
      const moment = at ?? (this.#catalogue.hasTimes ? time : time + 1);
      if (moment < time) {
        throw new Problem('out-of-order', `at: expected a time not before the last event, ${time}; got ${moment}`, {
          time: moment,
          last: time,
        });
      }
      checkTime('at', moment, { first, hasTimes: this.#catalogue.hasTimes, last: time, held: events });
      return ask(moment);
    });
  }

  #begin<O extends Operation & { readonly user: string }>(operation: O, ready?: Promise<void>): Promise<ResultOf<O>> {
    const { user } = operation;
    return this.#order.begin(user, () => this.#of(user).batcher.run(operation), ready);
  }

  #of(user: string) {
    return this.#shards[shardOf(user, this.#shards.length)];
  }

  #logged({ item, time, rating }: UserEvent): LoggedEvent {
    const external = this.#catalogue.external(item);
    return rating === undefined ? [external, time] : [external, time, rating];
  }
}
