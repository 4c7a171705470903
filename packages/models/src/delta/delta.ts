import type { CheckpointState } from '../train/checkpoint-format.ts';
import type { Int8Rows } from './int8-rows.ts';
import type { RowPolicy } from './row-policy.ts';
import type { Weight } from './snapshot.ts';

/** Some rows of a table. */
export interface TableDelta {
  /** Of the whole table. */
  readonly shape: readonly [rows: number, width: number];
  /** Increasing, `[n]`. */
  readonly ids: Int32Array;
  /** `[n, width]`, or the same in bytes. */
  readonly rows: Float32Array | Int8Rows;
}

/** What a delta holds: the dense weights whole, and rows of the tables. */
export interface DeltaContent {
  /** Digest of the weights of the base of its chain. */
  readonly base: string;
  /** Digest of the delta before it; of the base for the first. */
  readonly previous: string;
  /** Its number in the chain, from 1. */
  readonly number: number;
  /** Steps of training of what it is applied to, and of what it leads to. */
  readonly fromStep: number;
  readonly toStep: number;
  readonly policy: RowPolicy;
  /** What the checkpoint that it leads to says about itself. */
  readonly state: CheckpointState;
  /** SHA-256 of what the features of both ends know of items and users; absent without features. */
  readonly featuresDigest?: string | undefined;
  readonly dense: ReadonlyMap<string, Weight>;
  /** Every table of the model, those without a changed row too. */
  readonly tables: ReadonlyMap<string, TableDelta>;
}

/** A link of a chain. */
export interface Delta extends DeltaContent {
  /** Where it comes from, for messages. */
  readonly name: string;
  /** Sha256 in hex over everything in it, the digest before included, so that it stands for the whole chain. */
  readonly digest: string;
  /** Length of its file. */
  readonly bytes: number;
}

export function isInt8(rows: TableDelta['rows']): rows is Int8Rows {
  return !(rows instanceof Float32Array);
}
