import { UnsupportedError } from '@seqrec/core';
import type * as tf from '@tensorflow/tfjs-core';
import { EvaluationError } from '../errors.ts';
import type { EncoderBatch } from '../inputs.ts';
import type { TokenMemory } from '../layers/memory.ts';
import type { TokenEncoder } from '../model.ts';
import { fullPass } from './full-pass.ts';
import { ItemProducts } from './item-products.ts';
import { joinFloats } from './join-floats.ts';
import { candidateBatch, PassMemory } from './pass.ts';
import { Passes, type PassParts } from './passes.ts';
import type {
  Append,
  IncrementalCapabilities,
  Question,
  ScoreQuestion,
  Scorer,
  ScorerCheck,
  ScorerStats,
  TopList,
  TopQuestion,
  UserEvent,
} from './scorer.ts';

export interface ScorerParts extends PassParts {
  /** Candidates of one pass. */
  readonly microbatch: number;
}

/** A scorer over a page store: see `createScorer`. */
export class PagedScorer implements Scorer {
  readonly numItems: number;
  readonly maxSequenceLength: number;
  readonly capabilities: IncrementalCapabilities;
  private readonly shared: ScorerParts;
  private readonly passes: Passes;
  private tail: Promise<unknown> = Promise.resolve();
  private readonly products: ItemProducts;
  private weights: readonly tf.DataId[];

  constructor(shared: ScorerParts, capabilities: IncrementalCapabilities) {
    this.shared = shared;
    this.passes = new Passes(shared);
    this.products = new ItemProducts(shared.model);
    this.capabilities = capabilities;
    this.numItems = shared.model.numItems;
    this.maxSequenceLength = shared.model.maxSequenceLength;
    this.weights = weightsOf(shared.model);
  }

  has(user: string): boolean {
    return this.shared.users.get(user) !== undefined;
  }

  history(user: string): readonly UserEvent[] {
    return this.passes.known(user).history.events();
  }

  append(...appends: readonly Append[]): Promise<void> {
    return this.inOrder(() => this.passes.append(appends));
  }

  encode(...questions: readonly Question[]): Promise<Float32Array[]> {
    return this.inOrder(() => this.passes.encode(questions));
  }

  top(...questions: readonly TopQuestion[]): Promise<TopList[]> {
    return this.inOrder(async () => {
      const vectors = await this.passes.encode(questions);
      const lists = questions.map(({ user, k, exclude = 'seen' }, i) => {
        const { history } = this.passes.known(user);
        const seen = exclude === 'seen' ? history.itemsFrom(0) : exclude === 'none' ? new Int32Array(0) : exclude;
        return { vector: vectors[i], k, excluded: seen };
      });
      return this.products.top(lists);
    });
  }

  score(...questions: readonly ScoreQuestion[]): Promise<Float32Array[]> {
    return this.inOrder(async () => {
      for (const { candidates } of questions) this.checkItems(candidates);
      const vectors = await this.passes.encode(questions);
      const scores: Float32Array[] = [];
      for (const [i, { candidates }] of questions.entries()) {
        scores.push(await this.products.score(vectors[i], candidates));
      }
      return scores;
    });
  }

  scoreActions(question: ScoreQuestion): Promise<Float32Array> {
    return this.inOrder(async () => {
      const { model } = this.shared;
      const { candidateActions } = model;
      if (candidateActions === undefined) {
        throw new UnsupportedError(
          `scoreActions: expected a model whose history holds contents and actions in turn; got '${model.kind}' without; train with model.actions interleave`,
        );
      }
      return this.inBlocks(question, (batch, memory) => candidateActions(batch, memory));
    });
  }

  encodeCandidates(question: ScoreQuestion): Promise<Float32Array> {
    return this.inOrder(async () => {
      const { model, users } = this.shared;
      if (model.extend === undefined || model.candidateActions !== undefined) {
        throw new UnsupportedError(
          `encodeCandidates: expected a model whose history is one token an event; got '${model.kind}' with actions in between; use scoreActions`,
        );
      }
      if (users.bytesPerUser > 0) {
        throw new UnsupportedError(
          `encodeCandidates: expected a model that keeps keys of a history, which candidates share; got '${model.kind}', which keeps states; use score, or fork the user and append a candidate`,
        );
      }
      const { extend } = model;
      return this.inBlocks(question, (batch, memory) => extend(batch, memory));
    });
  }

  /** What `read` makes of candidates after a history, block by block. */
  private async inBlocks(
    question: ScoreQuestion,
    read: (batch: EncoderBatch, memory: TokenMemory) => tf.Tensor2D,
  ): Promise<Float32Array> {
    const { users, store, perEvent, microbatch } = this.shared;
    const { candidates, at: moment } = question;
    this.checkItems(candidates);
    await this.passes.encode([question]);
    const user = this.passes.known(question.user);
    const { history, start } = user;
    const tokens = (history.length - start) * perEvent;
    const rows = users.rowsOf(user, tokens);
    const out: Float32Array[] = [];
    for (let at = 0; at < candidates.length; at += microbatch) {
      const block = { items: candidates.slice(at, at + microbatch), history, start, at: moment, rows };
      const batch = candidateBatch(block, tokens);
      const memory = PassMemory.ofCandidates(store, block);
      try {
        const found = read(batch, memory);
        out.push(((await found.data()) as Float32Array).slice());
        found.dispose();
      } finally {
        memory.dispose();
        batch.dispose();
      }
    }
    return joinFloats(out);
  }

