import type { ItemCatalogue } from './catalogue.ts';
import { digestInteractions } from './digest.ts';
import { DataError } from './errors.ts';
import type { IdMap } from './ids.ts';

/** Rows that a reader or filter did not take, by reason. */
export interface ProblemCount {
  readonly reason: string;
  readonly count: number;
  /** The first few line numbers, from 1. */
  readonly firstLines: readonly number[];
  /** Entry (zip) or file the lines are in. */
  readonly file?: string;
}

/** What one reader or filter did. `name`, `params` and `counts` enter the digest, the rest is for people. */
export interface ProcessingStep {
  readonly name: string;
  /** One sentence. */
  readonly detail: string;
  readonly params: Readonly<Record<string, string | number | boolean>>;
  readonly counts: Readonly<Record<string, number>>;
  readonly problems?: readonly ProblemCount[];
}

/**
 * The columnar store: every event of every user, sorted by user, then time, then file order.
 *
 * Events of user `u` are `[userOffsets[u], userOffsets[u + 1])` of the columns.
 */
export interface Interactions {
  readonly name: string;
  /** sha256 over columns, ids, catalogue and processing steps; the same on every machine. */
  readonly digest: string;
  readonly numUsers: number;
  /** Size of the candidate corpus: items never interacted with are included when the source lists them. */
  readonly numItems: number;
  readonly numEvents: number;
  /** Dense ids 0..numUsers-1. */
  readonly users: IdMap;
  /** Dense ids 1..numItems; 0 is padding. */
  readonly items: IdMap;
  /** shape [numUsers + 1] */
  readonly userOffsets: Int32Array;
  /** shape [numEvents] */
  readonly itemIds: Int32Array;
  /** Seconds since 1970; shape [numEvents]. The position in the sequence when `hasTimestamps` is false. */
  readonly timestamps: Float64Array;
  /** shape [numEvents] */
  readonly ratings?: Float32Array;
  readonly catalogue?: ItemCatalogue;
  /** False when the source has no times; absent or true otherwise. */
  readonly hasTimestamps?: boolean;
  readonly steps: readonly ProcessingStep[];
}

export interface InteractionsParts {
  readonly name: string;
  readonly users: IdMap;
  readonly items: IdMap;
  readonly userOffsets: Int32Array;
  readonly itemIds: Int32Array;
  readonly timestamps: Float64Array;
  readonly ratings?: Float32Array;
  readonly catalogue?: ItemCatalogue;
  readonly hasTimestamps?: boolean;
  readonly steps: readonly ProcessingStep[];
  /** Known digest (a cache); computed when absent. */
  readonly digest?: string;
}

/** Puts a store together and computes its digest; the columns must already be sorted and consistent. */
export function createInteractions(parts: InteractionsParts): Interactions {
  const { users, items, userOffsets, itemIds, timestamps, ratings, catalogue } = parts;
  const numEvents = itemIds.length;
  if (
    userOffsets.length !== users.size + 1 ||
    userOffsets[users.size] !== numEvents ||
    timestamps.length !== numEvents ||
    (ratings !== undefined && ratings.length !== numEvents) ||
    (catalogue !== undefined && catalogue.size !== items.size)
  ) {
    throw new DataError(
      'createInteractions',
      `expected userOffsets [${users.size + 1}] ending at ${numEvents}, timestamps and ratings [${numEvents}] and a ` +
        `catalogue of ${items.size} items; got userOffsets [${userOffsets.length}] ending at ` +
        `${userOffsets[userOffsets.length - 1]}, timestamps [${timestamps.length}], ratings ` +
        `[${ratings?.length ?? 'none'}], catalogue ${catalogue?.size ?? 'none'}`,
      { code: 'bad-columns' },
    );
  }
  const content = {
    name: parts.name,
    numUsers: users.size,
    numItems: items.size,
    numEvents,
    users,
    items,
    userOffsets,
    itemIds,
    timestamps,
    ...(ratings === undefined ? {} : { ratings }),
    ...(catalogue === undefined ? {} : { catalogue }),
    hasTimestamps: parts.hasTimestamps ?? true,
    steps: parts.steps,
  };
  return { ...content, digest: parts.digest ?? digestInteractions(content) };
}
