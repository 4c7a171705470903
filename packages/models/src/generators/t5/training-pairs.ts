import { streamKey, uniform01 } from '@seqrec/core';
import type { SequenceBatch } from '@seqrec/data';
import type { Run } from '../../layers/layer.ts';
import type { BatchPart } from '../../tasks/part.ts';
import type { CodeSymbols } from '../code-symbols.ts';
import type { T5Config } from './config.ts';
import type { Sequences } from './net.ts';

/** Histories and the item after each, as rows of codes. */
export interface TrainingPairs {
  readonly count: number;
  readonly histories: Sequences;
  /** Padding, which starts an item, and all codes of the target but the last; `L` tokens a pair. */
  readonly written: Sequences;
  /** The rows to predict, of each level one a pair. */
  readonly targets: readonly Int32Array[];
  /** What of the whole batch lies before the part: codes of histories, and pairs. */
  readonly before: { readonly codes: number; readonly pairs: number };
}

/**
 * Events of each history that are read in a step, at least one: the one after them is the target. With `random`
 * uniform in `1..n` from the stream `cuts` of the step, a number a sequence of the whole batch. 0 where there is no
 * event.
 */
export function historyCuts(
  { offsets }: Pick<SequenceBatch, 'offsets'>,
  cuts: T5Config['cuts'],
  run: Pick<Run, 'seed' | 'step'>,
): Int32Array {
  const sequences = offsets.length - 1;
  const shares = cuts === 'last' ? undefined : uniform01(streamKey(run.seed, 'cuts'), run.step, sequences);
  return Int32Array.from({ length: sequences }, (_, b) => {
    const events = offsets[b + 1] - offsets[b];
    return shares === undefined ? events : Math.min(events, 1 + Math.floor(shares[b] * events));
  });
}

/** A pair of each sequence of a part of a batch that has an event. @param cuts of the whole batch. */
export function trainingPairs(
  { offsets, itemIds, targets: next }: SequenceBatch,
  { levels, ofItems }: CodeSymbols,
  { cuts, part }: { readonly cuts: Int32Array; readonly part: BatchPart },
): TrainingPairs {
  const { firstSequence } = part;
  const own = Array.from({ length: offsets.length - 1 }, (_, b) => b).filter((b) => cuts[firstSequence + b] > 0);
  const ends = new Int32Array(own.length + 1);
  for (const [p, b] of own.entries()) ends[p + 1] = ends[p] + cuts[firstSequence + b] * levels;
  const ids = new Int32Array(ends[own.length]);
  const inputs = new Int32Array(own.length * levels);
  const targets = Array.from({ length: levels }, () => new Int32Array(own.length));
  for (const [p, b] of own.entries()) {
    const past = offsets[b] + cuts[firstSequence + b];
    for (let t = offsets[b], at = ends[p]; t < past; t++, at += levels) {
      for (let l = 0; l < levels; l++) ids[at + l] = ofItems[itemIds[t] * levels + l];
    }
    for (let l = 0; l < levels; l++) {
      const row = ofItems[next[past - 1] * levels + l];
      targets[l][p] = row;
      if (l + 1 < levels) inputs[p * levels + l + 1] = row;
    }
  }
  const earlier = cuts.subarray(0, firstSequence);
  return {
    count: own.length,
    histories: { ids, offsets: ends },
    written: { ids: inputs, offsets: Int32Array.from({ length: own.length + 1 }, (_, p) => p * levels) },
    targets,
    before: {
      codes: levels * earlier.reduce((sum, cut) => sum + cut, 0),
      pairs: earlier.reduce((sum, cut) => sum + Math.min(cut, 1), 0),
    },
  };
}
