// What the attention kernels share: block sizes, the layout of a thread's scratch memory, and products of blocks.
// A block is up to 256 queries x 256 keys of one head; score rows are STRIDE bytes apart.
import { microColumns, microRows, storeTile } from './micro';

export const BLOCK: i32 = 256;
/** 264 floats: eight spare columns, and rows that do not fall on the same cache sets. */
export const STRIDE: usize = 1056;
const SQUARE: usize = STRIDE * 264;

/** Offsets into the scratch block; widths are at most 512 (checked by the caller). */
export const TILE: usize = 0;
export const BIAS: usize = 1024;
export const SCORES: usize = BIAS + SQUARE;
export const GRADS: usize = SCORES + SQUARE;
export const BIAS_GRADS: usize = GRADS + SQUARE;
export const BUCKETS: usize = BIAS_GRADS + SQUARE;
export const ROWS: usize = BUCKETS + SQUARE / 2;
/** Four histograms of up to 1,024 time buckets. */
export const HISTOGRAMS: usize = ROWS + 4096;
export const HISTOGRAM_BUCKETS: i32 = 1024;
export const PACKS: usize = HISTOGRAMS + 16384;

/** C[6, columns] = A B, A one packed panel of six rows; C has room for whole panels of eight columns. */
export function productPacked(a: usize, b: usize, c: usize, columns: i32, k: i32): void {
  for (let j = 0; j < columns; j += 8) {
    microColumns(k, a, 24, b + <usize>j * <usize>k * 4, 32, c + (<usize>j << 2), STRIDE, false);
  }
}

/** C[6 or fewer rows, columns] += A B, A six rows STRIDE apart, k columns of it; panels of B are `bRows` rows long. */
export function productRows(
  a: usize, b: usize, bRows: i32, c: usize, cStride: usize, rows: i32, columns: i32, k: i32, tile: usize,
): void {
  for (let j = 0; j < columns; j += 8) {
    const bp = b + <usize>j * <usize>bRows * 4;
    const cp = c + (<usize>j << 2);
    const wide = min(8, columns - j);
    if (rows == 6 && wide == 8) {
      microRows(k, a, STRIDE, bp, 32, cp, cStride, true);
    } else {
      microRows(k, a, STRIDE, bp, 32, tile, 32, false);
      storeTile(tile, cp, cStride, rows, wide, true);
    }
  }
}

/** C[keys, columns] += A^T B for six or fewer keys at column `a`, queries `from` .. `queries`. */
export function productColumns(
  a: usize, b: usize, c: usize, cStride: usize, keys: i32, columns: i32, from: i32, queries: i32, tile: usize,
): void {
  const k = queries - from;
  for (let j = 0; j < columns; j += 8) {
    const bp = b + <usize>j * <usize>queries * 4 + <usize>from * 32;
    const cp = c + (<usize>j << 2);
    const wide = min(8, columns - j);
    if (keys == 6 && wide == 8) {
      microColumns(k, a + <usize>from * STRIDE, STRIDE, bp, 32, cp, cStride, true);
    } else {
      microColumns(k, a + <usize>from * STRIDE, STRIDE, bp, 32, tile, 32, false);
      storeTile(tile, cp, cStride, keys, wide, true);
    }
  }
}

/** Bytes of `rows` x `width` floats, the width rounded up to a panel. */
// @ts-ignore: decorator
@inline
export function panelBytes(rows: i32, width: i32): usize {
  return <usize>((rows + 7) & ~7) * <usize>((width + 7) & ~7) * 4;
}
