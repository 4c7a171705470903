// Rows of a table, read or added to where they lie. A row has a multiple of eight floats and is cut into
// strips of 64, 56, 32, 24 or 8 columns: what all rows share (the vector that they meet, or their sum) then
// stays in registers from row to row. Of two halves of 32 bytes the upper is stored first: V8 then makes one
// store of them (docs/kernels.md).
import { madd } from './env';

/**
 * The addresses of the rows `ids` of a table, `bytes` of them (4 for each), at `rows`. An id outside the `count` rows
 * ends the job; the caller then looks for it and says which.
 */
// @ts-ignore: decorator
@inline
export function rowAddresses(ids: usize, bytes: usize, items: usize, row: usize, count: u32, rows: usize): void {
  const counts = i32x4.splat(count), widths = i32x4.splat(<i32>row), first = i32x4.splat(<i32>items);
  let outside = i32x4.splat(0);
  let j: usize = 0;
  for (; j + 16 <= bytes; j += 16) {
    const four = v128.load(ids + j);
    outside = v128.or(outside, i32x4.ge_u(four, counts));
    v128.store(rows + j, i32x4.add(i32x4.mul(four, widths), first));
  }
  if (v128.any_true(outside)) unreachable();
  for (; j < bytes; j += 4) {
    const id = load<u32>(ids + j);
    if (id >= count) unreachable();
    store<u32>(rows + j, <u32>items + id * <u32>row);
  }
}

/** Four dot products, from eight partial sums each, as {@link dotRows} leaves them. */
// @ts-ignore: decorator
@inline
export function foldDots(at: usize): v128 {
  const s0 = f32x4.add(v128.load(at), v128.load(at, 16)), s1 = f32x4.add(v128.load(at, 32), v128.load(at, 48));
  const s2 = f32x4.add(v128.load(at, 64), v128.load(at, 80)), s3 = f32x4.add(v128.load(at, 96), v128.load(at, 112));
  const a = f32x4.add(v128.shuffle<f32>(s0, s1, 0, 4, 1, 5), v128.shuffle<f32>(s0, s1, 2, 6, 3, 7));
  const b = f32x4.add(v128.shuffle<f32>(s2, s3, 0, 4, 1, 5), v128.shuffle<f32>(s2, s3, 2, 6, 3, 7));
  return f32x4.add(v128.shuffle<f64>(a, b, 0, 2), v128.shuffle<f64>(a, b, 1, 3));
}

/**
 * Dot products of q with rows, each as eight partial sums at `out`: V8 makes 256-bit registers of sums that
 * are stored side by side, not of sums that are folded at once. `rows` are addresses; `entries` (4 for
 * each) and `row` count bytes.
 */
// @ts-ignore: decorator
@inline
export function dotRows(q: usize, row: usize, rows: usize, entries: usize, out: usize): void {
  let column: usize = 0;
  for (; column + 256 <= row; column += 256) {
    if (column == 0) dotStrip(8, true, q, 0, rows, entries, out);
    else dotStrip(8, false, q, column, rows, entries, out);
  }
  if (column + 224 == row) {
    if (column == 0) dotStrip(7, true, q, 0, rows, entries, out);
    else dotStrip(7, false, q, column, rows, entries, out);
    return;
  }
  for (; column + 128 <= row; column += 128) {
    if (column == 0) dotStrip(4, true, q, 0, rows, entries, out);
    else dotStrip(4, false, q, column, rows, entries, out);
  }
  for (; column < row; column += 32) {
    if (column == 0) dotStrip(1, true, q, 0, rows, entries, out);
    else dotStrip(1, false, q, column, rows, entries, out);
  }
}

