import { type BackendChoice, useBackend } from '@seqrec/core';
import { choiceOption, integerOption } from '../../arguments.ts';

const BACKENDS = ['auto', 'simd', 'cpu', 'wasm', 'webgpu', 'tensorflow'] as const;

/** `--backend`, `--threads` and `--precision` of a command, as the parser gives them. */
export interface BackendOptions {
  readonly backend?: unknown;
  readonly threads?: unknown;
  readonly precision?: unknown;
}

/** What the simd backend starts at most; more than the processors of a machine never help. */
const MOST_THREADS = 64;

const PRECISIONS = ['f32', 'f16'] as const;

/** @throws UsageError for an unknown backend or a number of threads below 1. */
export function checkBackendOptions(options: BackendOptions) {
  const name = choiceOption('backend', options.backend, BACKENDS) ?? 'auto';
  const threads = integerOption('threads', options.threads, 1, MOST_THREADS);
  const precision = choiceOption('precision', options.precision, PRECISIONS);
  return { name, threads, precision };
}

/** Starts the backend that the options name; the choice says which it is and why. */
export function startBackend(options: BackendOptions): Promise<BackendChoice> {
  const { name, threads, precision } = checkBackendOptions(options);
  return useBackend(name, {
    ...(threads === undefined ? {} : { threads }),
    ...(precision === undefined ? {} : { precision }),
  });
}
