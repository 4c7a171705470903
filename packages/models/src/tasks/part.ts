import type { SequenceBatch } from '@seqrec/data';

/**
 * Some neighbouring sequences of a batch, and where they lie in it. What is shared by the batch (a pool of negatives,
 * weights of users) is made from `whole`, and random streams count from its beginning, so that the sums over all parts
 * are those of the whole batch.
 */
export interface BatchPart {
  /** The whole batch, on the host. */
  readonly whole: SequenceBatch;
  /**
   * `whole` with the item ids of the data, where it has places among the rows of a step: of a sharded table only the
   * items that this rank reads have a place. Absent: `whole` has the ids.
   */
  readonly wholeIds?: SequenceBatch;
  /** Sequences of the batch before the part. */
  readonly firstSequence: number;
  /** Tokens of the batch before the part. */
  readonly firstToken: number;
}

/** A batch that is its only part. */
export function onlyPart(whole: SequenceBatch): BatchPart {
  return { whole, firstSequence: 0, firstToken: 0 };
}

/** Tokens of a history whose attention costs as much as all else that is done for it, about. */
const ATTENTION_TOKENS = 512;

/** What a step costs of a history, its products and its attention: `1 + l + l^2 / 512`. */
export function historyCost(length: number): number {
  return 1 + length + (length * length) / ATTENTION_TOKENS;
}

/**
 * Bounds of `parts` neighbouring ranges of the sequences of a batch, of about equal cost ({@link historyCost}),
 * `[parts + 1]`: see {@link boundsByCost}.
 *
 * @param offsets of the sequences among the tokens, `[B + 1]`.
 */
export function partBounds(offsets: Int32Array, parts: number): Int32Array {
  return boundsByCost(
    Float64Array.from({ length: offsets.length - 1 }, (_, s) => historyCost(offsets[s + 1] - offsets[s])),
    parts,
  );
}

/**
 * Bounds of `parts` neighbouring ranges of things of some cost, `[parts + 1]`: a range ends with the one whose middle
 * is the last before its share of the cost of all. Equal costs give ranges of equal length. Some ranges may be empty.
 */
export function boundsByCost(costs: Float64Array, parts: number): Int32Array {
  const count = costs.length;
  const before = new Float64Array(count + 1);
  for (let s = 0; s < count; s++) before[s + 1] = before[s] + costs[s];
  const bounds = new Int32Array(parts + 1);
  for (let p = 1, s = 0; p <= parts; p++) {
    const end = (p / parts) * before[count];
    while (s < count && (before[s] + before[s + 1]) / 2 < end) s++;
    bounds[p] = p === parts ? count : s;
  }
  return bounds;
}
