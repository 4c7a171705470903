import { randomWords, streamKey } from '@seqrec/core';
import { type SequenceBatch, zipfRank } from '@seqrec/data';
import { ConfigError } from '../errors.ts';

/** Ids from a law in the place of those of the data: a table of any size, without the data that would fill it. */
export interface StandIn {
  /** Ids are `1..rows`, the most popular first. */
  readonly rows: number;
  /** Exponent of Zipf's law. */
  readonly exponent: number;
  readonly seed: number;
}

const MOST_ROWS = 2 ** 31 - 2;

/** @throws ConfigError for a value outside its range. */
export function checkStandIn({ rows, exponent }: StandIn): void {
  if (!Number.isInteger(rows) || rows < 1 || rows > MOST_ROWS)
    throw new ConfigError(
      `plan: rows: expected a whole number from 1 to ${MOST_ROWS}, since ids are 32-bit integers; got ${rows}`,
      'rows',
    );
  if (!(exponent >= 0 && exponent < 10))
    throw new ConfigError(`plan: zipf: expected an exponent of 0 or more, below 10; got ${exponent}`, 'zipf');
}

/**
 * `count` ids of a step, from number `first` on: a function of the seed, the step and the number alone, so that any cut
 * of a batch draws what the whole batch would. Two words of the stream make a number of 64 bits, one would leave gaps
 * between the rare ids of a table of 10^9 rows.
 */
export function zipfIds({ rows, exponent, seed }: StandIn, step: number, count: number, first: number): Int32Array {
  const words = randomWords(streamKey(seed, 'plan/ids'), step, 2 * count, 2 * first);
  return Int32Array.from({ length: count }, (_, i) => {
    const uniform = (words[2 * i] + words[2 * i + 1] * 2 ** -32) * 2 ** -32;
    return Math.min(rows, Math.floor(zipfRank(uniform, rows, exponent)));
  });
}

/** The batch with other items: every event gets one, and is the target of the event before it, as in the data. */
export function withStandIn(batch: SequenceBatch, standIn: StandIn, step: number): SequenceBatch {
  const { offsets } = batch;
  const count = offsets.length - 1;
  // A sequence of l tokens has l + 1 events.
  const events = zipfIds(standIn, step, offsets[count] + count, 0);
  const itemIds = new Int32Array(offsets[count]);
  const targets = new Int32Array(offsets[count]);
  for (let b = 0; b < count; b++) {
    const [from, to] = [offsets[b], offsets[b + 1]];
    itemIds.set(events.subarray(from + b, to + b), from);
    targets.set(events.subarray(from + b + 1, to + b + 1), from);
  }
  return { ...batch, itemIds, targets };
}
