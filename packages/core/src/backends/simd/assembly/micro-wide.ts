// The 6 x 16 micro-kernels: C[6, 16] = init + A[6, K] B[K, 16], B two panels of eight columns `bPanel` bytes apart.
// Twenty-four accumulators of four lanes: twelve 256-bit registers where V8 fuses adjacent lanes, which keeps both
// multiply-add units busy. With 128-bit registers they would spill, so only the revectorised variant calls them.
// What the sum starts from is read, never chosen by a branch: the revectoriser gives up on that.
import { madd } from './env';

/** Where the main thread says whether the 6 x 16 kernels pay. */
export const WIDE_FLAG: usize = 1016;
/** The same, read once per instance. */
export let wide: bool = false;

export function setWide(value: bool): void {
  wide = value;
}

/** A is read as six adjacent floats per k: packed panels (`aStep` = 24) or the columns of a transposed operand. */
export function wideColumns(
  k: i32, a: usize, aStep: usize, b: usize, bPanel: usize, bStep: usize,
  init: usize, initStride: usize, c: usize, cStride: usize,
): void {
  let c00 = v128.load(init), c01 = v128.load(init, 16), c02 = v128.load(init, 32), c03 = v128.load(init, 48);
  init += initStride;
  let c10 = v128.load(init), c11 = v128.load(init, 16), c12 = v128.load(init, 32), c13 = v128.load(init, 48);
  init += initStride;
  let c20 = v128.load(init), c21 = v128.load(init, 16), c22 = v128.load(init, 32), c23 = v128.load(init, 48);
  init += initStride;
  let c30 = v128.load(init), c31 = v128.load(init, 16), c32 = v128.load(init, 32), c33 = v128.load(init, 48);
  init += initStride;
  let c40 = v128.load(init), c41 = v128.load(init, 16), c42 = v128.load(init, 32), c43 = v128.load(init, 48);
  init += initStride;
  let c50 = v128.load(init), c51 = v128.load(init, 16), c52 = v128.load(init, 32), c53 = v128.load(init, 48);
  let d = b + bPanel;
  for (const end = b + <usize>k * bStep; b != end;) {
    const b0 = v128.load(b), b1 = v128.load(b, 16), b2 = v128.load(d), b3 = v128.load(d, 16);
    let s = v128.load32_splat(a);
    c00 = madd(s, b0, c00); c01 = madd(s, b1, c01); c02 = madd(s, b2, c02); c03 = madd(s, b3, c03);
    s = v128.load32_splat(a, 4);
    c10 = madd(s, b0, c10); c11 = madd(s, b1, c11); c12 = madd(s, b2, c12); c13 = madd(s, b3, c13);
    s = v128.load32_splat(a, 8);
    c20 = madd(s, b0, c20); c21 = madd(s, b1, c21); c22 = madd(s, b2, c22); c23 = madd(s, b3, c23);
    s = v128.load32_splat(a, 12);
    c30 = madd(s, b0, c30); c31 = madd(s, b1, c31); c32 = madd(s, b2, c32); c33 = madd(s, b3, c33);
    s = v128.load32_splat(a, 16);
    c40 = madd(s, b0, c40); c41 = madd(s, b1, c41); c42 = madd(s, b2, c42); c43 = madd(s, b3, c43);
    s = v128.load32_splat(a, 20);
    c50 = madd(s, b0, c50); c51 = madd(s, b1, c51); c52 = madd(s, b2, c52); c53 = madd(s, b3, c53);
    a += aStep; b += bStep; d += bStep;
  }
  v128.store(c, c01, 16); v128.store(c, c00); v128.store(c, c03, 48); v128.store(c, c02, 32); c += cStride;
  v128.store(c, c11, 16); v128.store(c, c10); v128.store(c, c13, 48); v128.store(c, c12, 32); c += cStride;
  v128.store(c, c21, 16); v128.store(c, c20); v128.store(c, c23, 48); v128.store(c, c22, 32); c += cStride;
  v128.store(c, c31, 16); v128.store(c, c30); v128.store(c, c33, 48); v128.store(c, c32, 32); c += cStride;
  v128.store(c, c41, 16); v128.store(c, c40); v128.store(c, c43, 48); v128.store(c, c42, 32); c += cStride;
  v128.store(c, c51, 16); v128.store(c, c50); v128.store(c, c53, 48); v128.store(c, c52, 32);
}

