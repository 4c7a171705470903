import { existsSync } from 'node:fs';
import type { BackendChoice } from '@seqrec/core';
import type { Collective } from '@seqrec/core/collectives';
import type { BlasInfo } from '@seqrec/core/simd';
import { readJson } from '../folder/atomic.ts';
import type { Environment } from '../folder/environment.ts';
import type { RunDir } from '../folder/run-dir.ts';
import { type BackendOptions, startBackend } from '../process/backend.ts';
import { checkSameJob } from '../ranks/same-job.ts';

/** The native library that multiplies for a backend, as its details say; undefined where all products are ours. */
export function nativeProducts(choice: Pick<BackendChoice, 'details'>): BlasInfo | undefined {
  const { blas } = choice.details as { readonly blas?: BlasInfo | { readonly missing: string } };
  return blas === undefined || 'missing' in blas ? undefined : blas;
}

/** The library with which a run was trained last. */
export function recordedProducts(run: RunDir): BlasInfo | undefined {
  if (!existsSync(run.environment)) return undefined;
  return productsOf(readJson(run.environment) as Partial<Environment>);
}

/** The library of a recorded environment. */
export function productsOf(environment: Partial<Environment>): BlasInfo | undefined {
  const backend = environment.backend as Partial<BackendChoice> | null | undefined;
  return nativeProducts({ details: backend?.details ?? {} });
}

/** What decides the bits of products, in a few words: wherever the library lies. */
export function describeProducts(products: BlasInfo | undefined): string {
  if (products === undefined || products.from === 'never') return 'our kernels alone';
  const { version, core, from } = products;
  return `${version} (kernels for ${core}, from ${from} a side on)`;
}

/** What to say of a run that goes on with other products than before: its weights get other bits from there. */
export function otherProducts(before: BlasInfo | undefined, now: BlasInfo | undefined): string | undefined {
  if (describeProducts(before) === describeProducts(now)) return undefined;
  const hint = before === undefined || before.from === 'never' ? '--blas off' : `--blas ${before.library}`;
  return `note: the run was trained with products by ${describeProducts(before)} and goes on with ${describeProducts(now)}: its weights get other bits than in one go; it had ${hint}`;
}

/**
 * Starts the backend of a training. A run that goes on takes the side of its products that it began with, and ranks
 * take that of rank 0: what each measures by itself may differ.
 *
 * @throws RunError when the ranks do not have the same library.
 */
export async function startTrainingBackend(
  options: BackendOptions,
  previous: RunDir | undefined,
  ranks: Collective | undefined,
): Promise<BackendChoice> {
  const before = previous === undefined ? undefined : recordedProducts(previous);
  const choice = await startBackend(options, before === undefined ? undefined : sideOf(before));
  if (ranks === undefined) return choice;
  const own = nativeProducts(choice);
  const [first] = await ranks.gatherJson({ from: own?.from ?? null }, 'products by a native library');
  const isOther = own !== undefined && first.from !== null && first.from !== own.from;
  const agreed = isOther ? await startBackend(options, sideOf({ from: first.from as BlasInfo['from'] })) : choice;
  await checkSameJob(ranks, { products: describeProducts(nativeProducts(agreed)) });
  return agreed;
}

/** The same options for another process, with the side that this one measured: so that both give the same bits. */
export function withSideOf(options: BackendOptions, choice: BackendChoice): BackendOptions {
  const products = nativeProducts(choice);
  if (products === undefined) return options;
  return products.from === 'never'
    ? { ...options, blas: 'off', blasFrom: undefined }
    : { ...options, blasFrom: products.from };
}

const sideOf = ({ from }: Pick<BlasInfo, 'from'>): number => (from === 'never' ? Number.POSITIVE_INFINITY : from);
