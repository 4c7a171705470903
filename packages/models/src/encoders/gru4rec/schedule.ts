/** The order in which a recurrent layer visits the tokens of a jagged batch. */
export interface RecurrentSchedule {
  /**
   * Packed row of each place in time-major order: all first tokens, longest sequence first, then all second ones, ...
   */
  readonly order: Int32Array;
  /** Inverse of {@link order}: place of each packed row. */
  readonly places: Int32Array;
  /** The sequences that have a token at all, the longest first: row `i` of a step belongs to the one at `i`. */
  readonly sequences: Int32Array;
  /** Sequences that have a token at step `s`; never rises, since the longest come first. */
  readonly sizes: Int32Array;
}

/**
 * Sorts the sequences of a batch by length, so that the sequences alive at a step are a prefix of those alive at the
 * step before: a recurrence then needs one matrix product a step over rows that lie together, and no padding.
 *
 * @param offsets `[B + 1]`
 */
export function recurrentSchedule(offsets: ArrayLike<number>): RecurrentSchedule {
  const numSequences = offsets.length - 1;
  const numTokens = offsets[numSequences];
  const length = (b: number): number => offsets[b + 1] - offsets[b];
  // The sort is stable: sequences of one length stay in the order of the batch.
  const longestFirst = Array.from({ length: numSequences }, (_, b) => b).sort((a, b) => length(b) - length(a));
  const steps = numSequences === 0 ? 0 : length(longestFirst[0]);
  const order = new Int32Array(numTokens);
  const places = new Int32Array(numTokens);
  const sizes = new Int32Array(steps);
  let place = 0;
  for (let s = 0; s < steps; s++) {
    for (const b of longestFirst) {
      if (length(b) <= s) break;
      order[place] = offsets[b] + s;
      places[offsets[b] + s] = place++;
      sizes[s]++;
    }
  }
  return { order, places, sizes, sequences: Int32Array.from(longestFirst.slice(0, sizes[0] ?? 0)) };
}