/** A is read from six rows `aStride` bytes apart, contiguous in k. */
export function wideRows(
  k: i32, a: usize, aStride: usize, b: usize, bPanel: usize, bStep: usize,
  init: usize, initStride: usize, c: usize, cStride: usize,
): void {
  let c00 = v128.load(init), c01 = v128.load(init, 16), c02 = v128.load(init, 32), c03 = v128.load(init, 48);
  init += initStride;
  let c10 = v128.load(init), c11 = v128.load(init, 16), c12 = v128.load(init, 32), c13 = v128.load(init, 48);
  init += initStride;
  let c20 = v128.load(init), c21 = v128.load(init, 16), c22 = v128.load(init, 32), c23 = v128.load(init, 48);
  init += initStride;
  let c30 = v128.load(init), c31 = v128.load(init, 16), c32 = v128.load(init, 32), c33 = v128.load(init, 48);
  init += initStride;
  let c40 = v128.load(init), c41 = v128.load(init, 16), c42 = v128.load(init, 32), c43 = v128.load(init, 48);
  init += initStride;
  let c50 = v128.load(init), c51 = v128.load(init, 16), c52 = v128.load(init, 32), c53 = v128.load(init, 48);
  let d = b + bPanel;
  let a1 = a + aStride, a2 = a1 + aStride, a3 = a2 + aStride, a4 = a3 + aStride, a5 = a4 + aStride;
  for (const end = a + (<usize>k << 2); a != end;) {
    const b0 = v128.load(b), b1 = v128.load(b, 16), b2 = v128.load(d), b3 = v128.load(d, 16);
    let s = v128.load32_splat(a);
    c00 = madd(s, b0, c00); c01 = madd(s, b1, c01); c02 = madd(s, b2, c02); c03 = madd(s, b3, c03);
    s = v128.load32_splat(a1);
    c10 = madd(s, b0, c10); c11 = madd(s, b1, c11); c12 = madd(s, b2, c12); c13 = madd(s, b3, c13);
    s = v128.load32_splat(a2);
    c20 = madd(s, b0, c20); c21 = madd(s, b1, c21); c22 = madd(s, b2, c22); c23 = madd(s, b3, c23);
    s = v128.load32_splat(a3);
    c30 = madd(s, b0, c30); c31 = madd(s, b1, c31); c32 = madd(s, b2, c32); c33 = madd(s, b3, c33);
    s = v128.load32_splat(a4);
    c40 = madd(s, b0, c40); c41 = madd(s, b1, c41); c42 = madd(s, b2, c42); c43 = madd(s, b3, c43);
    s = v128.load32_splat(a5);
    c50 = madd(s, b0, c50); c51 = madd(s, b1, c51); c52 = madd(s, b2, c52); c53 = madd(s, b3, c53);
    a += 4; a1 += 4; a2 += 4; a3 += 4; a4 += 4; a5 += 4; b += bStep; d += bStep;
  }
  v128.store(c, c01, 16); v128.store(c, c00); v128.store(c, c03, 48); v128.store(c, c02, 32); c += cStride;
  v128.store(c, c11, 16); v128.store(c, c10); v128.store(c, c13, 48); v128.store(c, c12, 32); c += cStride;
  v128.store(c, c21, 16); v128.store(c, c20); v128.store(c, c23, 48); v128.store(c, c22, 32); c += cStride;
  v128.store(c, c31, 16); v128.store(c, c30); v128.store(c, c33, 48); v128.store(c, c32, 32); c += cStride;
  v128.store(c, c41, 16); v128.store(c, c40); v128.store(c, c43, 48); v128.store(c, c42, 32); c += cStride;
  v128.store(c, c51, 16); v128.store(c, c50); v128.store(c, c53, 48); v128.store(c, c52, 32);
}

/**
 * C[6, 2] = init + A B for the last one or two columns of a product, as dot products along k: A is six rows
 * `aStride` bytes apart, the columns of B lie one after the other, `bColumn` bytes apart. `buffer` takes the
 * partial sums (384 bytes).
 */
