import type { TokenBatch } from '../../inputs.ts';

/** How a table is read, one row a token; shape [T]. */
export interface ReversePlaces {
  /**
   * Place counted from the newest token of the history, which has 1, after `contextualLength`; targets have 0. At most
   * `numPositions - 1`. Contextual tokens have `0 .. contextualLength - 1`, in order.
   */
  readonly positions: Int32Array;
  /** Bucket of the age, in `0..numBuckets`. */
  readonly ages: Int32Array;
}

export interface ReversePlacesOptions {
  /** Rows of the table of places. */
  readonly numPositions: number;
  readonly numBuckets: number;
  readonly scale: 'sqrt' | 'log';
  /** First tokens of each sequence that say who asks. Default 0. */
  readonly contextualLength?: number;
  /** Targets at the end of each sequence, `[B]`. Default: none. */
  readonly numTargets?: readonly number[];
}

/**
 * Places and ages of tokens, both counted from the newest of their sequence, targets included in its age:
 *
 * ```
 * p   = min(contextual + max(0, length - targets - column), numPositions - 1)      of contextual tokens: column
 * age = min(trunc(f(max(t_newest - t, 1e-6) / 60)), numBuckets)        f = sqrt or log, at least 0; times in seconds
 * ```
 *
 * @param timestamps seconds, one an event; an event has one token or two
 *
 * Source: the positional encoder of the public production code (meta-recsys/generative-recommenders,
 * `modules/positional_encoder.py`).
 * Differs from the source in: one bound of the ages, the size of the table; the PyTorch kernel there takes
 * `embeddingDim - 1` by a slip, which is `numBuckets: embeddingDim - 1` here.
 */
export function reversePlaces(
  { hostOffsets, numTokens }: Pick<TokenBatch, 'hostOffsets' | 'numTokens'>,
  timestamps: Float64Array,
  options: ReversePlacesOptions,
): ReversePlaces {
  const { numPositions, contextualLength: contextual = 0, numTargets } = options;
  const positions = new Int32Array(numTokens);
  const ages = new Int32Array(numTokens);
  // Not a number without events, and then nobody asks.
  const tokensPerEvent = numTokens / timestamps.length;
  const timeOf = (token: number): number => timestamps[Math.floor(token / tokensPerEvent)];
  for (let b = 0; b + 1 < hostOffsets.length; b++) {
    const [start, end] = [hostOffsets[b], hostOffsets[b + 1]];
    const history = end - (numTargets?.[b] ?? 0);
    for (let t = start; t < end; t++) {
      const place = t - start < contextual ? t - start : contextual + Math.max(0, history - t);
      positions[t] = Math.min(place, numPositions - 1);
      const minutes = Math.max(timeOf(end - 1) - timeOf(t), 1e-6) / 60;
      const bucket = Math.trunc(options.scale === 'sqrt' ? Math.sqrt(minutes) : Math.log(minutes));
      ages[t] = Math.max(0, Math.min(bucket, options.numBuckets));
    }
  }
  return { positions, ages };
}
