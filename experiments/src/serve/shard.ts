import type { IncrementalCapabilities, ScorerStats } from '@seqrec/models';
import type { Operation, Outcome } from './operation.ts';

/** Some of the users, and the model that answers about them: in this thread, or in another. */
export interface Shard {
  readonly capabilities: IncrementalCapabilities;
  /** One outcome an operation, in their order; operations of one user happen in that order. */
  run(operations: readonly Operation[]): Promise<readonly Outcome[]>;
  stats(): Promise<ScorerStats>;
  close(): Promise<void>;
}
