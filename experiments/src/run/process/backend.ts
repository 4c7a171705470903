import { type BackendChoice, useBackend } from '@seqrec/core';
import { choiceOption, integerOption, textOption } from '../../arguments.ts';
import { UsageError } from '../../errors.ts';

const BACKENDS = ['auto', 'simd', 'cpu', 'wasm', 'webgpu', 'tensorflow'] as const;

/** `--backend`, `--threads`, `--precision`, `--blas` and `--blas-from` of a command, as the parser gives them. */
export interface BackendOptions {
  readonly backend?: unknown;
  readonly threads?: unknown;
  readonly precision?: unknown;
  readonly blas?: unknown;
  readonly blasFrom?: unknown;
}

/** What the simd backend starts at most; more than the processors of a machine never help. */
const MOST_THREADS = 64;

const PRECISIONS = ['f32', 'f16'] as const;

/** @throws UsageError for an unknown backend, a number of threads below 1, or a library where nothing calls it. */
export function checkBackendOptions(options: BackendOptions) {
  const name = choiceOption('backend', options.backend, BACKENDS) ?? 'auto';
  const threads = integerOption('threads', options.threads, 1, MOST_THREADS);
  const precision = choiceOption('precision', options.precision, PRECISIONS);
  const blas = textOption('blas', options.blas);
  if (blas !== undefined && blas !== 'off' && name !== 'auto' && name !== 'simd')
    throw new UsageError(`--blas: expected it with the backend simd; got ${name}`);
  const blasFrom = integerOption('blas-from', options.blasFrom);
  if (blasFrom !== undefined && (blas ?? 'off') === 'off')
    throw new UsageError(`--blas-from: expected --blas with it, auto or the path of a library; got ${blas ?? 'none'}`);
  return { name, threads, precision, blas, blasFrom };
}

/**
 * Starts the backend that the options name; the choice says which it is and why. `side`: least side of the products of
 * a native library where the options say none.
 */
export function startBackend(options: BackendOptions, side?: number): Promise<BackendChoice> {
  const { name, threads, precision, blas, blasFrom = side } = checkBackendOptions(options);
  return useBackend(name, {
    ...(threads === undefined ? {} : { threads }),
    ...(precision === undefined ? {} : { precision }),
    ...(blas === undefined ? {} : { blas }),
    ...(blasFrom === undefined || (blas ?? 'off') === 'off' ? {} : { blasFrom }),
  });
}
