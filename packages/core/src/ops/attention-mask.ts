import * as tf from '@tensorflow/tfjs-core';
import { hostValues, rememberHostValues } from '../backends/composed/host.ts';
import { ShapeError, UnsupportedError } from '../errors.ts';

/**
 * What a query sees besides causality. A sequence is `contextualLength` contextual tokens, then its history, then its
 * targets (candidates). Work on hidden keys is skipped, not only masked.
 *
 * Source: section 4.2 and the attention of the public HSTU code (meta-recsys/generative-recommenders), whose
 * arguments are `num_targets`, `max_attn_len`, `contextual_seq_len`, `min_full_attn_seq_len` and `causal`. Semi-local
 * attention: ULTRA-HSTU (arXiv:2602.16986), whose K1 is `maxAttentionLength` and whose K2 is `globalAttentionLength`.
 */
export interface AttentionMask {
  /** Keys further back than this are hidden; contextual tokens count as one. Default: no limit. */
  readonly maxAttentionLength?: number;
  /** Tokens at the start that see each other and the whole history, before and after them. Default 0. */
  readonly contextualLength?: number;
  /** With `maxAttentionLength`: the newest tokens of the history, and the targets, see all of it. Default 0. */
  readonly minFullAttentionLength?: number;
  /**
   * With `maxAttentionLength`: the first tokens of a sequence, contextual ones included, that every token after them
   * sees whatever the window: semi-local attention. Default 0: only what the window holds.
   */
  readonly globalAttentionLength?: number;
  /**
   * Keys after a query are seen as those before it, the window counting both ways; targets stay hidden from each
   * other, but not from the history. Default: causal.
   */
  readonly bidirectional?: boolean;
  /** Targets at the end of each sequence, `[B]`: each sees contextual tokens, history and itself, never another. */
  readonly numTargets?: readonly number[] | Int32Array;
}

/**
 * Queries that are not the tokens themselves, and where they stand: at the last places, after all keys, or anywhere.
 */
export interface AskingQueries {
  /** int32 `[B + 1]`. */
  readonly queryOffsets: tf.Tensor;
  readonly stand: 'last' | 'after' | 'anywhere';
}

/**
 * Visible keys of each query as int32 `[Q, 2]`: query `i` sees keys `lo .. hi - 1` of its own sequence, and itself.
 * With `m = length - targets - max(0, c - 1)` and `id(i) = min(i, m)`, or `min(max(i - c + 1, 0), m)` when there are
 * `c > 0` contextual tokens: a key is seen when `id(i) - id(j)` is from 1 to the limit (from 1 on where
 * `id(i) >= m - full`), and a contextual query sees every key with `id(j) < m`. Where the mask is bidirectional the
 * difference counts without its sign.
 */
export function visibleKeys(op: string, mask: AttentionMask, offsets: tf.Tensor, asking?: AskingQueries): tf.Tensor2D {
  const bounds = hostValues(offsets) as Int32Array;
  const batch = bounds.length - 1;
  const queries = asking === undefined ? bounds : (hostValues(asking.queryOffsets) as Int32Array);
  const { numTargets, bidirectional = false } = mask;
  const window = natural(op, 'maxAttentionLength', mask.maxAttentionLength, 1) ?? 0;
  const context = natural(op, 'contextualLength', mask.contextualLength, 0) ?? 0;
  const full = natural(op, 'minFullAttentionLength', mask.minFullAttentionLength, 0) ?? 0;
  if (numTargets !== undefined && numTargets.length !== batch) {
    throw new ShapeError(
      `${op}: expected numTargets [B] for ${batch} sequences; got ${numTargets.length}; give one number a sequence`,
    );
  }
  const ranges = new Int32Array(2 * queries[batch]);
  for (let b = 0; b < batch; b++) {
    const keys = bounds[b + 1] - bounds[b];
    const count = queries[b + 1] - queries[b];
    if (asking?.stand === 'anywhere') {
      for (let i = queries[b]; i < queries[b + 1]; i++) ranges[2 * i + 1] = keys;
      continue;
    }
    // A candidate is one target after all keys.
    const after = asking?.stand === 'after' ? 1 : 0;
    const length = keys + after;
    const targets = after || (numTargets?.[b] ?? 0);
    if (!Number.isInteger(targets) || targets < 0 || targets > length) {
      throw new ShapeError(
        `${op}: expected from 0 to ${length} targets in sequence ${b} of ${length} tokens; got ${targets}`,
      );
    }
    const shift = Math.max(0, context - 1);
    const history = length - targets;
    const m = history - shift;
    for (let r = 0; r < count; r++) {
      const at = 2 * (queries[b] + r);
      const i = after ? keys : keys - count + r;
      if (i < 0) continue;
      if (m <= 0 && context > 0) continue;
      const id = i < context ? 0 : Math.min(i - shift, m);
      const limit = window === 0 || (full > 0 && id >= m - full) ? Number.POSITIVE_INFINITY : window;
      ranges[at] = id > limit ? id - limit + shift : 0;
      // The furthest that is seen. The query itself always is: the range takes it in where it follows on.
      const reach = bidirectional ? id + limit : id;
      if (i >= history) ranges[at + 1] = history;
      else if (reach >= m) ranges[at + 1] = length;
      else ranges[at + 1] = i < context ? history : reach + shift + 1;
    }
  }
  return rememberHostValues(tf.tensor2d(ranges, [queries[batch], 2], 'int32'), ranges);
}

/**
 * Tokens at the start of a sequence that every query sees up to the end of its range, besides the range: the attribute
 * `globalKeys` of the attentions.
 */
export function globalKeys(op: string, mask: AttentionMask | undefined): { readonly globalKeys?: number } {
  const length = natural(op, 'globalAttentionLength', mask?.globalAttentionLength, 0) ?? 0;
  if (length === 0) return {};
  if (mask?.maxAttentionLength === undefined) {
    throw new UnsupportedError(
      `${op}: expected globalAttentionLength with maxAttentionLength; got ${length} alone; without a window everything is seen`,
    );
  }
  return { globalKeys: Math.max(length, mask.contextualLength ?? 0) };
}

function natural(op: string, name: string, value: number | undefined, minimum: number): number | undefined {
  if (value === undefined || (Number.isSafeInteger(value) && value >= minimum)) return value;
  throw new UnsupportedError(`${op}: expected ${name} to be a whole number of at least ${minimum}; got ${value}`);
}
