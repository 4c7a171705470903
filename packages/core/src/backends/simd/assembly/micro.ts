// The 6 x 8 micro-kernels: C[6, 8] (+)= A[6, K] B[K, 8]; a packed B has its rows of eight one after the
// other (bStep 32). Twelve accumulators of four lanes; adjacent lanes are paired so that V8 may fuse
// them into 256-bit registers.
import { madd } from './env';

export const TILE_M: i32 = 6;
export const TILE_N: i32 = 8;

/** Sixteen zeros that nothing writes: what a fresh sum starts from (row stride 0). */
export const ZEROS: usize = 896;

// The loops end at an address and ask whether they are there, not whether they are past it: at the
// end of 4 GiB it may be 0.

/**
 * C = init + A B; A is read as six adjacent floats per k: packed panels (`aStep` = 24) or columns
 * of a transposed operand.
 */
export function narrowColumns(
  k: i32, a: usize, aStep: usize, b: usize, bStep: usize,
  init: usize, initStride: usize, c: usize, cStride: usize,
): void {
  let c00 = v128.load(init), c01 = v128.load(init, 16);
  init += initStride;
  let c10 = v128.load(init), c11 = v128.load(init, 16);
  init += initStride;
  let c20 = v128.load(init), c21 = v128.load(init, 16);
  init += initStride;
  let c30 = v128.load(init), c31 = v128.load(init, 16);
  init += initStride;
  let c40 = v128.load(init), c41 = v128.load(init, 16);
  init += initStride;
  let c50 = v128.load(init), c51 = v128.load(init, 16);
  for (const end = b + <usize>k * bStep; b != end;) {
    const b0 = v128.load(b), b1 = v128.load(b, 16);
    let s = v128.load32_splat(a);
    c00 = madd(s, b0, c00); c01 = madd(s, b1, c01);
    s = v128.load32_splat(a, 4);
    c10 = madd(s, b0, c10); c11 = madd(s, b1, c11);
    s = v128.load32_splat(a, 8);
    c20 = madd(s, b0, c20); c21 = madd(s, b1, c21);
    s = v128.load32_splat(a, 12);
    c30 = madd(s, b0, c30); c31 = madd(s, b1, c31);
    s = v128.load32_splat(a, 16);
    c40 = madd(s, b0, c40); c41 = madd(s, b1, c41);
    s = v128.load32_splat(a, 20);
    c50 = madd(s, b0, c50); c51 = madd(s, b1, c51);
    a += aStep; b += bStep;
  }
  v128.store(c, c01, 16); v128.store(c, c00); c += cStride;
  v128.store(c, c11, 16); v128.store(c, c10); c += cStride;
  v128.store(c, c21, 16); v128.store(c, c20); c += cStride;
  v128.store(c, c31, 16); v128.store(c, c30); c += cStride;
  v128.store(c, c41, 16); v128.store(c, c40); c += cStride;
  v128.store(c, c51, 16); v128.store(c, c50);
}

/**
 * C = init + A B; A is read from six rows `aStride` bytes apart, contiguous in k; B has a row of
 * eight every `bStep` bytes.
 */