export function thinRows(
  k: i32, a: usize, aStride: usize, b: usize, bColumn: usize,
  init: usize, initStride: usize, c: usize, cStride: usize, columns: i32, buffer: usize,
): void {
  const a1 = a + aStride, a2 = a1 + aStride, a3 = a2 + aStride, a4 = a3 + aStride, a5 = a4 + aStride;
  const d = b + bColumn;
  const bytes = <usize>k << 2, whole = bytes & ~31;
  let c00 = f32x4.splat(0), c01 = c00, c02 = c00, c03 = c00;
  let c10 = c00, c11 = c00, c12 = c00, c13 = c00;
  let c20 = c00, c21 = c00, c22 = c00, c23 = c00;
  let c30 = c00, c31 = c00, c32 = c00, c33 = c00;
  let c40 = c00, c41 = c00, c42 = c00, c43 = c00;
  let c50 = c00, c51 = c00, c52 = c00, c53 = c00;
  for (let o: usize = 0; o < whole; o += 32) {
    const b0 = v128.load(b + o), b1 = v128.load(b + o, 16), d0 = v128.load(d + o), d1 = v128.load(d + o, 16);
    let x = v128.load(a + o), y = v128.load(a + o, 16);
    c00 = madd(x, b0, c00); c01 = madd(y, b1, c01); c02 = madd(x, d0, c02); c03 = madd(y, d1, c03);
    x = v128.load(a1 + o); y = v128.load(a1 + o, 16);
    c10 = madd(x, b0, c10); c11 = madd(y, b1, c11); c12 = madd(x, d0, c12); c13 = madd(y, d1, c13);
    x = v128.load(a2 + o); y = v128.load(a2 + o, 16);
    c20 = madd(x, b0, c20); c21 = madd(y, b1, c21); c22 = madd(x, d0, c22); c23 = madd(y, d1, c23);
    x = v128.load(a3 + o); y = v128.load(a3 + o, 16);
    c30 = madd(x, b0, c30); c31 = madd(y, b1, c31); c32 = madd(x, d0, c32); c33 = madd(y, d1, c33);
    x = v128.load(a4 + o); y = v128.load(a4 + o, 16);
    c40 = madd(x, b0, c40); c41 = madd(y, b1, c41); c42 = madd(x, d0, c42); c43 = madd(y, d1, c43);
    x = v128.load(a5 + o); y = v128.load(a5 + o, 16);
    c50 = madd(x, b0, c50); c51 = madd(y, b1, c51); c52 = madd(x, d0, c52); c53 = madd(y, d1, c53);
  }
  v128.store(buffer, c00); v128.store(buffer, c01, 16); v128.store(buffer, c02, 32); v128.store(buffer, c03, 48);
  v128.store(buffer, c10, 64); v128.store(buffer, c11, 80); v128.store(buffer, c12, 96); v128.store(buffer, c13, 112);
  v128.store(buffer, c20, 128); v128.store(buffer, c21, 144); v128.store(buffer, c22, 160); v128.store(buffer, c23, 176);
  v128.store(buffer, c30, 192); v128.store(buffer, c31, 208); v128.store(buffer, c32, 224); v128.store(buffer, c33, 240);
  v128.store(buffer, c40, 256); v128.store(buffer, c41, 272); v128.store(buffer, c42, 288); v128.store(buffer, c43, 304);
  v128.store(buffer, c50, 320); v128.store(buffer, c51, 336); v128.store(buffer, c52, 352); v128.store(buffer, c53, 368);
  for (let r = 0; r < 6; r++) {
    const s = f32x4.add(v128.load(buffer), v128.load(buffer, 16)), t = f32x4.add(v128.load(buffer, 32), v128.load(buffer, 48));
    const pairs = f32x4.add(v128.shuffle<f32>(s, t, 0, 4, 1, 5), v128.shuffle<f32>(s, t, 2, 6, 3, 7));
    let first = f32x4.extract_lane(pairs, 0) + f32x4.extract_lane(pairs, 2);
    let second = f32x4.extract_lane(pairs, 1) + f32x4.extract_lane(pairs, 3);
    for (let o = whole; o < bytes; o += 4) {
      const x = load<f32>(a + o);
      first += x * load<f32>(b + o);
      second += x * load<f32>(d + o);
    }
    store<f32>(c, load<f32>(init) + first);
    if (columns > 1) store<f32>(c, load<f32>(init, 4) + second, 4);
    a += aStride;
    buffer += 64;
    init += initStride;
    c += cStride;
  }
}

/**
 * C[6, 2] += A B for the last one or two columns of a product, as eight partial sums each: A is six rows `aStride`
 * bytes apart, B has eight of k of a column in 32 bytes, then the next column, and the next eight of k `bPanel` bytes
 * further; `eights` of them. A row of C is two times eight sums, rows 64 bytes apart.
 */
