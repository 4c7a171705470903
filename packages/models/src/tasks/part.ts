import type { SequenceBatch } from '@seqrec/data';

/**
 * Some neighbouring sequences of a batch, and where they lie in it. What is shared by the batch (a pool of negatives,
 * weights of users) is made from `whole`, and random streams count from its beginning, so that the sums over all parts
 * are those of the whole batch.
 */
export interface BatchPart {
  /** The whole batch, on the host. */
  readonly whole: SequenceBatch;
  /** Sequences of the batch before the part. */
  readonly firstSequence: number;
  /** Tokens of the batch before the part. */
  readonly firstToken: number;
}

/** A batch that is its only part. */
export function onlyPart(whole: SequenceBatch): BatchPart {
  return { whole, firstSequence: 0, firstToken: 0 };
}

/** Bounds of `parts` neighbouring ranges of `count` sequences, sizes as equal as can be; `[parts + 1]`. */
export function partBounds(count: number, parts: number): Int32Array {
  return Int32Array.from({ length: parts + 1 }, (_, p) => Math.floor((p * count) / parts));
}