  similar(item: number, k: number): Promise<TopList> {
    return this.inOrder(async () => {
      this.checkItems(Int32Array.of(item));
      const vector = await this.products.vector(item);
      const [list] = await this.products.top([{ vector, k, excluded: Int32Array.of(item) }]);
      return list;
    });
  }

  replace(user: string, events: readonly UserEvent[]): Promise<void> {
    return this.inOrder(async () => {
      const { users } = this.shared;
      const state = users.get(user);
      const common = state?.history.commonPrefix(events) ?? 0;
      const before = state?.history.events() ?? [];
      if (state !== undefined) this.passes.cut(state, common);
      try {
        await this.passes.append([{ user, events: events.slice(common) }]);
      } catch (error) {
        if (state !== undefined) await this.passes.append([{ user, events: before.slice(common) }]);
        throw error;
      }
    });
  }

  fork(user: string, as: string): Promise<void> {
    return this.inOrder(async () => {
      const { users, store, perEvent } = this.shared;
      const state = this.passes.known(user);
      const before = users.get(as)?.history;
      users.delete(as);
      const copy = users.add(as, state.history.clone());
      if (state.spilled) return;
      try {
        await users.reserve([
          { user: copy, events: state.settled },
          { user: state, events: state.settled },
        ]);
      } catch (error) {
        users.delete(as);
        // What was computed of it can be computed again.
        if (before !== undefined) users.add(as, before);
        throw error;
      }
      copy.start = state.start;
      copy.settled = state.settled;
      for (const [layer, values] of state.states) users.keepState(copy, layer, values.slice());
      const tokens = state.settled * perEvent;
      if (tokens > 0 && store.bytesPerToken > 0) store.copy(users.rowsOf(state, tokens), users.rowsOf(copy, tokens));
    });
  }

  truncate(user: string, length: number): Promise<void> {
    return this.inOrder(async () => {
      if (!Number.isSafeInteger(length) || length < 0) {
        throw new EvaluationError(`truncate: expected a whole number of events; got ${length}`);
      }
      this.passes.cut(this.passes.known(user), length);
    });
  }

  drop(user: string): Promise<boolean> {
    return this.inOrder(async () => this.shared.users.delete(user));
  }

  evict(user: string): Promise<boolean> {
    return this.inOrder(async () => {
      const state = this.shared.users.get(user);
      if (state === undefined || (state.pages.length === 0 && state.states.size === 0)) return false;
      await this.shared.users.evict(state);
      return true;
    });
  }

  invalidate(): Promise<void> {
    return this.inOrder(async () => this.forgetAll());
  }

  update(change: () => void): Promise<void> {
    return this.inOrder(async () => {
      try {
        change();
      } finally {
        this.forgetAll();
      }
    });
  }

  stats(): ScorerStats {
    const { users, store } = this.shared;
    let [cachedUsers, settledTokens] = [0, 0];
    for (const { settled, pages, states, spilled } of users.all()) {
      if (spilled || (pages.length === 0 && states.size === 0)) continue;
      cachedUsers++;
      settledTokens += settled * this.shared.perEvent;
    }
    const pageBytes = store.pageTokens * store.bytesPerToken;
    return {
      ...{ users: users.size, cachedUsers, settledTokens },
      ...{ pages: store.allPages, freePages: store.freePages },
      bytes: (store.allPages - store.freePages) * pageBytes + users.stateBytes,
      reservedBytes: store.allPages * pageBytes + users.stateBytes,
      ...this.passes.counts,
      ...{ evictions: users.evictions, reloads: users.reloads },
    };
  }

  check(question: Question): Promise<ScorerCheck> {
    return this.inOrder(async () => {
      const [cached] = await this.passes.encode([question]);
      const { history } = this.passes.known(question.user);
      const start = this.passes.windowStart(history.length);
      const full = await fullPass(this.shared.model, history.events().slice(start), question.at);
      const [magnitude, difference] = [new Float32Array(full.length), new Float32Array(full.length)];
      full.forEach((x, i) => {
        magnitude[i] = Math.abs(x);
        difference[i] = Math.abs(x - cached[i]);
      });
      return {
        equal: full.every((x, i) => Object.is(x, cached[i])),
        error: Math.max(...difference) / Math.max(...magnitude, Number.MIN_VALUE),
      };
    });
  }

  dispose(): void {
    this.products.dispose();
    this.shared.store.dispose();
  }

  /** Calls run one after the other, whatever becomes of the one before. */
  private inOrder<T>(work: () => Promise<T>): Promise<T> {
    const guarded = (): Promise<T> => {
      this.noticeWeights();
      return work();
    };
    const result = this.tail.then(guarded, guarded);
    this.tail = result.catch(() => undefined);
    return result;
  }

  private noticeWeights(): void {
    const now = weightsOf(this.shared.model);
    if (now.length === this.weights.length && now.every((id, i) => id === this.weights[i])) return;
    this.weights = now;
    this.forgetAll();
  }

  private forgetAll(): void {
    for (const user of this.shared.users.all()) this.shared.users.forget(user);
    this.products.dispose();
  }

  private checkItems(items: Int32Array): void {
    const bad = items.find((item) => item < 1 || item > this.numItems);
    if (bad === undefined) return;
    throw new EvaluationError(`scorer: expected dense item ids in 1..${this.numItems}; got ${bad}`);
  }
}

function weightsOf(model: TokenEncoder): tf.DataId[] {
  return Array.from(model.variables().values(), ({ dataId }) => dataId);
}
