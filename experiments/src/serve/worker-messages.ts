import type { IncrementalCapabilities, ScorerStats } from '@seqrec/models';
import type { KeepOptions, WeightsOrigin } from './open-scorer.ts';
import type { Operation, Outcome } from './operation.ts';

/** What a worker is started with. */
export interface WorkerStart {
  /** The checkpoint file. */
  readonly checkpoint: string;
  readonly backend: string;
  /** Default: as many as the backend takes by itself. */
  readonly threads?: number | undefined;
  /** Files of plug-ins that define the model. */
  readonly plugins: readonly string[];
  readonly keep: KeepOptions;
  /** Its number. */
  readonly worker: number;
  /** Where its weights may change. */
  readonly origin?: WeightsOrigin;
}

export type WorkerRequest =
  | { readonly id: number; readonly kind: 'run'; readonly operations: readonly Operation[] }
  | { readonly id: number; readonly kind: 'stats' }
  | { readonly id: number; readonly kind: 'prepare'; readonly bytes: Uint8Array; readonly name: string }
  | { readonly id: number; readonly kind: 'commit' | 'discard' }
  | { readonly id: number; readonly kind: 'close' };

export type WorkerReply =
  | { readonly ready: IncrementalCapabilities }
  | { readonly failed: string }
  | { readonly id: number; readonly value: readonly Outcome[] | ScorerStats | undefined }
  | { readonly id: number; readonly error: string };
