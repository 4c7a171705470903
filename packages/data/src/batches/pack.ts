import { OptionError } from '../errors.ts';
import type { ExampleSet } from '../splits/split.ts';

export interface PackOptions {
  /** Most tokens of a batch. */
  readonly maxTokens: number;
  /** Most sequences of a batch; default: no limit. */
  readonly maxSequences?: number;
  /** Order of the examples, for example from `epochOrder`; default: as they are. */
  readonly order?: Int32Array;
}

/** The batches of an epoch: batch `b` is the examples `order[offsets[b], offsets[b + 1])`. */
export interface BatchPlan {
  readonly order: Int32Array;
  /** shape [number of batches + 1] */
  readonly offsets: Int32Array;
}

/**
 * Packs examples into batches of at most `maxTokens` tokens, in order: a batch ends where the
 * next example would not fit.
 *
 * Jagged batches pay by token, so a budget of tokens makes steps of equal cost and equal memory out of histories of any
 * length. Order and batches depend on the order and the lengths alone.
 * @throws {OptionError} for a history longer than the budget
 */
export function packByTokens(set: ExampleSet, options: PackOptions): BatchPlan {
  const { maxTokens, maxSequences = Number.POSITIVE_INFINITY } = options;
  const operation = 'packByTokens';
  for (const [key, value] of Object.entries({ maxTokens, maxSequences })) {
    if ((Number.isInteger(value) || value === Number.POSITIVE_INFINITY) && value >= 1) continue;
    throw new OptionError(operation, `expected ${key} of 1 or more; got ${value}`, { key });
  }
  const order = options.order ?? Int32Array.from({ length: set.targets.length }, (_, e) => e);
  const ends: number[] = [];
  let tokens = 0;
  let first = 0;
  for (let at = 0; at < order.length; at++) {
    const e = order[at];
    const length = set.targets[e] - set.starts[e];
    if (!(length <= maxTokens)) {
      throw new OptionError(
        operation,
        `expected histories of at most maxTokens = ${maxTokens}; got ${length} at ${e}`,
        {
          key: 'maxTokens',
          hint: 'raise the budget, or cut the histories with latestWindow',
        },
      );
    }
    if (at > first && (tokens + length > maxTokens || at - first === maxSequences)) {
      ends.push(at);
      first = at;
      tokens = 0;
    }
    tokens += length;
  }
  if (order.length > 0) ends.push(order.length);
  return { order, offsets: Int32Array.from([0, ...ends]) };
}