export function thinPanels(eights: i32, a: usize, aStride: usize, b: usize, bPanel: usize, c: usize): void {
  let c00 = v128.load(c), c01 = v128.load(c, 16), c02 = v128.load(c, 32), c03 = v128.load(c, 48);
  let c10 = v128.load(c, 64), c11 = v128.load(c, 80), c12 = v128.load(c, 96), c13 = v128.load(c, 112);
  let c20 = v128.load(c, 128), c21 = v128.load(c, 144), c22 = v128.load(c, 160), c23 = v128.load(c, 176);
  let c30 = v128.load(c, 192), c31 = v128.load(c, 208), c32 = v128.load(c, 224), c33 = v128.load(c, 240);
  let c40 = v128.load(c, 256), c41 = v128.load(c, 272), c42 = v128.load(c, 288), c43 = v128.load(c, 304);
  let c50 = v128.load(c, 320), c51 = v128.load(c, 336), c52 = v128.load(c, 352), c53 = v128.load(c, 368);
  let a1 = a + aStride, a2 = a1 + aStride, a3 = a2 + aStride, a4 = a3 + aStride, a5 = a4 + aStride;
  for (let i = 0; i < eights; i++) {
    const b0 = v128.load(b), b1 = v128.load(b, 16), d0 = v128.load(b, 32), d1 = v128.load(b, 48);
    let x = v128.load(a), y = v128.load(a, 16);
    c00 = madd(x, b0, c00); c01 = madd(y, b1, c01); c02 = madd(x, d0, c02); c03 = madd(y, d1, c03);
    x = v128.load(a1); y = v128.load(a1, 16);
    c10 = madd(x, b0, c10); c11 = madd(y, b1, c11); c12 = madd(x, d0, c12); c13 = madd(y, d1, c13);
    x = v128.load(a2); y = v128.load(a2, 16);
    c20 = madd(x, b0, c20); c21 = madd(y, b1, c21); c22 = madd(x, d0, c22); c23 = madd(y, d1, c23);
    x = v128.load(a3); y = v128.load(a3, 16);
    c30 = madd(x, b0, c30); c31 = madd(y, b1, c31); c32 = madd(x, d0, c32); c33 = madd(y, d1, c33);
    x = v128.load(a4); y = v128.load(a4, 16);
    c40 = madd(x, b0, c40); c41 = madd(y, b1, c41); c42 = madd(x, d0, c42); c43 = madd(y, d1, c43);
    x = v128.load(a5); y = v128.load(a5, 16);
    c50 = madd(x, b0, c50); c51 = madd(y, b1, c51); c52 = madd(x, d0, c52); c53 = madd(y, d1, c53);
    a += 32; a1 += 32; a2 += 32; a3 += 32; a4 += 32; a5 += 32; b += bPanel;
  }
  v128.store(c, c01, 16); v128.store(c, c00); v128.store(c, c03, 48); v128.store(c, c02, 32);
  v128.store(c, c10, 64); v128.store(c, c11, 80); v128.store(c, c12, 96); v128.store(c, c13, 112);
  v128.store(c, c20, 128); v128.store(c, c21, 144); v128.store(c, c22, 160); v128.store(c, c23, 176);
  v128.store(c, c30, 192); v128.store(c, c31, 208); v128.store(c, c32, 224); v128.store(c, c33, 240);
  v128.store(c, c40, 256); v128.store(c, c41, 272); v128.store(c, c42, 288); v128.store(c, c43, 304);
  v128.store(c, c50, 320); v128.store(c, c51, 336); v128.store(c, c52, 352); v128.store(c, c53, 368);
}

