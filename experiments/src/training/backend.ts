import { type BackendChoice, useBackend } from '@seqrec/core';
import { choiceOption, integerOption } from '../arguments.ts';

const BACKENDS = ['auto', 'simd', 'cpu', 'wasm', 'webgpu', 'tensorflow'] as const;

/** `--backend` and `--threads` of a command, as the parser gives them. */
export interface BackendOptions {
  readonly backend?: unknown;
  readonly threads?: unknown;
}

/** Starts the backend that the options name; the choice says which it is and why. */
export function startBackend(options: BackendOptions): Promise<BackendChoice> {
  const name = choiceOption('backend', options.backend, BACKENDS) ?? 'auto';
  const threads = integerOption('threads', options.threads);
  return useBackend(name, threads === undefined ? {} : { threads });
}