/** `eights`: how many times eight columns, a literal; `first`: sums start at zero, not from what lies at `out`. */
// @ts-ignore: decorator
@inline
function dotStrip(eights: i32, first: bool, q: usize, column: usize, rows: usize, entries: usize, out: usize): void {
  q += column;
  const q0 = v128.load(q), q1 = v128.load(q, 16);
  let q2 = q0, q3 = q0, q4 = q0, q5 = q0, q6 = q0, q7 = q0, q8 = q0, q9 = q0, q10 = q0, q11 = q0, q12 = q0, q13 = q0;
  let q14 = q0, q15 = q0;
  if (eights >= 4) {
    q2 = v128.load(q, 32); q3 = v128.load(q, 48);
    q4 = v128.load(q, 64); q5 = v128.load(q, 80);
    q6 = v128.load(q, 96); q7 = v128.load(q, 112);
  }
  if (eights >= 7) {
    q8 = v128.load(q, 128); q9 = v128.load(q, 144);
    q10 = v128.load(q, 160); q11 = v128.load(q, 176);
    q12 = v128.load(q, 192); q13 = v128.load(q, 208);
  }
  if (eights >= 8) {
    q14 = v128.load(q, 224); q15 = v128.load(q, 240);
  }
  for (const end = rows + entries; rows < end; rows += 4) {
    const x = <usize>load<u32>(rows) + column;
    let s0: v128, s1: v128;
    if (first) {
      s0 = f32x4.mul(q0, v128.load(x)); s1 = f32x4.mul(q1, v128.load(x, 16));
    } else {
      s0 = madd(q0, v128.load(x), v128.load(out)); s1 = madd(q1, v128.load(x, 16), v128.load(out, 16));
    }
    if (eights >= 4) {
      s0 = madd(q2, v128.load(x, 32), s0); s1 = madd(q3, v128.load(x, 48), s1);
      s0 = madd(q4, v128.load(x, 64), s0); s1 = madd(q5, v128.load(x, 80), s1);
      s0 = madd(q6, v128.load(x, 96), s0); s1 = madd(q7, v128.load(x, 112), s1);
    }
    if (eights >= 7) {
      s0 = madd(q8, v128.load(x, 128), s0); s1 = madd(q9, v128.load(x, 144), s1);
      s0 = madd(q10, v128.load(x, 160), s0); s1 = madd(q11, v128.load(x, 176), s1);
      s0 = madd(q12, v128.load(x, 192), s0); s1 = madd(q13, v128.load(x, 208), s1);
    }
    if (eights >= 8) {
      s0 = madd(q14, v128.load(x, 224), s0); s1 = madd(q15, v128.load(x, 240), s1);
    }
    v128.store(out, s1, 16); v128.store(out, s0);
    out += 32;
  }
}

/**
 * out = sum of weight * row: a row is only read. `rows` are addresses; `entries` and `row` count bytes. The last come
 * first: after `dotRows` it is they that lie in the first-level cache.
 */
// @ts-ignore: decorator
@inline
export function weightedRows(row: usize, rows: usize, weights: usize, entries: usize, out: usize): void {
  let column: usize = 0;
  for (; column + 256 <= row; column += 256) weightedStrip(8, column, rows, weights, entries, out);
  if (column + 224 == row) {
    weightedStrip(7, column, rows, weights, entries, out);
    return;
  }
  for (; column + 128 <= row; column += 128) weightedStrip(4, column, rows, weights, entries, out);
  for (; column < row; column += 32) weightedStrip(1, column, rows, weights, entries, out);
}

// @ts-ignore: decorator
@inline
function weightedStrip(eights: i32, column: usize, rows: usize, weights: usize, entries: usize, out: usize): void {
  let a0 = f32x4.splat(0), a1 = a0, a2 = a0, a3 = a0, a4 = a0, a5 = a0, a6 = a0, a7 = a0;
  let a8 = a0, a9 = a0, a10 = a0, a11 = a0, a12 = a0, a13 = a0, a14 = a0, a15 = a0;
  for (let j = entries; j > 0;) {
    j -= 4;
    const x = <usize>load<u32>(rows + j) + column;
    const w = v128.load32_splat(weights + j);
    a0 = madd(w, v128.load(x), a0); a1 = madd(w, v128.load(x, 16), a1);
    if (eights >= 4) {
      a2 = madd(w, v128.load(x, 32), a2); a3 = madd(w, v128.load(x, 48), a3);
      a4 = madd(w, v128.load(x, 64), a4); a5 = madd(w, v128.load(x, 80), a5);
      a6 = madd(w, v128.load(x, 96), a6); a7 = madd(w, v128.load(x, 112), a7);
    }
    if (eights >= 7) {
      a8 = madd(w, v128.load(x, 128), a8); a9 = madd(w, v128.load(x, 144), a9);
      a10 = madd(w, v128.load(x, 160), a10); a11 = madd(w, v128.load(x, 176), a11);
      a12 = madd(w, v128.load(x, 192), a12); a13 = madd(w, v128.load(x, 208), a13);
    }
    if (eights >= 8) {
      a14 = madd(w, v128.load(x, 224), a14); a15 = madd(w, v128.load(x, 240), a15);
    }
  }
  const o = out + column;
  v128.store(o, a1, 16); v128.store(o, a0);
  if (eights >= 4) {
    v128.store(o, a3, 48); v128.store(o, a2, 32);
    v128.store(o, a5, 80); v128.store(o, a4, 64);
    v128.store(o, a7, 112); v128.store(o, a6, 96);
  }
  if (eights >= 7) {
    v128.store(o, a9, 144); v128.store(o, a8, 128);
    v128.store(o, a11, 176); v128.store(o, a10, 160);
    v128.store(o, a13, 208); v128.store(o, a12, 192);
  }
  if (eights >= 8) {
    v128.store(o, a15, 240); v128.store(o, a14, 224);
  }
}

