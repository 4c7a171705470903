import { exactRanks, l2Normalize, streamKey, topItems, uniformIntegers } from '@seqrec/core';
import { SimdBackend } from '@seqrec/core/simd';
import * as tf from '@tensorflow/tfjs-core';
import type { Progress } from '../../terminal/progress.ts';
import { ownProduct } from './own-product.ts';
import { median } from './statistics.ts';

/** Users against items, as synthetic unit vectors. */
export interface RankingSize {
  readonly users: number;
  readonly items: number;
  readonly width: number;
  /** Items of the history that each user's ranking leaves out. */
  readonly seen: number;
}

export interface RankingRow {
  readonly size: RankingSize;
  /** Seconds for all users: the median of the rounds. */
  readonly ranks: number;
  /** Seconds of the ten best items of all users; absent in the large case. */
  readonly top10?: number;
  /** `2 users items width` operations over `ranks`. */
  readonly gflops: number;
  /** Median of 1024 x 1024 x 1024 products in between, GFLOP/s. */
  readonly gemm: number;
  /** Bytes in the heap before, and at most during ranking; undefined off the simd backend. */
  readonly heap?: { readonly before: number; readonly peak: number };
}

/** Users of one call, as in `evaluate`: the item table is packed once for them. */
const CALL = 4096;

export async function benchRanking(size: RankingSize, rounds: number, progress: Progress): Promise<RankingRow> {
  const large = size.users * size.items > 1e9;
  const items = unitVectors('items', size.items + 1, size.width);
  const queries = unitVectors('users', size.users, size.width);
  const gemm: number[] = [];
  ownProduct(gemm);
  const heap = heapOf();
  heap?.resetPeak();
  const before = heap?.used ?? 0;
  const ranks: number[] = [];
  const top: number[] = [];
  progress.start();
  let done = 0;
  for (let round = 0; round < rounds; round++) {
    let seconds = 0;
    for (let first = 0; first < size.users; first += CALL) {
      const count = Math.min(CALL, size.users - first);
      const call = requestOf(queries, items, { ...size, users: count }, first);
      const spent = await timed(() => exactRanks(call));
      seconds += spent;
      if (!large) top.push(await timed(() => topItems({ ...call, k: 10 })));
      call.queries.dispose();
      done += count;
      // Each product is measured under the same weather as its neighbours.
      if (large) ownProduct(gemm);
      const rate = (2 * count * size.items * size.width) / spent / 1e9;
      progress.update({
        label: 'rank, users',
        done,
        total: rounds * size.users,
        fields: [`${rate.toFixed(0)} GFLOP/s`],
      });
    }
    ranks.push(seconds);
    if (!large) ownProduct(gemm);
  }
  progress.clear();
  const peak = heap?.peak ?? 0;
  tf.dispose([items, queries]);
  const calls = Math.ceil(size.users / CALL);
  const top10 = Array.from({ length: large ? 0 : rounds }, (_, round) =>
    top.slice(round * calls, (round + 1) * calls).reduce((sum, x) => sum + x, 0),
  );
  return {
    size,
    ranks: median(ranks),
    ...(large ? {} : { top10: median(top10) }),
    gflops: (2 * size.users * size.items * size.width) / median(ranks) / 1e9,
    gemm: median(gemm),
    ...(heap === undefined ? {} : { heap: { before, peak } }),
  };
}

function heapOf(): SimdBackend['heap'] | undefined {
  const backend = tf.backend();
  return backend instanceof SimdBackend ? backend.heap : undefined;
}

/** Rows of length 1, uniform in direction enough; row 0 of the items is padding. */
function unitVectors(name: string, rows: number, width: number): tf.Tensor2D {
  return tf.tidy(() => {
    const draw = { count: rows * width, low: -(2 ** 15), bound: 2 ** 16, stream: { key: streamKey(1, name), step: 0 } };
    const numbers = tf.cast(uniformIntegers(draw), 'float32');
    return l2Normalize(tf.reshape(numbers, [rows, width]) as tf.Tensor2D, { epsilon: 1e-6 });
  });
}

function requestOf(
  queries: tf.Tensor2D,
  items: tf.Tensor2D,
  { users, items: numItems, width, seen }: RankingSize,
  first: number,
) {
  // Odd multipliers walk through the catalogue without repeats for long.
  const item = (i: number, multiplier: number): number => 1 + ((i * multiplier) % numItems);
  return {
    queries: tf.slice(queries, [first, 0], [users, width]),
    items,
    targets: Int32Array.from({ length: users }, (_, b) => item(first + b, 7919)),
    excluded: {
      offsets: Int32Array.from({ length: users + 1 }, (_, b) => b * seen),
      ids: Int32Array.from({ length: users * seen }, (_, s) => item(first * seen + s, 104_729)),
    },
    firstItem: 1,
  };
}

async function timed(f: () => Promise<unknown>): Promise<number> {
  const begin = performance.now();
  await f();
  return (performance.now() - begin) / 1000;
}
