import { DataError, OptionError } from '../errors.ts';
import type { Interactions, ProcessingStep } from '../interactions.ts';
import type { Limit } from './limit.ts';
import type { RowHistories } from './row-history-options.ts';

/**
 * Examples of one part of a split: histories and targets as positions in the event columns.
 *
 * Example `e` belongs to user `users[e]`, its history is the events `[starts[e], targets[e])`, its target the event
 * `targets[e]`; both in the columns of `interactions`. A history may be empty.
 * Shape of each array: [number of examples].
 */
export interface ExampleSet {
  readonly name: 'train' | 'validation' | 'test';
  readonly interactions: Interactions;
  readonly users: Int32Array;
  readonly starts: Int32Array;
  readonly targets: Int32Array;
  /**
   * Histories that are subsequences: of example `e` the events `indices[offsets[e], offsets[e] + length)`, ascending,
   * where `length` is `targets[e] - starts[e]`, which then is a length and not a range. Examples may share a part of
   * `indices`, so `offsets[e + 1]` need not be where the history of `e` ends. Absent when all histories are ranges.
   */
  readonly events?: { readonly offsets: Int32Array; readonly indices: Int32Array };
}

export type SplitProtocol =
  | 'leave-last-out'
  | 'train-test'
  | 'global-time'
  | 'by-user'
  | 'random'
  | 'rows-by-time'
  | 'last-rows'
  | 'given'
  | 'streaming';

export type RowExamples = 'impressions' | 'points';

export interface Split {
  readonly protocol: SplitProtocol;
  /** Where examples are rows for a ranker, and not the ends of users' sequences: with a history, or without. */
  readonly examples?: RowExamples;
  /** What histories of rows hold, where `withRowHistories` made them. */
  readonly histories?: RowHistories;
  readonly interactions: Interactions;
  readonly train: ExampleSet;
  readonly validation?: ExampleSet;
  readonly test: ExampleSet;
  /** What the split did, and how many users and events take no part. */
  readonly step: ProcessingStep;
  /** Times (seconds) of the cuts, for `global-time` and `rows-by-time`. */
  readonly cuts?: { readonly validationTime?: number; readonly testTime: number };
}

/** A split whose examples are rows for a ranker. */
export interface RowSplit extends Split {
  readonly examples: RowExamples;
  /** What can be reached on the rows of the test part, where the law of the data is known. */
  readonly limits?: readonly Limit[];
}

/** Collects examples one by one. */
export class ExampleList {
  readonly #users: number[] = [];
  readonly #starts: number[] = [];
  readonly #targets: number[] = [];

  add(user: number, start: number, target: number): void {
    this.#users.push(user);
    this.#starts.push(start);
    this.#targets.push(target);
  }

  get length(): number {
    return this.#users.length;
  }

  toSet(name: ExampleSet['name'], interactions: Interactions): ExampleSet {
    return {
      name,
      interactions,
      users: Int32Array.from(this.#users),
      starts: Int32Array.from(this.#starts),
      targets: Int32Array.from(this.#targets),
    };
  }
}

/**
 * Refuses rows that were drawn: histories and targets would be what no user did, and a cut may lie between an event and
 * what was drawn for it.
 */
export function checkAllEvents(operation: string, { roles, name }: Interactions): void {
  if (roles.event === undefined) return;
  throw new OptionError(operation, `expected rows that are all events; got ${name} with drawn ones`, {
    key: 'split',
    hint: 'take another split (--data.split rows-by-time), or leave --data.sampledNegatives out',
  });
}

export function nobodyLeft(operation: string, interactions: Interactions, needed: string): DataError {
  return new DataError(
    operation,
    `expected ${needed}; got none among the ${interactions.numUsers} users of ${interactions.name}`,
    {
      code: 'nobody-left',
      hint: 'use less filtering (--data.kCore, --data.minRating), or another split (--data.split)',
    },
  );
}
