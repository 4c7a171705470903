import { type BackendChoice, useBackend } from '@seqrec/core';
import { choiceOption, integerOption } from '../arguments.ts';

const BACKENDS = ['auto', 'simd', 'cpu', 'wasm', 'webgpu', 'tensorflow'] as const;

/** `--backend` and `--threads` of a command, as the parser gives them. */
export interface BackendOptions {
  readonly backend?: unknown;
  readonly threads?: unknown;
}

/** @throws UsageError for an unknown backend or a number of threads below 1. */
export function checkBackendOptions(options: BackendOptions) {
  const name = choiceOption('backend', options.backend, BACKENDS) ?? 'auto';
  const threads = integerOption('threads', options.threads);
  return { name, threads };
}

/** Starts the backend that the options name; the choice says which it is and why. */
export function startBackend(options: BackendOptions): Promise<BackendChoice> {
  const { name, threads } = checkBackendOptions(options);
  return useBackend(name, threads === undefined ? {} : { threads });
}
