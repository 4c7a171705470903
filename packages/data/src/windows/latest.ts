import { OptionError } from '../errors.ts';
import type { ExampleSet } from '../splits/split.ts';

/**
 * Keeps the latest `maxLength` events of every history: `start' = max(start, target - maxLength)`.
 *
 * @throws {OptionError} when `maxLength` is not a whole number of at least 1
 */
export function latestWindow(set: ExampleSet, options: { readonly maxLength: number }): ExampleSet {
  const { maxLength } = options;
  if (!Number.isInteger(maxLength) || maxLength < 1) {
    throw new OptionError('latestWindow', `expected maxLength of 1 or more; got ${maxLength}`, { key: 'maxLength' });
  }
  if (set.events !== undefined) {
    throw new OptionError('latestWindow', 'expected whole histories; got subsequences', {
      key: 'set',
      hint: 'cut windows first, then shorten them',
    });
  }
  const starts = new Int32Array(set.starts.length);
  for (let e = 0; e < starts.length; e++) starts[e] = Math.max(set.starts[e], set.targets[e] - maxLength);
  return { ...set, starts };
}
