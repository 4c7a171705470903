import { DataError } from '../errors.ts';
import { type Column, rowsOf } from '../table/column.ts';
import { takeColumn } from '../table/take.ts';

/** Columns of a batch by name, besides item, time and action. */
export type NamedColumns = ReadonlyMap<string, Column>;

/** Which further columns a batch carries, by name; `{}` for none. */
export interface BatchColumns {
  /** Of the events of the histories. */
  readonly tokens?: readonly string[];
  /** Of the event after each. */
  readonly next?: readonly string[];
  /** Of the target event of each example. */
  readonly targets?: readonly string[];
  /** Of the user of each example. */
  readonly users?: readonly string[];
  /** Of the target event of each example: `exampleItems`, `exampleTimes` and `exampleEvents` of the batch. */
  readonly examples?: readonly ExampleArray[];
}

/** What there is of the target event of an example besides its further columns. */
export type ExampleArray = 'items' | 'times' | 'events';

/** A jagged batch: `B` sequences packed one after another into `T` tokens, no padding. */
export interface SequenceBatch {
  /** Dense user of each sequence; shape [B]. */
  readonly users: Int32Array;
  /** Sequence `b` is the tokens `[offsets[b], offsets[b + 1])`; shape [B + 1]. */
  readonly offsets: Int32Array;
  /** Items of the histories, oldest first; shape [T]. */
  readonly itemIds: Int32Array;
  /** Seconds; shape [T]. */
  readonly timestamps: Float64Array;
  /** The next item at each position; at the last one of a sequence it is the example's target; shape [T]. */
  readonly targets: Int32Array;
  /** Time of the next event, seconds; shape [T]. */
  readonly targetTimestamps: Float64Array;
  /** Ratings of the histories, where the data have them; shape [T]. */
  readonly ratings?: Float32Array;
  /** Rating of the next event at each position, where the data have them; shape [T]. */
  readonly targetRatings?: Float32Array;
  /**
   * Where an example is a request of several rows: sequence `b` has the rows `rowOffsets[b] .. rowOffsets[b + 1] - 1`,
   * and what belongs to target events has a row each, `R` in all. Absent: a row a sequence, `R = B`. Shape [B + 1].
   */
  readonly rowOffsets?: Int32Array;
  /** Item of the target event of each row, where it was asked for; shape [R]. */
  readonly exampleItems?: Int32Array;
  /** Time of the target event of each row, seconds, where it was asked for; shape [R]. */
  readonly exampleTimes?: Float64Array;
  /** The target event of each row, a row of `events`, where it was asked for; shape [R]. */
  readonly exampleEvents?: Int32Array;
  /** The further columns that were asked for: `tokens` and `next` have T rows, `targets` R, `users` B. */
  readonly columns?: { readonly [Part in 'tokens' | 'next' | 'targets' | 'users']?: NamedColumns };
}

export type SequenceBatchParts = Pick<SequenceBatch, 'offsets' | 'itemIds' | 'timestamps'> &
  Partial<Omit<SequenceBatch, 'offsets' | 'itemIds' | 'timestamps'>>;

/**
 * Puts a batch together. Users are numbered and targets are the items themselves where they are not known: encoders
 * read neither.
 *
 * @throws {DataError} `bad-columns` naming the column whose length does not fit
 */
export function sequenceBatch(parts: SequenceBatchParts): SequenceBatch {
  const { offsets, itemIds, timestamps, targets = itemIds, targetTimestamps = timestamps } = parts;
  const numSequences = offsets.length - 1;
  const numTokens = offsets[numSequences];
  const users = parts.users ?? Int32Array.from({ length: numSequences }, (_, b) => b);
  const { ratings, targetRatings, rowOffsets, exampleItems, exampleTimes, exampleEvents, columns } = parts;
  const numRows = rowOffsets?.at(-1) ?? numSequences;
  const batch = {
    users,
    offsets,
    itemIds,
    timestamps,
    targets,
    targetTimestamps,
    ...(ratings && { ratings }),
    ...(targetRatings && { targetRatings }),
    ...(rowOffsets && { rowOffsets }),
    ...(exampleItems && { exampleItems }),
    ...(exampleTimes && { exampleTimes }),
    ...(exampleEvents && { exampleEvents }),
    ...(columns && { columns }),
  };
  checkLength('users', users.length, numSequences);
  if (rowOffsets !== undefined) checkLength('rowOffsets', rowOffsets.length, numSequences + 1);
  for (const name of tokenArrays) if (batch[name] !== undefined) checkLength(name, batch[name].length, numTokens);
  for (const name of exampleArrays) if (batch[name] !== undefined) checkLength(name, batch[name].length, numRows);
  for (const part of ['tokens', 'next', 'targets', 'users'] as const) {
    const expected = { tokens: numTokens, next: numTokens, targets: numRows, users: numSequences }[part];
    for (const [name, column] of columns?.[part] ?? []) checkLength(`${part} ${name}`, rowsOf(column), expected);
  }
  return batch;
}

const tokenArrays = ['itemIds', 'timestamps', 'targets', 'targetTimestamps', 'ratings', 'targetRatings'] as const;
const exampleArrays = ['exampleItems', 'exampleTimes', 'exampleEvents'] as const;

function checkLength(column: string, got: number, expected: number): void {
  if (got === expected) return;
  throw new DataError('sequenceBatch', `expected ${expected} rows in ${column}; got ${got}`, {
    code: 'bad-columns',
    column,
  });
}

/**
 * The batch with other tokens: its tokens at `tokens`, in that order, as sequences that `offsets` divides. Users and
 * what belongs to examples stay.
 */
export function takeTokens(batch: SequenceBatch, offsets: Int32Array, tokens: Int32Array): SequenceBatch {
  const { users, columns, ratings, targetRatings, rowOffsets, exampleItems, exampleTimes, exampleEvents } = batch;
  const further = columns && {
    ...columns,
    ...(columns.tokens && { tokens: takeEach(columns.tokens, tokens) }),
    ...(columns.next && { next: takeEach(columns.next, tokens) }),
  };
  return sequenceBatch({
    users,
    offsets,
    itemIds: tokens.map((token) => batch.itemIds[token]),
    timestamps: Float64Array.from(tokens, (token) => batch.timestamps[token]),
    targets: tokens.map((token) => batch.targets[token]),
    targetTimestamps: Float64Array.from(tokens, (token) => batch.targetTimestamps[token]),
    ...(ratings && { ratings: Float32Array.from(tokens, (token) => ratings[token]) }),
    ...(targetRatings && { targetRatings: Float32Array.from(tokens, (token) => targetRatings[token]) }),
    ...(rowOffsets && { rowOffsets }),
    ...(exampleItems && { exampleItems }),
    ...(exampleTimes && { exampleTimes }),
    ...(exampleEvents && { exampleEvents }),
    ...(further && { columns: further }),
  });
}

/** The rows of each column at `rows`. */
export function takeEach(columns: NamedColumns, rows: ArrayLike<number>): NamedColumns {
  return new Map(Array.from(columns, ([name, column]) => [name, takeColumn(column, rows)]));
}
