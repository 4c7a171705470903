// What the attention kernels share. Scores are kept transposed: a row for each key, a column for each query, in
// panels of sixteen queries. So K and V need no packing beyond plain rows, a mask or a bias is a vector over queries,
// and what belongs to a query (its maximum, its sum) is a lane.
import { constants, STEP_MASK, STEP_ONES } from './math';
import { packRows, ZEROS } from './micro';
import { edgeRows, freshRows, freshRows4, wide, wideColumns4 } from './micro-wide';
import { tileColumns, tileRows } from './tile';

/** Queries of a panel. */
export const PANEL: i32 = 16;
/** Keys of a block. */
export const KEYS: i32 = 96;

/** Floats of a row of K or V, in whole panels of eight. */
// @ts-ignore: decorator
@inline
export function rowBytes(width: i32): usize {
  return <usize>((width + 7) & ~7) << 2;
}

/**
 * Rows this many bytes apart or closer are read where they lie; farther ones are packed first, since steps of large
 * powers of two meet in few sets of the cache.
 */
export const NEAR: usize = 512;

/** Bytes of a transposed accumulator of one panel: whole groups of six rows of sixteen. */
// @ts-ignore: decorator
@inline
export function panelBytes(width: i32): usize {
  return <usize>((width + 5) / 6) * 384;
}

/** Copies rows of `width` floats to rows of whole eights; reads past the end of a row. */
export function packPlain(src: usize, stride: usize, rows: i32, width: i32, dst: usize): void {
  const bytes = rowBytes(width);
  for (let i = 0; i < rows; i++) {
    for (let j: usize = 0; j < bytes; j += 32) {
      const lower = v128.load(src + j), upper = v128.load(src + j, 16);
      v128.store(dst + j, upper, 16); v128.store(dst + j, lower);
    }
    src += stride;
    dst += bytes;
  }
}

/**
 * Columns of the first panel before the first of `rows` queries. Panels end where the queries end: the ragged one
 * then is the first, which sees the fewest keys.
 */
// @ts-ignore: decorator
@inline
export function skipped(rows: i32): i32 {
  return -rows & (PANEL - 1);
}

/**
 * Packs rows (queries) into panels of sixteen, two panels of eight each: the operand B of `scorePanel`. `skip`
 * columns of the first panel are zero and have no rows.
 */
export function packQueries(src: usize, stride: usize, skip: i32, rows: i32, width: i32, dst: usize): void {
  if (skip > 0) {
    const half = <usize>width << 5;
    for (let i = 0; i < PANEL; i += 8) packLate(src, stride, min(8, skip - i), width, dst + <usize>(i >> 3) * half);
    if (skip <= 8) packRows(src + <usize>(8 - skip) * stride, stride, 8, width, dst + half);
    src += <usize>(PANEL - skip) * stride;
    dst += half << 1;
    rows -= PANEL - skip;
  }
  packRows(src, stride, rows, width, dst);
}

// A panel of eight whose first `skip` columns are zero; nothing where there are none.
function packLate(src: usize, stride: usize, skip: i32, width: i32, dst: usize): void {
  if (skip <= 0) return;
  for (let j: usize = 0; j < <usize>width << 2; j += 4) {
    v128.store(dst, f32x4.splat(0), 16); v128.store(dst, f32x4.splat(0));
    for (let i = skip, p = src + j; i < 8; i++, p += stride) store<f32>(dst + (<usize>i << 2), load<f32>(p));
    dst += 32;
  }
}

/**
 * Rows that tiles of four take, where the 6 x 16 kernels are: one or two tiles, so that `rows` are met
 * with at most one too many.
 */
// @ts-ignore: decorator
@inline
function inFours(rows: i32): i32 {
  const rest = rows % 6;
  if (!wide || rest == 0 || rest == 5) return 0;
  return rest > 2 ? 4 : rows > 6 ? 8 : 0;
}

/**
 * scores[keys, 16] = K Q^T for one panel, `stride` bytes apart; up to five rows more are written. `edge`: the last
 * key is that of the last query, so the last eight rows hold something in their last eight columns only; the others
 * may be left as they were.
 */