/** table[id] += weight * x for every entry. `entries` and `row` count bytes. */
export function addToRows(table: usize, row: usize, ids: usize, weights: usize, entries: usize, x: usize): void {
  let column: usize = 0;
  for (; column + 256 <= row; column += 256) addStrip(8, column, table, row, ids, weights, entries, x);
  if (column + 224 == row) {
    addStrip(7, column, table, row, ids, weights, entries, x);
    return;
  }
  for (; column + 128 <= row; column += 128) addStrip(4, column, table, row, ids, weights, entries, x);
  if (column + 96 == row) {
    addStrip(3, column, table, row, ids, weights, entries, x);
    return;
  }
  for (; column < row; column += 32) addStrip(1, column, table, row, ids, weights, entries, x);
}

// @ts-ignore: decorator
@inline
function addStrip(
  eights: i32, column: usize, table: usize, row: usize, ids: usize, weights: usize, entries: usize, x: usize,
): void {
  table += column;
  x += column;
  const x0 = v128.load(x), x1 = v128.load(x, 16);
  let x2 = x0, x3 = x0, x4 = x0, x5 = x0, x6 = x0, x7 = x0, x8 = x0, x9 = x0, x10 = x0, x11 = x0, x12 = x0, x13 = x0;
  let x14 = x0, x15 = x0;
  if (eights >= 3) {
    x2 = v128.load(x, 32); x3 = v128.load(x, 48);
    x4 = v128.load(x, 64); x5 = v128.load(x, 80);
  }
  if (eights >= 4) {
    x6 = v128.load(x, 96); x7 = v128.load(x, 112);
  }
  if (eights >= 7) {
    x8 = v128.load(x, 128); x9 = v128.load(x, 144);
    x10 = v128.load(x, 160); x11 = v128.load(x, 176);
    x12 = v128.load(x, 192); x13 = v128.load(x, 208);
  }
  if (eights >= 8) {
    x14 = v128.load(x, 224); x15 = v128.load(x, 240);
  }
  for (let j: usize = 0; j < entries; j += 4) {
    const y = table + <usize>load<u32>(ids + j) * row;
    const w = v128.load32_splat(weights + j);
    let a = madd(w, x0, v128.load(y)), b = madd(w, x1, v128.load(y, 16));
    v128.store(y, b, 16); v128.store(y, a);
    if (eights >= 3) {
      a = madd(w, x2, v128.load(y, 32)); b = madd(w, x3, v128.load(y, 48));
      v128.store(y, b, 48); v128.store(y, a, 32);
      a = madd(w, x4, v128.load(y, 64)); b = madd(w, x5, v128.load(y, 80));
      v128.store(y, b, 80); v128.store(y, a, 64);
    }
    if (eights >= 4) {
      a = madd(w, x6, v128.load(y, 96)); b = madd(w, x7, v128.load(y, 112));
      v128.store(y, b, 112); v128.store(y, a, 96);
    }
    if (eights >= 7) {
      a = madd(w, x8, v128.load(y, 128)); b = madd(w, x9, v128.load(y, 144));
      v128.store(y, b, 144); v128.store(y, a, 128);
      a = madd(w, x10, v128.load(y, 160)); b = madd(w, x11, v128.load(y, 176));
      v128.store(y, b, 176); v128.store(y, a, 160);
      a = madd(w, x12, v128.load(y, 192)); b = madd(w, x13, v128.load(y, 208));
      v128.store(y, b, 208); v128.store(y, a, 192);
    }
    if (eights >= 8) {
      a = madd(w, x14, v128.load(y, 224)); b = madd(w, x15, v128.load(y, 240));
      v128.store(y, b, 240); v128.store(y, a, 224);
    }
  }
}