export function narrowRows(
  k: i32, a: usize, aStride: usize, b: usize, bStep: usize,
  init: usize, initStride: usize, c: usize, cStride: usize,
): void {
  let c00 = v128.load(init), c01 = v128.load(init, 16);
  init += initStride;
  let c10 = v128.load(init), c11 = v128.load(init, 16);
  init += initStride;
  let c20 = v128.load(init), c21 = v128.load(init, 16);
  init += initStride;
  let c30 = v128.load(init), c31 = v128.load(init, 16);
  init += initStride;
  let c40 = v128.load(init), c41 = v128.load(init, 16);
  init += initStride;
  let c50 = v128.load(init), c51 = v128.load(init, 16);
  let a1 = a + aStride, a2 = a1 + aStride, a3 = a2 + aStride, a4 = a3 + aStride, a5 = a4 + aStride;
  for (const end = a + (<usize>k << 2); a != end;) {
    const b0 = v128.load(b), b1 = v128.load(b, 16);
    let s = v128.load32_splat(a);
    c00 = madd(s, b0, c00); c01 = madd(s, b1, c01);
    s = v128.load32_splat(a1);
    c10 = madd(s, b0, c10); c11 = madd(s, b1, c11);
    s = v128.load32_splat(a2);
    c20 = madd(s, b0, c20); c21 = madd(s, b1, c21);
    s = v128.load32_splat(a3);
    c30 = madd(s, b0, c30); c31 = madd(s, b1, c31);
    s = v128.load32_splat(a4);
    c40 = madd(s, b0, c40); c41 = madd(s, b1, c41);
    s = v128.load32_splat(a5);
    c50 = madd(s, b0, c50); c51 = madd(s, b1, c51);
    a += 4; a1 += 4; a2 += 4; a3 += 4; a4 += 4; a5 += 4; b += bStep;
  }
  v128.store(c, c01, 16); v128.store(c, c00); c += cStride;
  v128.store(c, c11, 16); v128.store(c, c10); c += cStride;
  v128.store(c, c21, 16); v128.store(c, c20); c += cStride;
  v128.store(c, c31, 16); v128.store(c, c30); c += cStride;
  v128.store(c, c41, 16); v128.store(c, c40); c += cStride;
  v128.store(c, c51, 16); v128.store(c, c50);
}

/** `narrowColumns` from zero or, with `accumulate`, from C. */
// @ts-ignore: decorator
@inline
export function microColumns(
  k: i32, a: usize, aStep: usize, b: usize, bStep: usize, c: usize, cStride: usize, accumulate: bool,
): void {
  narrowColumns(k, a, aStep, b, bStep, accumulate ? c : ZEROS, accumulate ? cStride : 0, c, cStride);
}

/** `narrowRows` from zero or, with `accumulate`, from C. */
// @ts-ignore: decorator
@inline
export function microRows(
  k: i32, a: usize, aStride: usize, b: usize, bStep: usize, c: usize, cStride: usize, accumulate: bool,
): void {
  narrowRows(k, a, aStride, b, bStep, accumulate ? c : ZEROS, accumulate ? cStride : 0, c, cStride);
}

/** Copies `rows x columns` floats of a 6 x 8 tile (row stride 32 bytes) to C, or adds them. */
export function storeTile(tile: usize, c: usize, cStride: usize, rows: i32, columns: i32, accumulate: bool): void {
  for (let i = 0; i < rows; i++) {
    for (let j: usize = 0; j < <usize>columns; j++) {
      const value = load<f32>(tile + (j << 2));
      const p = c + (j << 2);
      store<f32>(p, accumulate ? load<f32>(p) + value : value);
    }
    tile += 32;
    c += cStride;
  }
}

/**
 * Packs rows into panels of six: panel p holds, for each k, the six values of rows 6p .. 6p + 5, zeros past the end.
 */
export function packPanels(a: usize, stride: usize, rows: i32, k: i32, dst: usize): void {
  for (let i = 0; i < rows; i += 6) {
    const left = rows - i;
    const p = a + <usize>i * stride;
    if (left >= 6) {
      const p1 = p + stride, p2 = p1 + stride, p3 = p2 + stride, p4 = p3 + stride, p5 = p4 + stride;
      for (let j: usize = 0; j < <usize>k << 2; j += 4) {
        store<f32>(dst, load<f32>(p + j));
        store<f32>(dst, load<f32>(p1 + j), 4);
        store<f32>(dst, load<f32>(p2 + j), 8);
        store<f32>(dst, load<f32>(p3 + j), 12);
        store<f32>(dst, load<f32>(p4 + j), 16);
        store<f32>(dst, load<f32>(p5 + j), 20);
        dst += 24;
      }
    } else {
      for (let j: usize = 0; j < <usize>k << 2; j += 4) {
        for (let r: usize = 0; r < 6; r++) {
          store<f32>(dst + (r << 2), r < <usize>left ? load<f32>(p + r * stride + j) : 0);
        }
        dst += 24;
      }
    }
  }
}

/**
 * Packs `rows` rows of `columns` floats (row stride in bytes) into panels of eight columns: panel p holds, for each
 * row, columns 8p .. 8p + 7, zeros past the end. The operand B of a product whose K runs over the rows.
 */
