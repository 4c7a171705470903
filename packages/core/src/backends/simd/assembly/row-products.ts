// Products of a few rows that lie in scratch memory, for kernels that make the rows and use the results on the spot.
// Buffers have room for whole tiles: rows up to a multiple of six, columns up to a multiple of sixteen.
import { narrowColumns, narrowRows, ZEROS } from './micro';
import { thinRows, wide, wideColumns, wideColumns4, wideRows } from './micro-wide';

/** K is processed in blocks that keep a panel of B in the first-level cache. */
const BLOCK_K: i32 = 256;

/** Rows that are multiplied, and used, before the next. */
export const STRIP: i32 = 12;

/**
 * Bytes from one row of a buffer to the next: whole lines, an odd number of them, so that the rows
 * spread over the cache's sets.
 */
// @ts-ignore: decorator
@inline
export function bufferStride(columns: i32): usize {
  return <usize>(((columns + 15) >> 4) | 1) << 6;
}

/** Columns before the last one or two that `thinRows` makes; all of them where no such rest is left. */
// @ts-ignore: decorator
@inline
function thinFrom(columns: i32): i32 {
  const rest = columns & 15;
  return wide && rest && rest < 3 ? columns - rest : columns;
}

/**
 * Copies the last one or two columns of packed B, each `k` floats, to `thin`: once for many calls of `multiplyStrip`.
 */
export function takeThin(b: usize, k: i32, columns: i32, thin: usize): void {
  const from = thinFrom(columns);
  if (from == columns) return;
  const panel = b + <usize>(from >> 3) * (<usize>k << 5);
  for (let i: usize = 0; i < <usize>k; i++) {
    store<f32>(thin + (i << 2), load<f32>(panel + (i << 5)));
    store<f32>(thin + (<usize>(k + i) << 2), load<f32>(panel + (i << 5), 4));
  }
}

/** The same for rows that are also read column by column: as they are, unless their lines would share few sets. */
// @ts-ignore: decorator
@inline
export function rowStride(columns: i32): usize {
  const bytes = <usize>columns << 2;
  return bytes & 255 ? bytes : bytes + 64;
}

/**
 * C [rows, columns] = bias + A B for the rows of a strip. A: rows `aStride` bytes apart; B: panels of eight columns as
 * `packB` makes them; `thin`: what `takeThin` left; bias: a row, 0 for none; `buffer`: 384 bytes. Rows and columns past
 * the end take any value.
 */
export function multiplyStrip(
  rows: i32, k: i32, columns: i32, a: usize, aStride: usize, b: usize, thin: usize,
  bias: usize, c: usize, cStride: usize, buffer: usize,
): void {
  const bPanel = <usize>k << 5, thinStart = thinFrom(columns);
  for (let k0 = 0; k0 < k; k0 += BLOCK_K) {
    const kc = min(BLOCK_K, k - k0);
    for (let j = 0; j < columns; j += 16) {
      const bp = b + <usize>(j >> 3) * bPanel + (<usize>k0 << 5);
      const left = columns - j;
      const start = bias ? bias + (<usize>j << 2) : ZEROS;
      for (let i = 0; i < rows; i += 6) {
        const ap = a + <usize>i * aStride + (<usize>k0 << 2);
        const cp = c + <usize>i * cStride + (<usize>j << 2);
        const from = k0 ? cp : start, fromStride = k0 ? cStride : 0;
        if (j >= thinStart) {
          thinRows(kc, ap, aStride, thin + (<usize>k0 << 2), <usize>k << 2, from, fromStride, cp, cStride, left, buffer);
        } else if (wide && left > 8) {
          wideRows(kc, ap, aStride, bp, bPanel, 32, from, fromStride, cp, cStride);
        } else {
          narrowRows(kc, ap, aStride, bp, 32, from, fromStride, cp, cStride);
          if (left > 8) narrowRows(kc, ap, aStride, bp + bPanel, 32, from + 32, fromStride, cp + 32, cStride);
        }
      }
    }
  }
}

/**
 * Columns past the last sixteen that `addTransposed` sums the other way round, in fours: up to four, which would
 * fill less than half a tile.
 */
// @ts-ignore: decorator
@inline
function tailColumns(n: i32): i32 {
  const rest = n & 15;
  return wide && rest < 5 ? rest : 0;
}

/** Bytes of the transposed sums of an `[m, n]` that `addTransposed` keeps at `tail`. */
// @ts-ignore: decorator
@inline
export function tailBytes(m: i32): usize {
  return 4 * bufferStride(m);
}

/** Puts the sums at `tail` into the last columns of C, once all rows are in. */
export function putTail(m: i32, n: i32, tail: usize, c: usize, cStride: usize): void {
  const count = <usize>tailColumns(n), stride = bufferStride(m);
  c += (<usize>n - count) << 2;
  for (let i: usize = 0; i < <usize>m; i++) {
    for (let j: usize = 0; j < count; j++) store<f32>(c + (j << 2), load<f32>(tail + j * stride + (i << 2)));
    c += cStride;
  }
}

/**
 * C [m, n] += A^T B over `k` rows of A and B, which are read where they lie. The last one to four columns are summed
 * at `tail` (`tailBytes(m)`, zeros at first): whole columns of A by four of B at a time.
 */
export function addTransposed(
  k: i32, m: i32, n: i32, a: usize, aStride: usize, b: usize, bStride: usize, c: usize, cStride: usize, tail: usize,
): void {
  const thin = tailColumns(n), stride = bufferStride(m);
  if (thin) {
    n -= thin;
    for (let i = 0; i < m; i += 16) {
      const t = tail + (<usize>i << 2);
      wideColumns4(k, b + (<usize>n << 2), bStride, a + (<usize>i << 2), 32, aStride, t, stride, t, stride);
    }
  }
  for (let j = 0; j < n; j += 16) {
    const bp = b + (<usize>j << 2);
    const both = n - j > 8;
    for (let i = 0; i < m; ) {
      const ap = a + (<usize>i << 2);
      const cp = c + <usize>i * cStride + (<usize>j << 2);
      const left = m - i;
      if (wide && both) {
        if (left == 4 || left == 8) {
          wideColumns4(k, ap, aStride, bp, 32, bStride, cp, cStride, cp, cStride);
          i += 4;
          continue;
        }
        wideColumns(k, ap, aStride, bp, 32, bStride, cp, cStride, cp, cStride);
      } else {
        narrowColumns(k, ap, aStride, bp, bStride, cp, cStride, cp, cStride);
        if (both) narrowColumns(k, ap, aStride, bp + 32, bStride, cp + 32, cStride, cp + 32, cStride);
      }
      i += 6;
    }
  }
}
