import { streamKey, uniform01 } from '@seqrec/core';
import { type Rows, rowsAt, squaredDistance } from '../vectors/rows.ts';
import { balanced } from './balanced.ts';
import { type Nearest, nearest } from './nearest.ts';

export interface KMeansOptions {
  /** `K`, centroids. */
  readonly codes: number;
  /** Lloyd steps at most; it ends before where no row changes its centroid. Default 25. */
  readonly steps?: number;
  /** Of the first centroids: k-means++. */
  readonly seed: number;
  /** Name of the stream of their random numbers. */
  readonly stream: string;
  /** Rows that are the first centroids, in place of k-means++. */
  readonly starts?: readonly number[];
  /** At most `ceil(N / K)` rows a centroid. Default: as many as there are. */
  readonly balanced?: boolean;
}

export interface KMeans extends Nearest {
  /** `[K, width]` */
  readonly centroids: Rows;
  /** Sum of the squared distances. */
  readonly inertia: number;
  /** Lloyd steps that were made. */
  readonly steps: number;
}

/**
 * k-means by Lloyd steps, codes and distances those of the centroids that are returned. A centroid without rows moves
 * to the row that is farthest from its own, which is its own then; where fewer distinct rows than centroids are left,
 * centroids stay without.
 *
 * Source: Lloyd 1982; first centroids: Arthur and Vassilvitskii 2007 (k-means++).
 */
export async function kMeans(rows: Rows, options: KMeansOptions): Promise<KMeans> {
  const { codes: count, steps = 25, starts, balanced: isBalanced = false } = options;
  let centroids = rowsAt(rows, starts ?? plusPlus(rows, options));
  const assign = isBalanced
    ? (to: Rows) => balanced(rows, to, Math.ceil(rows.count / count))
    : (to: Rows) => nearest(rows, to);
  let found = await assign(centroids);
  let step = 0;
  while (step < steps) {
    centroids = moved(rows, centroids, found);
    step++;
    const before = found.codes;
    found = await assign(centroids);
    if (found.codes.every((code, r) => code === before[r])) break;
  }
  return { ...found, centroids, steps: step, inertia: found.squares.reduce((sum, square) => sum + square, 0) };
}

/** Rows, each drawn by the square of its distance to those before it; all alike once that is 0 everywhere. */
function plusPlus(rows: Rows, { codes, seed, stream }: KMeansOptions): number[] {
  const draws = uniform01(streamKey(seed, `k-means/${stream}`), 0, codes);
  const chosen: number[] = [];
  const squares = new Float64Array(rows.count).fill(Number.POSITIVE_INFINITY);
  for (let k = 0; k < codes; k++) {
    const row = k === 0 ? Math.floor(draws[0] * rows.count) : drawn(squares, draws[k]);
    chosen.push(row);
    for (let r = 0; r < rows.count; r++) squares[r] = Math.min(squares[r], squaredDistance(rows, r, rows, row));
  }
  return chosen;
}

function drawn(weights: Float64Array, draw: number): number {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  if (total === 0) return Math.floor(draw * weights.length);
  let left = draw * total;
  let last = 0;
  for (let r = 0; r < weights.length; r++) {
    if (weights[r] === 0) continue;
    last = r;
    left -= weights[r];
    if (left < 0) break;
  }
  return last;
}

/** The mean of the rows of each centroid. */
function moved(rows: Rows, { count, width, values }: Rows, { codes, squares }: Nearest): Rows {
  const sums = new Float64Array(count * width);
  const sizes = new Int32Array(count);
  for (let r = 0; r < rows.count; r++) {
    const to = codes[r] * width;
    for (let j = 0; j < width; j++) sums[to + j] += rows.values[r * width + j];
    sizes[codes[r]]++;
  }
  const left = squares.slice();
  for (let k = 0; k < count; k++) {
    const own = sums.subarray(k * width, (k + 1) * width);
    if (sizes[k] > 0) {
      for (let j = 0; j < width; j++) own[j] /= sizes[k];
      continue;
    }
    let farthest = 0;
    for (let r = 1; r < rows.count; r++) if (left[r] > left[farthest]) farthest = r;
    // Nobody is away from its centroid: it stays where it is.
    if (!(left[farthest] > 0)) own.set(values.subarray(k * width, (k + 1) * width));
    else own.set(rows.values.subarray(farthest * width, (farthest + 1) * width));
    left[farthest] = 0;
  }
  return { count, width, values: sums };
}
