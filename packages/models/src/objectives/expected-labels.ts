import { type ExampleSet, makeBatch, type SequenceBatch } from '@seqrec/data';
import type { LabelsConfig } from './config.ts';
import { SECONDS_PER_DAY, SequenceLabels } from './labels.ts';

/** Sequences looked at together: enough that their arrays are not the cost, few enough that they stay small. */
const BLOCK = 256;

/**
 * Calls `visit(item, count)` with how often an item is expected among the labels when every example of the set is in
 * a step once: the mean of what `samplePairs` draws, in closed form. Only ratios of counts matter to a caller.
 *
 * @throws ConfigError when labels have a least rating and the data no ratings.
 */
export function visitExpectedLabels(
  examples: ExampleSet,
  labels: LabelsConfig,
  visit: (item: number, count: number) => void,
): void {
  const total = examples.targets.length;
  for (let first = 0; first < total; first += BLOCK) {
    const block = Int32Array.from({ length: Math.min(BLOCK, total - first) }, (_, i) => first + i);
    const host = makeBatch(examples, block);
    for (let b = 0; b < block.length; b++) {
      const sequence = new SequenceLabels(host, host.offsets[b], host.offsets[b + 1], labels.minRating);
      visitSequence({ host, b, sequence }, labels, visit);
    }
  }
}

interface OneSequence {
  readonly host: SequenceBatch;
  readonly b: number;
  readonly sequence: SequenceLabels;
}

function visitSequence(
  { host, b, sequence }: OneSequence,
  labels: LabelsConfig,
  visit: (item: number, count: number) => void,
): void {
  const [start, end] = [host.offsets[b], host.offsets[b + 1]];
  const random = 'cut' in labels && labels.cut === 'random';
  const item = (event: number): number => host.targets[event];
  switch (labels.kind) {
    case 'next-item':
      for (let t = start; t < end; t++) if (sequence.isPositive(t)) visit(item(t), 1);
      return;
    case 'masked': {
      const { probability, lastOnly } = labels;
      for (let t = start; t < end; t++) {
        if (!sequence.isPositive(t)) continue;
        visit(item(t), (1 - lastOnly) * probability + (t === end - 1 ? lastOnly : 0));
      }
      return;
    }
    case 'sasrec': {
      // A random history keeps 1 .. n of the n labelled positions, each number as likely:
      // position i in n - i of n cases.
      const positions = sequence.positionsBeforeAPositive();
      const n = positions.length;
      for (const [i, t] of positions.entries()) visit(item(sequence.next(t)), random ? (n - i) / n : 1);
      return;
    }
    case 'next-action': {
      const positions = sequence.positionsBeforeAPositive();
      if (random) for (const t of positions) visit(item(sequence.next(t)), 1 / positions.length);
      else if (positions.at(-1) === end - 1) visit(item(sequence.next(end - 1)), 1);
      return;
    }
    case 'all-action': {
      const windows = sequence.windows(labels.windowDays * SECONDS_PER_DAY);
      const chance = (i: number): number =>
        random ? 1 / windows.length : i === windows.length - 1 && windows[i].position === end - 1 ? 1 : 0;
      const sums = new RangeSums(end - start);
      for (const [i, { events }] of windows.entries()) {
        sums.add(events, chance(i) * Math.min(1, labels.maxLabels / (events.to - events.from)));
      }
      sums.visit((index, count) => visit(item(sequence.positive(index)), count));
      return;
    }
    case 'dense-all-action': {
      const windows = sequence.windows(labels.windowDays * SECONDS_PER_DAY);
      const chance = chosenOf(windows.length, labels.maxLabels, random);
      const sums = new RangeSums(end - start);
      for (const [i, { events }] of windows.entries()) sums.add(events, chance[i] / (events.to - events.from));
      sums.visit((index, count) => visit(item(sequence.positive(index)), count));
    }
  }
}

/**
 * How likely each of `n` positions is chosen when `most` of those kept are: all are kept, or the first `k` with every
 * `k` in `1..n` as likely.
 */
function chosenOf(n: number, most: number, random: boolean): Float64Array {
  const chance = new Float64Array(n);
  if (!random) return chance.fill(Math.min(1, most / n));
  let sum = 0;
  for (let i = n - 1; i >= 0; i--) {
    sum += Math.min(1, most / (i + 1)) / n;
    chance[i] = sum;
  }
  return chance;
}

/** Adds numbers to ranges of places in one step each. */
class RangeSums {
  readonly #changes: Float64Array;

  constructor(length: number) {
    this.#changes = new Float64Array(length + 1);
  }

  add({ from, to }: { readonly from: number; readonly to: number }, value: number): void {
    this.#changes[from] += value;
    this.#changes[to] -= value;
  }

  /** Every place with a sum above the rounding of what was added and taken off. */
  visit(each: (place: number, sum: number) => void): void {
    let sum = 0;
    for (let i = 0; i + 1 < this.#changes.length; i++) {
      sum += this.#changes[i];
      if (sum > 1e-12) each(i, sum);
    }
  }
}
