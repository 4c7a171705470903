import { integers, rowSet, streamKey } from '@seqrec/core';

/** Spreads neighbouring ranks over the ids, as in `zipfWorld`. */
const SPREAD = 2_147_483_647;

/** A batch of ids. */
export interface IdBatch {
  /** With repetitions. */
  readonly all: Int32Array;
  /** Strictly increasing. */
  readonly distinct: Int32Array;
}

/** Ids by popularity: rank `r` has a probability of about `r^-exponent`, and popular ids lie all over the table. */
export interface IdStream {
  readonly rows: number;
  readonly exponent: number;
  /** Ids of a batch. */
  readonly count: number;
  readonly seed: number;
}

/** Batch number `step` of a stream. */
export function idBatch(stream: IdStream, step: number): IdBatch {
  const all = drawIds(stream, step);
  return { all, distinct: rowSet(stream.rows, [all]).ids };
}

/**
 * The ids of a batch, `1 .. rows - 1`. Ranks come from the continuous inverse of the distribution, and a rank has the
 * id that it has among the items of `zipfWorld`.
 */
export function drawIds({ rows, exponent, count, seed }: IdStream, step: number): Int32Array {
  const words = integers(streamKey(seed, 'table ids'), step, count, 0, 2 ** 31 - 1);
  const all = new Int32Array(count);
  const items = rows - 1;
  const spread = SPREAD % items;
  for (let i = 0; i < count; i++) {
    const u = (words[i] + 0.5) / (2 ** 31 - 1);
    const rank = Math.min(items, Math.floor(realRank(u, items, exponent)));
    // The low and the high part of the rank: their products are exact.
    const high = ((rank >>> 16) * spread) % items;
    all[i] = 1 + ((high * 2 ** 16 + (rank & 0xffff) * spread) % items);
  }
  return all;
}

/** Share of lookups that the `kept` most popular rows get: what no cache of that size can pass for long. */
export function popularShare({ rows, exponent }: IdStream, kept: number): number {
  const mass = (n: number): number =>
    exponent === 1 ? Math.log(n + 1) : ((n + 1) ** (1 - exponent) - 1) / (1 - exponent);
  return mass(kept) / mass(rows);
}

/** A real number in `[1, rows + 1)`. */
function realRank(uniform: number, rows: number, exponent: number): number {
  if (exponent === 1) return (rows + 1) ** uniform;
  const power = 1 - exponent;
  return (((rows + 1) ** power - 1) * uniform + 1) ** (1 / power);
}
