import { UnsupportedError } from '@seqrec/core';
import { sequenceBatch } from '@seqrec/data';
import { uploadBatch } from '../inputs.ts';
import type { TokenEncoder } from '../model.ts';
import type { OnNote } from '../train/checksums.ts';
import { incrementalOf } from './capabilities.ts';
import { PageStore } from './page-store.ts';
import { PagedScorer } from './paged-scorer.ts';
import { WidthProbe } from './pass.ts';
import type { PassParts } from './passes.ts';
import type { Scorer } from './scorer.ts';
import { type Spill, UserStates } from './user-states.ts';

export interface ScorerOptions {
  /** Tokens of a page of keys and values, default 32. */
  readonly pageTokens?: number;
  /**
   * Bytes of keys and values, and of states where layers are recurrent (each, where there are both), default 1e9; the
   * least recently asked users lose theirs beyond it.
   */
  readonly maxBytes?: number;
  /**
   * What is read of a history of more than `N = maxSequenceLength` events. `exact` (default): the latest `N`, so that
   * every append beyond is a full pass. `chunked`: between `N - slack` and `N`; beyond it the window begins again with
   * the latest `N - slack`. Never more than `N`: places and distances beyond are not trained. `recurrent`: all of it,
   * by models that keep a state and no keys.
   */
  readonly window?: 'exact' | 'chunked' | 'recurrent';
  /** Events by which a `chunked` window may be shorter than `N`: a full pass in `slack + 1` events; less than `N`. */
  readonly slack?: number;
  /**
   * When the events that an append settles are read: in the append (default), so that a question finds little left; or
   * in the next `question`, so that both take one pass, and users who are not asked about none.
   */
  readonly settle?: 'append' | 'question';
  /** Candidates of one pass, default 256. */
  readonly microbatch?: number;
  /** Where keys, values and states of evicted users go; default: nowhere, they are computed again. */
  readonly spill?: Spill;
  /** Told once where the spill cannot be written; default `console.warn`. */
  readonly onNote?: OnNote;
}

/**
 * A scorer over `model`: keys and values of each user's settled tokens are kept in pages, an event costs the rows of
 * the tokens that it adds, and the newest token, whose layers depend on the moment of the question, is computed again
 * for each. Answers are those of a full pass over the same window, as exactly as {@link Scorer.capabilities} say:
 * equal bits on `simd`, unless a native library multiplies.
 *
 * Candidates of {@link Scorer.scoreActions} are scored in blocks of `microbatch`, which share the history's keys
 * (M-FALCON, Zhai et al. 2024, section 4.3). Bytes of a token: `4 L H (A + C)`.
 *
 * @throws UnsupportedError for a model whose state cannot grow, with the reason; for options that do not go together.
 */
export function createScorer(model: TokenEncoder, options: ScorerOptions = {}): Scorer {
  const { append, reason } = incrementalOf(model);
  if (!append) throw new UnsupportedError(`createScorer: ${reason}`);
  return unchecked(model, options);
}

/** {@link createScorer} of a model whose state may not grow, to show what it would say. */
export function unchecked(model: TokenEncoder, options: ScorerOptions = {}): Scorer {
  const { pageTokens = 32, maxBytes = 1e9, window = 'exact', slack = 0, microbatch = 256 } = options;
  const { settle = 'append', spill, onNote } = options;
  for (const [key, value] of Object.entries({ pageTokens, microbatch })) {
    if (!Number.isSafeInteger(value) || value < 1)
      throw new UnsupportedError(`createScorer: expected ${key} to be a whole number of at least 1; got ${value}`);
  }
  const probe = widths(model);
  const limits = windowLimits(model, { window, slack, keepsKeys: probe.layers.size > 0 });
  const perEvent = model.encodeWithActions === undefined ? 1 : 2;
  const store = new PageStore({ layers: probe.layers, pageTokens, maxBytes });
  const needed = store.pagesFor(Math.min(limits.longest, Number.MAX_SAFE_INTEGER / 4) * perEvent);
  if (needed > store.maxPages) {
    throw new UnsupportedError(
      `createScorer: expected maxBytes of at least ${needed * pageTokens * store.bytesPerToken}, one history; got ${maxBytes}`,
    );
  }
  const users = new UserStates(store, { perEvent, recurrent: probe.recurrent, maxBytes, spill, onNote });
  if (users.maxUsers < 1) {
    throw new UnsupportedError(
      `createScorer: expected maxBytes of at least ${users.bytesPerUser}, the states of one user; got ${maxBytes}`,
    );
  }
  const parts = { model, store, users, perEvent, microbatch, settle, ...limits };
  return new PagedScorer(parts, incrementalOf(model));
}

/** What the layers of a model keep, by a pass over one event. */
function widths(model: TokenEncoder): WidthProbe {
  const probe = new WidthProbe();
  const host = sequenceBatch({
    offsets: Int32Array.of(0, 1),
    itemIds: Int32Array.of(1),
    timestamps: new Float64Array(1),
    ratings: new Float32Array(1).fill(Number.NaN),
  });
  const batch = uploadBatch(host);
  model.extend?.(batch, probe).dispose();
  batch.dispose();
  return probe;
}

function windowLimits(
  model: TokenEncoder,
  { window, slack, keepsKeys }: { readonly window: string; readonly slack: number; readonly keepsKeys: boolean },
): Pick<PassParts, 'longest' | 'kept'> {
  const n = model.maxSequenceLength;
  if (!Number.isSafeInteger(slack) || slack < 0 || slack > 0 !== (window === 'chunked')) {
    throw new UnsupportedError(`createScorer: expected slack of at least 1 with window 'chunked' alone; got ${slack}`);
  }
  if (window === 'recurrent') {
    if (keepsKeys) {
      throw new UnsupportedError(
        `createScorer: expected window 'exact' or 'chunked' for '${model.kind}', whose layers attend to every event; got 'recurrent'`,
      );
    }
    return { longest: Number.POSITIVE_INFINITY, kept: Number.POSITIVE_INFINITY };
  }
  if (slack >= n) {
    throw new UnsupportedError(
      `createScorer: expected slack of less than maxSequenceLength ${n}, the longest window; got ${slack}`,
    );
  }
  return { longest: n, kept: n - slack };
}
