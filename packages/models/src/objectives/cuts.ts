import { type SequenceBatch, takeTokens } from '@seqrec/data';

/** A batch whose sequences end early, and where its tokens were. */
export interface CutBatch {
  readonly batch: SequenceBatch;
  /** What to take off a row of sequence `b` to have its row in the cut batch; shape [B]. */
  readonly shifts: Int32Array;
}

/** The batch with each sequence `b` ending at the event `cuts[b]`, which stays. */
export function cutBatch(host: SequenceBatch, cuts: Int32Array): CutBatch {
  const offsets = new Int32Array(cuts.length + 1);
  const shifts = new Int32Array(cuts.length);
  for (const [b, cut] of cuts.entries()) {
    shifts[b] = host.offsets[b] - offsets[b];
    // A sequence without events has no event to end at.
    offsets[b + 1] = offsets[b] + Math.min(cut + 1, host.offsets[b + 1]) - host.offsets[b];
  }
  const events = new Int32Array(offsets[cuts.length]);
  for (let b = 0; b < cuts.length; b++) for (let t = offsets[b]; t < offsets[b + 1]; t++) events[t] = t + shifts[b];
  return { batch: takeTokens(host, offsets, events), shifts };
}
