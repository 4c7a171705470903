import { UnsupportedError } from '@seqrec/core';
import {
  createScorer,
  type IncrementalCapabilities,
  incrementalOf,
  type Recommendation,
  recommend,
  type ScorerCheck,
  type TokenEncoder,
  type UserScorer,
} from '@seqrec/models';
import { MINUTE, madeUpTimes } from '../src/report/page/page-data.ts';

/** Something recommended; its codes where the model writes them. */
export interface Shown extends Recommendation {
  readonly codes?: readonly number[];
}

/** Recommendations and how long they took, reading them back included. */
export interface Answer {
  readonly items: readonly Shown[];
  readonly milliseconds: number;
  /** Tokens that went through the model, and those of a full pass; absent where no state is kept. */
  readonly tokens?: { readonly computed: number; readonly full: number };
}

/** What answers: a model and what it keeps of one history, which grows and shrinks; one call at a time. */
export interface Answering {
  /** Whether state is kept, and why not. */
  readonly state: IncrementalCapabilities;
  /** The `k` best items after a history of dense ids, oldest first, without those of the history. */
  answer(history: readonly number[], k: number): Promise<Answer>;
  /** The same by a pass over the whole history, of which nothing is kept. */
  fullPass(history: readonly number[], k: number): Promise<Answer>;
  /** Compares the vector of the history that was answered last with that of a full pass. */
  check(): Promise<ScorerCheck>;
  /** Forgets the history. */
  drop(): Promise<void>;
  dispose(): void;
}

/** Tokens of a page of keys and values, and bytes of all of them. */
const STORE = { pageTokens: 16, maxBytes: 64e6 };
/** There is one visitor. */
const user = 'visitor';

/** Answers by vectors of histories and items. */
export class Session implements Answering {
  readonly state: IncrementalCapabilities;
  readonly #model: TokenEncoder;
  readonly #latestTime: number | undefined;
  readonly #scorer: UserScorer | undefined;

  constructor(model: TokenEncoder, latestTime: number | undefined) {
    this.#model = model;
    this.#latestTime = latestTime;
    this.state = incrementalOf(model);
    if (!this.state.append) return;
    try {
      this.#scorer = createScorer(model, STORE);
    } catch (error) {
      // One history may be larger than all that the page keeps.
      if (!(error instanceof UnsupportedError)) throw error;
      this.state = { ...this.state, append: false, reason: error.message };
    }
  }

  /**
   * The `k` best items after a history of dense ids, oldest first, without those of the history. What the history has
   * in common with the last one is not computed again.
   */
  async answer(history: readonly number[], k: number): Promise<Answer> {
    const scorer = this.#scorer;
    if (scorer === undefined) return this.fullPass(history, k);
    const began = performance.now();
    const before = scorer.stats();
    const times = this.#times(history.length);
    await scorer.replace(
      user,
      history.map((item, i) => ({ item, time: times[i] })),
    );
    const grown = scorer.stats();
    const [{ items, scores }] = await scorer.top({ user, at: this.#moment(history.length), k });
    const milliseconds = performance.now() - began;
    const after = scorer.stats();
    return {
      items: Array.from(items, (item, i) => ({ item, score: scores[i] })),
      milliseconds,
      // Reading the new event and answering are two passes here; without state it would be the second alone.
      tokens: {
        computed: after.computedTokens - before.computedTokens,
        full: after.fullTokens - grown.fullTokens,
      },
    };
  }

  /** The same by a pass over the whole history, of which nothing is kept. */
  async fullPass(history: readonly number[], k: number): Promise<Answer> {
    const began = performance.now();
    const items = await recommend({
      model: this.#model,
      history,
      timestamps: this.#times(history.length),
      requestTime: this.#moment(history.length),
      k,
    });
    return { items, milliseconds: performance.now() - began };
  }

  /** Compares the vector of the history that was answered last with that of a full pass. */
  async check(): Promise<ScorerCheck> {
    if (this.#scorer === undefined)
      throw new Error(`check: expected a model whose state is kept; ${this.state.reason}`);
    return this.#scorer.check({ user, at: this.#moment(this.#scorer.history(user).length) });
  }

  /** Forgets the history. */
  async drop(): Promise<void> {
    await this.#scorer?.drop(user);
  }

  dispose(): void {
    this.#scorer?.dispose();
    this.#model.dispose();
  }

  /**
   * Events that are kept keep their times: a history that grows begins at the latest time of the data. Models whose
   * state can grow read differences of times alone, and those are as in {@link madeUpTimes}.
   */
  #times(length: number): number[] {
    const latest = this.#latestTime;
    if (latest === undefined || this.#scorer === undefined) return madeUpTimes(length, latest);
    return Array.from({ length }, (_, i) => latest + i * MINUTE);
  }

  /** That of the newest event; where numbers in the sequence stand for times, the next event has the next one. */
  #moment(length: number): number {
    return this.#latestTime === undefined ? length : this.#times(length)[length - 1];
  }
}