export function packColumns(src: usize, stride: usize, rows: i32, columns: i32, dst: usize): void {
  const panel = <usize>rows << 5;
  let j = 0;
  // Two panels at a time read whole cache lines, which matters when the rows fall on the same cache sets.
  for (; j + 16 <= columns; j += 16) {
    let p = src + (<usize>j << 2);
    let next = dst + panel;
    for (let i = 0; i < rows; i++) {
      const lower = v128.load(p), upper = v128.load(p, 16);
      v128.store(dst, upper, 16); v128.store(dst, lower);
      const lowerNext = v128.load(p, 32), upperNext = v128.load(p, 48);
      v128.store(next, upperNext, 16); v128.store(next, lowerNext);
      p += stride;
      dst += 32;
      next += 32;
    }
    dst = next;
  }
  for (; j < columns; j += 8) {
    let p = src + (<usize>j << 2);
    const left = columns - j;
    if (left >= 8) {
      for (let i = 0; i < rows; i++) {
        const lower = v128.load(p), upper = v128.load(p, 16);
        v128.store(dst, upper, 16); v128.store(dst, lower);
        p += stride;
        dst += 32;
      }
    } else {
      for (let i = 0; i < rows; i++) {
        v128.store(dst, f32x4.splat(0), 16); v128.store(dst, f32x4.splat(0));
        for (let c: usize = 0; c < <usize>left; c++) store<f32>(dst + (c << 2), load<f32>(p + (c << 2)));
        p += stride;
        dst += 32;
      }
    }
  }
}

/**
 * Packs the transpose: panel p holds rows 8p .. 8p + 7 of the source as the eight columns, one row of eight per source
 * column. The operand B of a product whose K runs over the source's columns (Q K^T).
 */
export function packRows(src: usize, stride: usize, rows: i32, columns: i32, dst: usize): void {
  for (let i = 0; i < rows; i += 8) {
    const p = src + <usize>i * stride;
    const left = rows - i;
    if (left >= 8) {
      const p1 = p + stride, p2 = p1 + stride, p3 = p2 + stride;
      const p4 = p3 + stride, p5 = p4 + stride, p6 = p5 + stride, p7 = p6 + stride;
      let j = 0;
      for (; j + 4 <= columns; j += 4) {
        const o = <usize>j << 2;
        transpose4(v128.load(p + o), v128.load(p1 + o), v128.load(p2 + o), v128.load(p3 + o), dst);
        transpose4(v128.load(p4 + o), v128.load(p5 + o), v128.load(p6 + o), v128.load(p7 + o), dst + 16);
        dst += 128;
      }
      for (; j < columns; j++) {
        const o = <usize>j << 2;
        store<f32>(dst, load<f32>(p + o));
        store<f32>(dst, load<f32>(p1 + o), 4);
        store<f32>(dst, load<f32>(p2 + o), 8);
        store<f32>(dst, load<f32>(p3 + o), 12);
        store<f32>(dst, load<f32>(p4 + o), 16);
        store<f32>(dst, load<f32>(p5 + o), 20);
        store<f32>(dst, load<f32>(p6 + o), 24);
        store<f32>(dst, load<f32>(p7 + o), 28);
        dst += 32;
      }
    } else {
      for (let j = 0; j < columns; j++) {
        v128.store(dst, f32x4.splat(0), 16); v128.store(dst, f32x4.splat(0));
        for (let r: usize = 0; r < <usize>left; r++) {
          store<f32>(dst + (r << 2), load<f32>(p + r * stride + (<usize>j << 2)));
        }
        dst += 32;
      }
    }
  }
}

// Writes the transpose of four rows of four at dst, rows 32 bytes apart.
// @ts-ignore: decorator
@inline
function transpose4(r0: v128, r1: v128, r2: v128, r3: v128, dst: usize): void {
  const a = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5);
  const b = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
  const c = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5);
  const d = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
  v128.store(dst, v128.shuffle<f64>(a, c, 0, 2));
  v128.store(dst, v128.shuffle<f64>(a, c, 1, 3), 32);
  v128.store(dst, v128.shuffle<f64>(b, d, 0, 2), 64);
  v128.store(dst, v128.shuffle<f64>(b, d, 1, 3), 96);
}