// @ts-ignore: decorator
@inline
export function scorePanel(
  keyRows: usize, bytes: usize, panel: usize, width: i32, keys: i32, scores: usize, stride: usize, edge: bool, buffer: usize,
): void {
  const half = <usize>width << 5;
  if (wide && edge && keys >= 8) {
    keys -= 8;
    edgeRows(width, keyRows + <usize>keys * bytes, bytes, panel + half, 32, scores + <usize>keys * stride + 32, stride);
  }
  const sixes = keys - inFours(keys);
  let j = 0;
  for (; j < sixes; j += 6) {
    const rows = keyRows + <usize>j * bytes, to = scores + <usize>j * stride;
    if (wide) freshRows(width, rows, bytes, panel, half, 32, to, stride);
    else tileRows(width, rows, bytes, panel, half, 32, ZEROS, 0, to, stride, 6, 16, buffer);
  }
  for (; j < keys; j += 4) {
    freshRows4(width, keyRows + <usize>j * bytes, bytes, panel, half, 32, scores + <usize>j * stride, stride);
  }
}

/** sums[width, 16] += V^T scores over `keys` rows; `fresh`: the sums start from zero. */
// @ts-ignore: decorator
@inline
export function sumPanel(
  valueRows: usize, bytes: usize, width: i32, keys: i32, scores: usize, stride: usize, sums: usize, fresh: bool,
  buffer: usize,
): void {
  const sixes = width - inFours(width), initStride: usize = fresh ? 0 : 64;
  let c = 0;
  for (; c < sixes; c += 6) {
    const s = sums + (<usize>c << 6);
    tileColumns(
      keys, valueRows + (<usize>c << 2), bytes, scores, 32, stride, fresh ? ZEROS : s, initStride, s, 64, 6, 16, buffer,
    );
  }
  for (; c < width; c += 4) {
    const s = sums + (<usize>c << 6);
    wideColumns4(keys, valueRows + (<usize>c << 2), bytes, scores, 32, stride, fresh ? ZEROS : s, initStride, s, 64);
  }
}

/** Writes `factor` times the transpose of a panel's sums to up to sixteen rows of `width` floats. */
export function storePanel(sums: usize, width: i32, rows: i32, dst: usize, stride: usize, scale: f32): void {
  const factor = f32x4.splat(scale);
  for (let r = 0; r < rows; r += 4) {
    const s = sums + (<usize>r << 2), d = dst + <usize>r * stride;
    const tall = min(4, rows - r);
    let c = 0;
    if (tall == 4) {
      for (; c + 4 <= width; c += 4) {
        const p = s + (<usize>c << 6), o = d + (<usize>c << 2);
        const r0 = v128.load(p), r1 = v128.load(p, 64), r2 = v128.load(p, 128), r3 = v128.load(p, 192);
        const a = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5), b = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
        const e = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5), f = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
        v128.store(o, f32x4.mul(factor, v128.shuffle<f64>(a, e, 0, 2)));
        v128.store(o + stride, f32x4.mul(factor, v128.shuffle<f64>(a, e, 1, 3)));
        v128.store(o + 2 * stride, f32x4.mul(factor, v128.shuffle<f64>(b, f, 0, 2)));
        v128.store(o + 3 * stride, f32x4.mul(factor, v128.shuffle<f64>(b, f, 1, 3)));
      }
    }
    for (; c < width; c++) {
      for (let i: usize = 0; i < <usize>tall; i++) {
        store<f32>(d + i * stride + (<usize>c << 2), scale * load<f32>(s + (<usize>c << 6) + (i << 2)));
      }
    }
  }
}

/**
 * Puts `value` where causality hides in a panel: rows are keys from `key` on, columns the queries from `query` on. At
 * most eight rows come after the key of the last query.
 */
export function maskPanel(scores: usize, stride: usize, query: i32, key: i32, rows: i32, value: f32): void {
  const hidden = f32x4.splat(value), first = max(0, query - key + 1);
  // From row to row one query more is hidden: the mask begins one word earlier.
  let mask = constants + ((STEP_MASK + STEP_ONES - <usize>(key + first - query)) << 2), p = scores + <usize>first * stride;
  for (let j = first; j < rows; j++, p += stride, mask -= 4) {
    const x0 = v128.bitselect(hidden, v128.load(p), v128.load(mask)), x1 = v128.bitselect(hidden, v128.load(p, 16), v128.load(mask, 16));
    const x2 = v128.bitselect(hidden, v128.load(p, 32), v128.load(mask, 32)), x3 = v128.bitselect(hidden, v128.load(p, 48), v128.load(mask, 48));
    v128.store(p, x1, 16); v128.store(p, x0);
    v128.store(p, x3, 48); v128.store(p, x2, 32);
  }
}
