/** What happened to a user. */
export interface UserEvent {
  /** Dense item id, `1..numItems`. */
  readonly item: number;
  /** Seconds; never before the event before it. */
  readonly time: number;
  /** What was done, for models that read it. Default: not known. */
  readonly rating?: number;
}

/** A user's history grows by some events. */
export interface Append {
  readonly user: string;
  /** Oldest first. */
  readonly events: readonly UserEvent[];
}

/** A user is asked about at a moment. */
export interface Question {
  readonly user: string;
  /** Seconds, not before the user's last event. */
  readonly at: number;
}

/** The items that a user is expected to want next. */
export interface TopQuestion extends Question {
  /** How many items. */
  readonly k: number;
  /** Items to leave out: those of the whole history (default), these, or none. */
  readonly exclude?: 'seen' | 'none' | Int32Array;
}

/** How much a user is expected to want some items next. */
export interface ScoreQuestion extends Question {
  /** Dense item ids. */
  readonly candidates: Int32Array;
}

/** Items, best first; among equal scores the lower id first. */
export interface TopList {
  readonly items: Int32Array;
  /** Products of the vectors of history and item. */
  readonly scores: Float32Array;
}

export interface ScorerStats {
  readonly users: number;
  /** Users with keys and values, or states, in memory, and tokens of them that are settled. */
  readonly cachedUsers: number;
  readonly settledTokens: number;
  readonly pages: number;
  readonly freePages: number;
  /** Bytes of keys and values in use, and of all pages; of states in both. */
  readonly bytes: number;
  readonly reservedBytes: number;
  /** Passes that found their prefix cached, and those that had to compute it, since the start. */
  readonly hits: number;
  readonly misses: number;
  /** Users whose keys and values, or states, were dropped or went to the spill, since the start. */
  readonly evictions: number;
  /** Users read back from the spill file. */
  readonly reloads: number;
  /** Tokens that went through the model, and those that a full pass each time would have taken. */
  readonly computedTokens: number;
  readonly fullTokens: number;
}

/** Whether a model's state can grow by events, and how exactly. */
export interface IncrementalCapabilities {
  readonly append: boolean;
  /** Why not, a sentence. */
  readonly reason?: string;
  /** Equal bits with the full pass, or the relative error that its backend's kernels are held to. */
  readonly exact: 'bitwise' | number;
}

/** Difference of a cached answer and that of a full pass. */
export interface ScorerCheck {
  readonly equal: boolean;
  /** Largest difference, relative to the largest magnitude. */
  readonly error: number;
}

/**
 * Answers about users whose histories grow, from keys and values that are kept: see {@link createScorer}. Calls may be
 * made at any time and are answered in the order in which they were made.
 */
export interface Scorer {
  readonly capabilities: IncrementalCapabilities;
  readonly numItems: number;
  /** Events of a history that are read, the latest. */
  readonly maxSequenceLength: number;
  has(user: string): boolean;
  /** The history as it is held: all events, oldest first. */
  history(user: string): readonly UserEvent[];
  /** Creates users that are not there. Nothing is appended when one of the events is refused. */
  append(...appends: readonly Append[]): Promise<void>;
  /** The vector of each history at its moment, `[D]`; one pass for all. */
  encode(...questions: readonly Question[]): Promise<Float32Array[]>;
  /** A list for each question; one pass over the histories and one over the items for all. */
  top(...questions: readonly TopQuestion[]): Promise<TopList[]>;
  /** Scores of the candidates of each question, in their order: products of the vectors of history and item. */
  score(...questions: readonly ScoreQuestion[]): Promise<Float32Array[]>;
  /**
   * Logits `[candidates.length, 10]` of the actions that each candidate would get: it is read as the next content,
   * after the whole history. Of models whose histories hold contents and actions in turn.
   */
  scoreActions(question: ScoreQuestion): Promise<Float32Array>;
  /**
   * Vectors `[candidates.length, D]` of the candidates, each read as the event after the whole history,
   * at the moment of the question: for heads that see history and candidate together. Of models whose
   * history is one token an event and that keep its keys, not states (GRU4Rec).
   */
  encodeCandidates(question: ScoreQuestion): Promise<Float32Array>;
  /** Items like one, by the product of their vectors. */
  similar(item: number, k: number): Promise<TopList>;
  /** Makes `events` the history: what it has in common with the one before is kept, the rest is computed anew. */
  replace(user: string, events: readonly UserEvent[]): Promise<void>;
  /** The same history under another name; both go on by themselves. */
  fork(user: string, as: string): Promise<void>;
  /** The first `length` events stay. */
  truncate(user: string, length: number): Promise<void>;
  /** Forgets a user. */
  drop(user: string): Promise<boolean>;
  /** Drops the keys and values of a user, or moves them to the spill; not the history. */
  evict(user: string): Promise<boolean>;
  /** Drops everything that was computed: after the weights have changed in place. New tensors are noticed. */
  invalidate(): Promise<void>;
  /**
   * Lets `change` put other weights into the model between two calls, then drops everything that was computed: a call
   * is answered from the weights before or from those after, never from both. `change` must not wait.
   */
  update(change: () => void): Promise<void>;
  stats(): ScorerStats;
  /** Compares the cached vector with that of a full pass over the same history. */
  check(question: Question): Promise<ScorerCheck>;
  dispose(): void;
}
