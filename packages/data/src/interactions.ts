import type { ItemCatalogue } from './catalogue.ts';
import type { IdMap } from './ids.ts';
import type { Roles } from './table/roles.ts';
import type { Table } from './table/table.ts';

/** Rows that a reader or filter did not take, by reason. */
export interface ProblemCount {
  readonly reason: string;
  readonly count: number;
  /** The first few line numbers, from 1. */
  readonly firstLines: readonly number[];
  /** Entry (zip) or file the lines are in. */
  readonly file?: string;
}

/** Whose predictions a step put beside the events. */
export interface JoinedTeacher {
  readonly name: string;
  /** The labels that it gave. */
  readonly columns: readonly string[];
  /** The latest time that it was trained on, seconds; absent where its data or these have no times. */
  readonly trainedTo?: number;
  /** Whether it was trained on the events that it says something of; absent where its store does not say so. */
  readonly trainedOn?: boolean;
}

/** What one reader or filter did. `name`, `params` and `counts` enter the digest, the rest is for people. */
export interface ProcessingStep {
  readonly name: string;
  /** One sentence. */
  readonly detail: string;
  readonly params: Readonly<Record<string, string | number | boolean>>;
  readonly counts: Readonly<Record<string, number>>;
  readonly problems?: readonly ProblemCount[];
  /** Sentences of `detail` that whoever trains should see once. */
  readonly notes?: readonly string[];
  /** Of a step that joins labels of a teacher. */
  readonly teacher?: JoinedTeacher;
}

/**
 * A data set: three tables of named columns, and what the columns are for.
 *
 * `events` has every event of every user, sorted by user, then time, then file order: events of user `u` are the rows
 * `[userOffsets[u], userOffsets[u + 1])`. Row `u` of `userTable` is user `u`, row `i - 1` of `itemTable` item `i`.
 * `itemIds`, `timestamps` and `ratings` are short names of the columns in the roles item, time and rating, which is the
 * action where there is no other.
 */
export interface Interactions {
  readonly name: string;
  /** sha256 over tables, ids, roles and processing steps; the same on every machine. */
  readonly digest: string;
  readonly numUsers: number;
  /** Size of the candidate corpus: items never interacted with are included when the source lists them. */
  readonly numItems: number;
  readonly numEvents: number;
  /** Dense ids 0..numUsers-1. */
  readonly users: IdMap;
  /** Dense ids 1..numItems; 0 is padding. */
  readonly items: IdMap;
  readonly events: Table;
  readonly userTable: Table;
  readonly itemTable: Table;
  readonly roles: Roles;
  /** shape [numUsers + 1] */
  readonly userOffsets: Int32Array;
  /** shape [numEvents] */
  readonly itemIds: Int32Array;
  /** Seconds since 1970; shape [numEvents]. The position in the sequence when `hasTimestamps` is false. */
  readonly timestamps: Float64Array;
  /** The ratings, else the actions, where they are numbers; shape [numEvents] */
  readonly ratings?: Float32Array;
  /** Titles and categories of `itemTable`, where it has them. */
  readonly catalogue?: ItemCatalogue;
  /** False when the source has no times. */
  readonly hasTimestamps: boolean;
  readonly steps: readonly ProcessingStep[];
}
