import { OptionError } from '../errors.ts';
import type { ExampleSet } from '../splits/split.ts';

/**
 * Which part of every history an epoch trains on.
 *
 * `examples(set, epoch)` is a pure function of the policy's options, the set and the epoch: whoever asks, in which
 * order and for which batches, gets the same windows, and nothing is carried from one epoch to the next.
 */
export interface WindowPolicy {
  readonly name: string;
  /** Longest history of an example. */
  readonly maxLength: number;
  /** Longest part of a history that any epoch takes a window from; `Infinity` for all of it. */
  readonly reach: number;
  /** Every option that decides the windows, as JSON: two policies of equal names and settings give equal windows. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** Same number of examples and tokens in every epoch as `latestWindow`. */
  readonly equalBudget: boolean;
  /** Whether every epoch takes the newest window of each history, as without a policy. Default: no. */
  readonly isControl?: boolean;
  /** The examples of an epoch, from 0, cut from whole histories. */
  examples(set: ExampleSet, epoch: number): ExampleSet;
}

/** @throws {OptionError} unless `value` is a whole number of at least `minimum` */
export function checkWhole(operation: string, key: string, value: number, minimum: number): void {
  if (Number.isInteger(value) && value >= minimum) return;
  throw new OptionError(operation, `expected ${key} of ${minimum} or more, a whole number; got ${value}`, { key });
}