/** Four rows of `wideColumns`: what a multiple of six leaves. Eight sums still keep both multiply-add units busy. */
export function wideColumns4(
  k: i32, a: usize, aStep: usize, b: usize, bPanel: usize, bStep: usize,
  init: usize, initStride: usize, c: usize, cStride: usize,
): void {
  let c00 = v128.load(init), c01 = v128.load(init, 16), c02 = v128.load(init, 32), c03 = v128.load(init, 48);
  init += initStride;
  let c10 = v128.load(init), c11 = v128.load(init, 16), c12 = v128.load(init, 32), c13 = v128.load(init, 48);
  init += initStride;
  let c20 = v128.load(init), c21 = v128.load(init, 16), c22 = v128.load(init, 32), c23 = v128.load(init, 48);
  init += initStride;
  let c30 = v128.load(init), c31 = v128.load(init, 16), c32 = v128.load(init, 32), c33 = v128.load(init, 48);
  let d = b + bPanel;
  for (const end = b + <usize>k * bStep; b != end;) {
    const b0 = v128.load(b), b1 = v128.load(b, 16), b2 = v128.load(d), b3 = v128.load(d, 16);
    let s = v128.load32_splat(a);
    c00 = madd(s, b0, c00); c01 = madd(s, b1, c01); c02 = madd(s, b2, c02); c03 = madd(s, b3, c03);
    s = v128.load32_splat(a, 4);
    c10 = madd(s, b0, c10); c11 = madd(s, b1, c11); c12 = madd(s, b2, c12); c13 = madd(s, b3, c13);
    s = v128.load32_splat(a, 8);
    c20 = madd(s, b0, c20); c21 = madd(s, b1, c21); c22 = madd(s, b2, c22); c23 = madd(s, b3, c23);
    s = v128.load32_splat(a, 12);
    c30 = madd(s, b0, c30); c31 = madd(s, b1, c31); c32 = madd(s, b2, c32); c33 = madd(s, b3, c33);
    a += aStep; b += bStep; d += bStep;
  }
  v128.store(c, c01, 16); v128.store(c, c00); v128.store(c, c03, 48); v128.store(c, c02, 32); c += cStride;
  v128.store(c, c11, 16); v128.store(c, c10); v128.store(c, c13, 48); v128.store(c, c12, 32); c += cStride;
  v128.store(c, c21, 16); v128.store(c, c20); v128.store(c, c23, 48); v128.store(c, c22, 32); c += cStride;
  v128.store(c, c31, 16); v128.store(c, c30); v128.store(c, c33, 48); v128.store(c, c32, 32);
}

/** C[6, 16] = A B: `wideRows` that starts from zero. */
export function freshRows(k: i32, a: usize, aStride: usize, b: usize, bPanel: usize, bStep: usize, c: usize, cStride: usize): void {
  let c00 = f32x4.splat(0), c01 = c00, c02 = c00, c03 = c00;
  let c10 = c00, c11 = c00, c12 = c00, c13 = c00;
  let c20 = c00, c21 = c00, c22 = c00, c23 = c00;
  let c30 = c00, c31 = c00, c32 = c00, c33 = c00;
  let c40 = c00, c41 = c00, c42 = c00, c43 = c00;
  let c50 = c00, c51 = c00, c52 = c00, c53 = c00;
  let d = b + bPanel;
  let a1 = a + aStride, a2 = a1 + aStride, a3 = a2 + aStride, a4 = a3 + aStride, a5 = a4 + aStride;
  for (const end = a + (<usize>k << 2); a != end;) {
    const b0 = v128.load(b), b1 = v128.load(b, 16), b2 = v128.load(d), b3 = v128.load(d, 16);
    let s = v128.load32_splat(a);
    c00 = madd(s, b0, c00); c01 = madd(s, b1, c01); c02 = madd(s, b2, c02); c03 = madd(s, b3, c03);
    s = v128.load32_splat(a1);
    c10 = madd(s, b0, c10); c11 = madd(s, b1, c11); c12 = madd(s, b2, c12); c13 = madd(s, b3, c13);
    s = v128.load32_splat(a2);
    c20 = madd(s, b0, c20); c21 = madd(s, b1, c21); c22 = madd(s, b2, c22); c23 = madd(s, b3, c23);
    s = v128.load32_splat(a3);
    c30 = madd(s, b0, c30); c31 = madd(s, b1, c31); c32 = madd(s, b2, c32); c33 = madd(s, b3, c33);
    s = v128.load32_splat(a4);
    c40 = madd(s, b0, c40); c41 = madd(s, b1, c41); c42 = madd(s, b2, c42); c43 = madd(s, b3, c43);
    s = v128.load32_splat(a5);
    c50 = madd(s, b0, c50); c51 = madd(s, b1, c51); c52 = madd(s, b2, c52); c53 = madd(s, b3, c53);
    a += 4; a1 += 4; a2 += 4; a3 += 4; a4 += 4; a5 += 4; b += bStep; d += bStep;
  }
  v128.store(c, c01, 16); v128.store(c, c00); v128.store(c, c03, 48); v128.store(c, c02, 32); c += cStride;
  v128.store(c, c11, 16); v128.store(c, c10); v128.store(c, c13, 48); v128.store(c, c12, 32); c += cStride;
  v128.store(c, c21, 16); v128.store(c, c20); v128.store(c, c23, 48); v128.store(c, c22, 32); c += cStride;
  v128.store(c, c31, 16); v128.store(c, c30); v128.store(c, c33, 48); v128.store(c, c32, 32); c += cStride;
  v128.store(c, c41, 16); v128.store(c, c40); v128.store(c, c43, 48); v128.store(c, c42, 32); c += cStride;
  v128.store(c, c51, 16); v128.store(c, c50); v128.store(c, c53, 48); v128.store(c, c52, 32);
}

