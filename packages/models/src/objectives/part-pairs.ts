import { partitionPoint, type SequenceBatch } from '@seqrec/data';
import type { Run } from '../layers/layer.ts';
import type { BatchPart } from '../tasks/part.ts';
import type { LabelsConfig } from './config.ts';
import { type LabelledPairs, pairWeights, samplePairs } from './labels.ts';

/** What the pairs of a batch are made by. */
export interface LabelSettings {
  readonly labels: LabelsConfig;
  readonly weighting: 'token' | 'user';
}

/** The pairs of a part of a batch: rows, sequences and events count within the part. */
export interface PartPairs {
  readonly pairs: LabelledPairs;
  /** What each pair weighs in the sum of losses; `[P]`. */
  readonly weights: Float32Array;
  /** Pairs of the batch before the part. */
  readonly firstPair: number;
  /** The pairs of the whole batch. */
  readonly whole: LabelledPairs;
}

/** Some pairs were sampled already in this step: `draw` and `loss`, and every part, ask for the same. */
const remembered = new WeakMap<SequenceBatch, { readonly key: string; readonly pairs: LabelledPairs }>();

/** The pairs of a whole batch. @throws ConfigError, see {@link samplePairs}. */
export function pairsOf(whole: SequenceBatch, { labels }: LabelSettings, run: Run): LabelledPairs {
  const key = JSON.stringify([labels, run.seed, run.step]);
  const known = remembered.get(whole);
  if (known?.key === key) return known.pairs;
  const pairs = samplePairs(whole, labels, run);
  remembered.set(whole, { key, pairs });
  return pairs;
}

/** The pairs of the sequences of a part, among those of the whole batch. */
export function partPairs(part: SequenceBatch, at: BatchPart, settings: LabelSettings, run: Run): PartPairs {
  const whole = pairsOf(at.whole, settings, run);
  const weights = pairWeights(whole, at.whole.users, settings.weighting);
  const count = part.offsets.length - 1;
  if (count === at.whole.offsets.length - 1) return { pairs: whole, weights, firstPair: 0, whole };
  const { firstSequence, firstToken } = at;
  const from = lowerBound(whole.sequences, firstSequence);
  const to = lowerBound(whole.sequences, firstSequence + count);
  const shifted = (values: Int32Array, by: number): Int32Array => values.subarray(from, to).map((value) => value - by);
  return {
    pairs: {
      rows: shifted(whole.rows, firstToken),
      events: shifted(whole.events, firstToken),
      positives: whole.positives.subarray(from, to),
      sequences: shifted(whole.sequences, firstSequence),
      weights: whole.weights.subarray(from, to),
      ...(whole.hidden && { hidden: whole.hidden.subarray(firstToken, firstToken + part.itemIds.length) }),
      ...(whole.cuts && {
        cuts: whole.cuts.subarray(firstSequence, firstSequence + count).map((cut) => cut - firstToken),
      }),
    },
    weights: weights.subarray(from, to),
    firstPair: from,
    whole,
  };
}

/** Pairs go sequence by sequence: the first place at or after `value`. */
function lowerBound(sorted: Int32Array, value: number): number {
  return partitionPoint(0, sorted.length, (i) => sorted[i] < value);
}
