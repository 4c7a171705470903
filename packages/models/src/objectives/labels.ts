import { multiplyHigh, randomWords, streamKey } from '@seqrec/core';
import { partitionPoint, type SequenceBatch } from '@seqrec/data';
import { ConfigError } from '../errors.ts';
import type { Run } from '../layers/layer.ts';
import type { LabelsConfig } from './config.ts';

/** Pairs of a user vector and the item that it has to predict; `P` pairs. */
export interface LabelledPairs {
  /** Row of the packed batch whose vector is used; shape [P]. */
  readonly rows: Int32Array;
  /** Packed position whose target is the positive; shape [P]. */
  readonly events: Int32Array;
  /** Shape [P]. */
  readonly positives: Int32Array;
  /** Sequence of the pair; shape [P]. */
  readonly sequences: Int32Array;
  /** Weight before normalising; shape [P]. */
  readonly weights: Float32Array;
  /** Last event of each sequence that the encoder may see, shape [B]; absent: all of them. */
  readonly cuts?: Int32Array;
  /** 1 at each packed position whose target is hidden from the encoder, shape [T]; absent: none is. */
  readonly hidden?: Uint8Array;
}

export const SECONDS_PER_DAY = 86_400;

/**
 * The pairs that one step learns from. An event is known to be positive when it lies in the batch: position `t` of a
 * sequence may have to predict the events after it up to the example's target, never one beyond.
 *
 * Windows are half-open: `t_position < t_label <= t_position + K days`. Positions without a label are left out. With
 * `cut: 'random'` a history ends at a random one of the positions that have a label. Choices come from the stream
 * `labels` at the run's step. With `masked` labels the events that have to be predicted are `hidden`.
 *
 * Source: Pancha et al. 2022, sections 3.4 and 3.5 and figure 2 (arXiv:2205.04507).
 * @throws ConfigError when labels have a least rating and the data no ratings.
 */
export function samplePairs(host: SequenceBatch, config: LabelsConfig, run: Run): LabelledPairs {
  const numTokens = host.itemIds.length;
  const numSequences = host.offsets.length - 1;
  const cuts = 'cut' in config && config.cut === 'random' ? new Int32Array(numSequences) : undefined;
  const pairs = new PairList(host.targets);
  const words = randomWords(streamKey(run.seed, 'labels'), run.step, 2 * numTokens + numSequences);
  for (let b = 0; b < numSequences; b++) {
    const [start, end] = [host.offsets[b], host.offsets[b + 1]];
    const sequence = new SequenceLabels(host, start, end, config.minRating);
    const rank = (t: number) => words[t];
    const pick = (t: number, n: number) => multiplyHigh(words[numTokens + t], n);
    /** How many of the positions `count` stay; the last of them is the newest of the history. */
    const kept = (count: number) =>
      cuts === undefined || count === 0 ? count : 1 + multiplyHigh(words[2 * numTokens + b], count);
    const add = (row: number, event: number, weight = 1) => pairs.add(row, event, b, weight);
    // A sequence without labels still is a sequence, of one event.
    let newest = start;
    switch (config.kind) {
      case 'next-item':
        for (let t = start; t < end; t++) if (sequence.isPositive(t)) add(t, t);
        break;
      case 'masked': {
        const onlyLast = chance(words[2 * numTokens + b], config.lastOnly);
        for (let t = start; t < end; t++) {
          const isHidden = onlyLast ? t === end - 1 : chance(words[t], config.probability);
          if (isHidden && sequence.isPositive(t)) add(t, t);
        }
        break;
      }
      case 'sasrec': {
        const before = sequence.positionsBeforeAPositive();
        const labelled = before.slice(0, kept(before.length));
        newest = labelled.at(-1) ?? start;
        for (const t of labelled) add(t, sequence.next(t), t === newest ? Math.max(1, labelled.length - 1) : 1);
        break;
      }
      case 'next-action': {
        const labelled = sequence.positionsBeforeAPositive();
        newest = labelled[kept(labelled.length) - 1] ?? start;
        if (labelled.length > 0 && isNewest(newest, end, cuts)) add(newest, sequence.next(newest));
        break;
      }
      case 'all-action': {
        const windows = sequence.windows(config.windowDays * SECONDS_PER_DAY);
        if (windows.length === 0) break;
        const { position, events } = windows[kept(windows.length) - 1];
        newest = position;
        if (!isNewest(newest, end, cuts)) break;
        for (const event of smallest(sequence.between(events), rank, config.maxLabels)) add(position, event);
        break;
      }
      case 'dense-all-action': {
        const all = sequence.windows(config.windowDays * SECONDS_PER_DAY);
        const windows = all.slice(0, kept(all.length));
        newest = windows.at(-1)?.position ?? start;
        const chosen = smallest(windows, ({ position }) => words[position], config.maxLabels);
        for (const { position, events } of chosen) {
          add(position, sequence.positive(events.from + pick(position, events.to - events.from)));
        }
      }
    }
    if (cuts !== undefined) cuts[b] = newest;
  }
  return { ...pairs.done(cuts), ...(config.kind === 'masked' && { hidden: pairs.marks(numTokens) }) };
}

