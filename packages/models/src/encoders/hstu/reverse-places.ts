import type { TokenBatch } from '../../inputs.ts';

/** How a table is read, one row a token; shape [T]. */
export interface ReversePlaces {
  /**
   * Place counted from the newest token of the sequence, which has 1; 0 is left for candidates. At
   * most `numPositions - 1`.
   */
  readonly positions: Int32Array;
  /** Bucket of the age, in `0..numBuckets`. */
  readonly ages: Int32Array;
}

/**
 * Places and ages of tokens, both counted from the newest of their sequence:
 *
 * ```
 * p   = min(length - column, numPositions - 1)
 * age = min(trunc(f(max(t_newest - t, 1e-6) / 60)), numBuckets)        f = sqrt or log, at least 0; times in seconds
 * ```
 *
 * @param timestamps seconds, one an event; an event has one token or two
 *
 * Source: the positional encoder of the public production code (meta-recsys/generative-recommenders,
 * `modules/positional_encoder.py`), without candidates and contextual tokens.
 */
export function reversePlaces(
  { hostOffsets, numTokens }: Pick<TokenBatch, 'hostOffsets' | 'numTokens'>,
  timestamps: Float64Array,
  options: { readonly numPositions: number; readonly numBuckets: number; readonly scale: 'sqrt' | 'log' },
): ReversePlaces {
  const positions = new Int32Array(numTokens);
  const ages = new Int32Array(numTokens);
  // Not a number without events, and then nobody asks.
  const tokensPerEvent = numTokens / timestamps.length;
  const timeOf = (token: number): number => timestamps[Math.floor(token / tokensPerEvent)];
  for (let b = 0; b + 1 < hostOffsets.length; b++) {
    const end = hostOffsets[b + 1];
    for (let t = hostOffsets[b]; t < end; t++) {
      positions[t] = Math.min(end - t, options.numPositions - 1);
      const minutes = Math.max(timeOf(end - 1) - timeOf(t), 1e-6) / 60;
      const bucket = Math.trunc(options.scale === 'sqrt' ? Math.sqrt(minutes) : Math.log(minutes));
      ages[t] = Math.max(0, Math.min(bucket, options.numBuckets));
    }
  }
  return { positions, ages };
}