/** Four rows of `freshRows`. */
export function freshRows4(
  k: i32, a: usize, aStride: usize, b: usize, bPanel: usize, bStep: usize, c: usize, cStride: usize,
): void {
  let c00 = f32x4.splat(0), c01 = c00, c02 = c00, c03 = c00;
  let c10 = c00, c11 = c00, c12 = c00, c13 = c00;
  let c20 = c00, c21 = c00, c22 = c00, c23 = c00;
  let c30 = c00, c31 = c00, c32 = c00, c33 = c00;
  let d = b + bPanel;
  let a1 = a + aStride, a2 = a1 + aStride, a3 = a2 + aStride;
  for (const end = a + (<usize>k << 2); a != end;) {
    const b0 = v128.load(b), b1 = v128.load(b, 16), b2 = v128.load(d), b3 = v128.load(d, 16);
    let s = v128.load32_splat(a);
    c00 = madd(s, b0, c00); c01 = madd(s, b1, c01); c02 = madd(s, b2, c02); c03 = madd(s, b3, c03);
    s = v128.load32_splat(a1);
    c10 = madd(s, b0, c10); c11 = madd(s, b1, c11); c12 = madd(s, b2, c12); c13 = madd(s, b3, c13);
    s = v128.load32_splat(a2);
    c20 = madd(s, b0, c20); c21 = madd(s, b1, c21); c22 = madd(s, b2, c22); c23 = madd(s, b3, c23);
    s = v128.load32_splat(a3);
    c30 = madd(s, b0, c30); c31 = madd(s, b1, c31); c32 = madd(s, b2, c32); c33 = madd(s, b3, c33);
    a += 4; a1 += 4; a2 += 4; a3 += 4; b += bStep; d += bStep;
  }
  v128.store(c, c01, 16); v128.store(c, c00); v128.store(c, c03, 48); v128.store(c, c02, 32); c += cStride;
  v128.store(c, c11, 16); v128.store(c, c10); v128.store(c, c13, 48); v128.store(c, c12, 32); c += cStride;
  v128.store(c, c21, 16); v128.store(c, c20); v128.store(c, c23, 48); v128.store(c, c22, 32); c += cStride;
  v128.store(c, c31, 16); v128.store(c, c30); v128.store(c, c33, 48); v128.store(c, c32, 32);
}

/**
 * C[8, 8] = A B: eight rows of A `aStride` bytes apart, one panel of B. Eight sums keep both multiply-add units busy.
 */
export function edgeRows(k: i32, a: usize, aStride: usize, b: usize, bStep: usize, c: usize, cStride: usize): void {
  let c00 = f32x4.splat(0), c01 = c00;
  let c10 = c00, c11 = c00;
  let c20 = c00, c21 = c00;
  let c30 = c00, c31 = c00;
  let c40 = c00, c41 = c00;
  let c50 = c00, c51 = c00;
  let c60 = c00, c61 = c00;
  let c70 = c00, c71 = c00;
  let a1 = a + aStride, a2 = a1 + aStride, a3 = a2 + aStride, a4 = a3 + aStride, a5 = a4 + aStride, a6 = a5 + aStride, a7 = a6 + aStride;
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
    s = v128.load32_splat(a6);
    c60 = madd(s, b0, c60); c61 = madd(s, b1, c61);
    s = v128.load32_splat(a7);
    c70 = madd(s, b0, c70); c71 = madd(s, b1, c71);
    a += 4; a1 += 4; a2 += 4; a3 += 4; a4 += 4; a5 += 4; a6 += 4; a7 += 4; b += bStep;
  }
  v128.store(c, c01, 16); v128.store(c, c00); c += cStride;
  v128.store(c, c11, 16); v128.store(c, c10); c += cStride;
  v128.store(c, c21, 16); v128.store(c, c20); c += cStride;
  v128.store(c, c31, 16); v128.store(c, c30); c += cStride;
  v128.store(c, c41, 16); v128.store(c, c40); c += cStride;
  v128.store(c, c51, 16); v128.store(c, c50); c += cStride;
  v128.store(c, c61, 16); v128.store(c, c60); c += cStride;
  v128.store(c, c71, 16); v128.store(c, c70);
}