/** Whether a random word is among the share `probability` of all. */
function chance(word: number, probability: number): boolean {
  return word < probability * 2 ** 32;
}

/** Whether a position is the newest of its history: any is where a cut made it so. */
function isNewest(position: number, end: number, cuts: Int32Array | undefined): boolean {
  return cuts !== undefined || position === end - 1;
}

/** A range `[from, to)` of the positives of a sequence. */
interface Range {
  readonly from: number;
  readonly to: number;
}

/**
 * The positives of one sequence. Event `j` is the target of packed position `j`, so it comes right after position `j`.
 */
export class SequenceLabels {
  readonly #host: SequenceBatch;
  readonly #start: number;
  readonly #end: number;
  readonly #positives: number[] = [];

  constructor(host: SequenceBatch, start: number, end: number, minRating: number | undefined) {
    this.#host = host;
    this.#start = start;
    this.#end = end;
    if (minRating !== undefined && host.targetRatings === undefined) {
      throw new ConfigError(
        'objective: labels.minRating: expected data with ratings; got data without; leave minRating out',
        'labels.minRating',
      );
    }
    // Ratings are floats: 3.3 must reach 3.3.
    const least = minRating === undefined ? undefined : Math.fround(minRating);
    for (let j = start; j < end; j++) {
      if (least === undefined || (host.targetRatings as Float32Array)[j] >= least) this.#positives.push(j);
    }
  }

  isPositive(event: number): boolean {
    return this.#positives[this.#firstAtOrAfter(event)] === event;
  }

  /** Positions that have a positive after them. */
  positionsBeforeAPositive(): number[] {
    const last = this.#positives.at(-1) ?? -1;
    return Array.from({ length: Math.max(0, last - this.#start + 1) }, (_, i) => this.#start + i);
  }

  /** The first positive after position `t`. */
  next(t: number): number {
    return this.#positives[this.#firstAtOrAfter(t)];
  }

  positive(index: number): number {
    return this.#positives[index];
  }

  between({ from, to }: Range): number[] {
    return this.#positives.slice(from, to);
  }

  /** Positions with a positive in the `seconds` after them, with the range of those positives. */
  windows(seconds: number): { readonly position: number; readonly events: Range }[] {
    const { timestamps, targetTimestamps } = this.#host;
    const out: { position: number; events: Range }[] = [];
    let from = 0;
    let to = 0;
    for (let t = this.#start; t < this.#end; t++) {
      const now = timestamps[t];
      const time = (index: number): number => targetTimestamps[this.#positives[index]];
      // Both ends only move forwards, because times never fall; events at the same moment are not in the future.
      while (from < this.#positives.length && (this.#positives[from] < t || time(from) <= now)) from++;
      to = Math.max(to, from);
      while (to < this.#positives.length && time(to) <= now + seconds) to++;
      if (to > from) out.push({ position: t, events: { from, to } });
    }
    return out;
  }

  /** Index of the first positive at or after event `j`. */
  #firstAtOrAfter(j: number): number {
    return partitionPoint(0, this.#positives.length, (i) => this.#positives[i] < j);
  }
}

/** The `count` elements of smallest rank: a random subset when ranks are random words; all when there are no more. */
function smallest<T>(elements: readonly T[], rank: (element: T) => number, count: number): readonly T[] {
  if (elements.length <= count) return elements;
  return [...elements].sort((a, b) => rank(a) - rank(b)).slice(0, count);
}

class PairList {
  readonly #targets: Int32Array;
  readonly #rows: number[] = [];
  readonly #events: number[] = [];
  readonly #sequences: number[] = [];
  readonly #weights: number[] = [];

  constructor(targets: Int32Array) {
    this.#targets = targets;
  }

  add(row: number, event: number, sequence: number, weight: number): void {
    this.#rows.push(row);
    this.#events.push(event);
    this.#sequences.push(sequence);
    this.#weights.push(weight);
  }

  /** 1 at the rows that have a pair. */
  marks(numTokens: number): Uint8Array {
    const marks = new Uint8Array(numTokens);
    for (const row of this.#rows) marks[row] = 1;
    return marks;
  }

  done(cuts: Int32Array | undefined): LabelledPairs {
    return {
      ...(cuts === undefined ? {} : { cuts }),
      rows: Int32Array.from(this.#rows),
      events: Int32Array.from(this.#events),
      positives: Int32Array.from(this.#events, (event) => this.#targets[event]),
      sequences: Int32Array.from(this.#sequences),
      weights: Float32Array.from(this.#weights),
    };
  }
}

/**
 * What each pair of a batch weighs in the sum of losses. `token`: as it is. `user`: first within each user, so that
 * every user of the batch weighs 1.
 */
export function pairWeights(
  { sequences, weights }: Pick<LabelledPairs, 'sequences' | 'weights'>,
  users: Int32Array,
  weighting: 'token' | 'user',
): Float32Array {
  if (weighting === 'token') return weights;
  const totals = new Map<number, number>();
  const user = (p: number): number => users[sequences[p]];
  for (const [p, weight] of weights.entries()) totals.set(user(p), (totals.get(user(p)) ?? 0) + weight);
  return weights.map((weight, p) => weight / (totals.get(user(p)) as number));
}
