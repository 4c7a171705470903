import { OptionError } from '../errors.ts';
import { partitionPoint } from '../partition-point.ts';
import { randomSource } from '../random.ts';

export interface UniformNegativesOptions {
  readonly count: number;
  /** Items are drawn from 1..numItems. */
  readonly numItems: number;
  readonly seed: number;
  /** Draws of different steps are unrelated; default 0. */
  readonly step?: number;
  /** Items not to draw, for example a user's history. */
  readonly exclude?: Iterable<number>;
}

/**
 * Item ids drawn uniformly, with replacement, from 1..numItems without `exclude`.
 *
 * Depends on seed and step only, so a resumed run draws what an uninterrupted one would have drawn.
 * @returns shape [count]
 * @throws {OptionError} when nothing is left to draw from
 */
export function uniformNegatives(options: UniformNegativesOptions): Int32Array {
  const { count, numItems, seed, step = 0 } = options;
  if (!Number.isInteger(count) || count < 0) {
    throw new OptionError('uniformNegatives', `expected a count of 0 or more; got ${count}`, { key: 'count' });
  }
  if (!Number.isInteger(numItems) || numItems < 1) {
    throw new OptionError('uniformNegatives', `expected numItems of 1 or more; got ${numItems}`, { key: 'numItems' });
  }
  const excluded = [...new Set(options.exclude ?? [])].filter((item) => item >= 1 && item <= numItems);
  excluded.sort((a, b) => a - b);
  const bound = numItems - excluded.length;
  if (bound === 0 && count > 0) {
    throw new OptionError('uniformNegatives', `expected items to draw; got all ${numItems} excluded`, {
      key: 'exclude',
    });
  }
  const random = randomSource(seed, 'uniform negatives', step);
  const drawn = new Int32Array(count);
  for (let n = 0; n < count; n++) drawn[n] = nth(random.integer(bound), excluded);
  return drawn;
}

/** The item with `index` smaller items that are not excluded: no rejection, however much is excluded. */
function nth(index: number, excluded: readonly number[]): number {
  // Item before the k-th excluded one: excluded[k] - 1 - k items are free below it.
  return index + 1 + partitionPoint(0, excluded.length, (k) => excluded[k] - 1 - k <= index);
}
