import type { BackendChoice, BackendName } from '@seqrec/core';
import type { IncrementalCapabilities, ScorerCheck } from '@seqrec/models';
import type { PageModel } from '../src/report/page/page-data.ts';
import type { Answer } from './session.ts';
import type { Similarity } from './vector-score.ts';

/** Backends that a browser can run. */
export const pageBackends = ['simd', 'webgpu', 'cpu'] as const satisfies readonly BackendName[];
export type PageBackend = (typeof pageBackends)[number];

export interface StartOptions {
  readonly backend: PageBackend | 'auto';
  readonly threads?: number;
}

/** What computes the answers. */
export interface EngineParts {
  readonly choice: BackendChoice;
  readonly kind: string;
  readonly similarity: Similarity;
  /** Longest history, in events. */
  readonly maxEvents: number;
  /** Whether the state of a history is kept, and why not. */
  readonly state: IncrementalCapabilities;
}

/** What the page asks of the worker, one call after the other. */
export interface Calls {
  start(options: StartOptions, weights: Uint8Array<ArrayBuffer>, about: PageModel): Promise<EngineParts>;
  /** See `Session`. */
  answer(history: readonly number[], k: number): Promise<Answer>;
  fullPass(history: readonly number[], k: number): Promise<Answer>;
  check(): Promise<ScorerCheck>;
  drop(): Promise<void>;
}

export type CallName = keyof Calls;

/** From the page to the worker. */
export interface CallMessage {
  readonly call: CallName;
  readonly args: readonly unknown[];
}

/**
 * From the worker: that it listens, or how the call ended. Classes do not survive the way; the code of an error does.
 */
export type ReplyMessage =
  | { readonly listening: true }
  | { readonly value: unknown }
  | { readonly failed: { readonly message: string; readonly code?: string } };

/** What went wrong in the worker. */
export class EngineError extends Error {
  override readonly name = 'EngineError';
  /** That of a `SeqrecError`. */
  readonly code: string | undefined;

  constructor(message: string, code?: string) {
    super(message);
    this.code = code;
  }
}
