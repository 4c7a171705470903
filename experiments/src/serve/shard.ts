import type { IncrementalCapabilities, ScorerStats } from '@seqrec/models';
import type { Operation, Outcome } from './operation.ts';

/** How the weights of a shard change while it serves. */
export interface ShardWeights {
  /** Checks a delta and makes it ready, in the place of one that is ready. @throws Error with what is wrong with it. */
  prepare(bytes: Uint8Array, name: string): Promise<void>;
  /** Switches between two answers; what was computed of histories is computed again when it is asked for. */
  commit(): Promise<void>;
  /** Forgets what is ready, if something is. */
  discard(): Promise<void>;
}

/** Some of the users, and the model that answers about them: in this thread, or in another. */
export interface Shard {
  readonly capabilities: IncrementalCapabilities;
  /** One outcome an operation, in their order; operations of one user happen in that order. */
  run(operations: readonly Operation[]): Promise<readonly Outcome[]>;
  stats(): Promise<ScorerStats>;
  /** Absent: they stay as they are. */
  readonly weights?: ShardWeights;
  close(): Promise<void>;
}
