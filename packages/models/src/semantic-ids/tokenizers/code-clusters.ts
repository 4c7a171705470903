import { streamKey, uniform01 } from '@seqrec/core';
import type { Rows } from '../vectors/rows.ts';
import { kMeans } from './k-means.ts';

/** Lloyd steps of the clusters of a codebook. */
const STEPS = 10;

/** Which of `clusters` clusters, alike in size, each code of a codebook is in: k-means of its rows. */
export async function codeClusters(
  book: Rows,
  { clusters, seed, level }: { readonly clusters: number; readonly seed: number; readonly level: number },
): Promise<Int32Array> {
  const stream = `rq-vae clusters ${level}`;
  return (await kMeans(book, { codes: clusters, steps: STEPS, seed, stream, balanced: true })).codes;
}

/**
 * For each code another of its cluster by chance, -1 for one that is alone in it.
 *
 * @param clusters of each code of the level, {@link codeClusters}.
 */
export function positiveCodes(
  codes: ArrayLike<number>,
  clusters: ArrayLike<number>,
  { seed, level, step }: { readonly seed: number; readonly level: number; readonly step: number },
): Int32Array {
  const members = Map.groupBy(
    Array.from({ length: clusters.length }, (_, k) => k),
    (k) => clusters[k],
  );
  const draws = uniform01(streamKey(seed, `rq-vae/positives ${level}`), step, codes.length);
  return Int32Array.from({ length: codes.length }, (_, i) => {
    const others = members.get(clusters[codes[i]])!.filter((k) => k !== codes[i]);
    return others.length === 0 ? -1 : others[Math.floor(draws[i] * others.length)];
  });
}
