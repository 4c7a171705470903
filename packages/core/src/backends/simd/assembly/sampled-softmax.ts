// Sampled softmax over item ids. The [T, R, D] block of gathered negatives is never stored: rows of the item table are
// read where they lie. The logits [T, R + 1] are kept for the backward pass; the gradient of the table is summed by item
// over a sorted order (see segments.ts). Rows are W floats apart, W a multiple of 8, zeros past D.
//
// args: 0 queries, 1 items, 2 positives, 3 negatives, 4 logQ (0: none), 5 T, 6 R, 7 W, 8 1 / temperature, 9 tokens per task,
//       10 loss, 11 logSumExp, 12 dLoss, 13 dQueries, 14 logits [T, Z], 15 Z (R + 1 rounded up to 4), 16 D, 17 ids [T, Z], 18 I
import { flt, int, madd, maxLanes, ptr, scratch, sumLanes } from './env';
import { expNegative4, log1 } from './math';

const MASKED: f32 = -5e4;

// Dot products of one row with four others.
// @ts-ignore: decorator
@inline
function dot4(q: usize, e0: usize, e1: usize, e2: usize, e3: usize, bytes: usize): v128 {
  // Two sums a row: one would wait for its own last multiply-add.
  let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0;
  let r0 = s0, r1 = s0, r2 = s0, r3 = s0;
  for (let o: usize = 0; o < bytes; o += 32) {
    const x = v128.load(q + o), y = v128.load(q + o, 16);
    s0 = madd(x, v128.load(e0 + o), s0);
    r0 = madd(y, v128.load(e0 + o, 16), r0);
    s1 = madd(x, v128.load(e1 + o), s1);
    r1 = madd(y, v128.load(e1 + o, 16), r1);
    s2 = madd(x, v128.load(e2 + o), s2);
    r2 = madd(y, v128.load(e2 + o, 16), r2);
    s3 = madd(x, v128.load(e3 + o), s3);
    r3 = madd(y, v128.load(e3 + o, 16), r3);
  }
  s0 = f32x4.add(s0, r0);
  s1 = f32x4.add(s1, r1);
  s2 = f32x4.add(s2, r2);
  s3 = f32x4.add(s3, r3);
  const a = f32x4.add(v128.shuffle<f32>(s0, s1, 0, 4, 1, 5), v128.shuffle<f32>(s0, s1, 2, 6, 3, 7));
  const b = f32x4.add(v128.shuffle<f32>(s2, s3, 0, 4, 1, 5), v128.shuffle<f32>(s2, s3, 2, 6, 3, 7));
  return f32x4.add(v128.shuffle<f64>(a, b, 0, 2), v128.shuffle<f64>(a, b, 1, 3));
}

/** Writes the logits of token t at `z`, the positive first, -Infinity in the padding; `ids` are the Z ids in that order. */
function logits(args: usize, t: usize, z: usize, ids: usize): void {
  const r = int(args, 6);
  const count = int(args, 15);
  const items = ptr(args, 1), logQ = ptr(args, 4);
  const row = ptr(args, 7) << 2;
  const q = ptr(args, 0) + t * row;
  const scale = f32x4.splat(flt(args, 8));
  const rows = i32x4.splat(int(args, 18));
  for (let j: usize = 0; j < <usize>count << 2; j += 16) {
    // An id outside the table ends the job; the caller then looks for it and says which.
    if (v128.any_true(i32x4.ge_u(v128.load(ids + j), rows))) unreachable();
    const i0 = load<u32>(ids + j), i1 = load<u32>(ids + j, 4), i2 = load<u32>(ids + j, 8), i3 = load<u32>(ids + j, 12);
    let s = f32x4.mul(
      dot4(q, items + <usize>i0 * row, items + <usize>i1 * row, items + <usize>i2 * row, items + <usize>i3 * row, row), scale,
    );
    if (logQ) {
      let correction = v128.load32_zero(logQ + (<usize>i0 << 2));
      correction = v128.load32_lane(logQ + (<usize>i1 << 2), correction, 1);
      correction = v128.load32_lane(logQ + (<usize>i2 << 2), correction, 2);
      correction = v128.load32_lane(logQ + (<usize>i3 << 2), correction, 3);
      s = f32x4.sub(s, correction);
    }
    v128.store(z + j, s);
  }
  const positive = load<u32>(ids);
  const z0 = load<f32>(z);
  for (let j: usize = 0; j < <usize>count << 2; j += 16) {
    const same = i32x4.eq(v128.load(ids + j), i32x4.splat(positive));
    v128.store(z + j, v128.bitselect(f32x4.splat(MASKED), v128.load(z + j), same));
  }
  store<f32>(z, z0);
  for (let j = r + 1; j < count; j++) store<f32>(z + (<usize>j << 2), -Infinity);
}

/** The ids of token t, the positive first, padded with the positive. */
// @ts-ignore: decorator
@inline
function gatherIds(args: usize, t: usize, ids: usize): void {
  const r = int(args, 6);
  const positive = load<u32>(ptr(args, 2) + (t << 2));
  store<u32>(ids, positive);
  memory.copy(ids + 4, ptr(args, 3) + (t * <usize>r << 2), <usize>r << 2);
  for (let j = r + 1; j < int(args, 15); j++) store<u32>(ids + (<usize>j << 2), positive);
}

export function sampledSoftmax(args: usize, task: i32): void {
  const begin = task * int(args, 9);
  const end = min(begin + int(args, 9), int(args, 5));
  const n = ptr(args, 15) << 2;
  for (let t = <usize>begin; t < <usize>end; t++) {
    const z = ptr(args, 14) + t * n;
    gatherIds(args, t, scratch);
    logits(args, t, z, scratch);
    let top = f32x4.splat(-Infinity);
    for (let j: usize = 0; j < n; j += 16) top = f32x4.max(top, v128.load(z + j));
    const m = maxLanes(top);
    const shift = f32x4.splat(m);
    let sum = f32x4.splat(0);
    for (let j: usize = 0; j < n; j += 16) sum = f32x4.add(sum, expNegative4(f32x4.sub(v128.load(z + j), shift)));
    const lse = m + log1(sumLanes(sum));
    store<f32>(ptr(args, 10) + (t << 2), lse - load<f32>(z));
    store<f32>(ptr(args, 11) + (t << 2), lse);
  }
}

/** Turns the logits into coefficients dLoss (p - [positive]) / temperature in place, writes the ids, and sums dQueries. */
export function sampledSoftmaxGrad(args: usize, task: i32): void {
  const begin = task * int(args, 9);
  const end = min(begin + int(args, 9), int(args, 5));
  const n = ptr(args, 15) << 2;
  const row = ptr(args, 7) << 2;
  const width = ptr(args, 16) << 2;
  for (let t = <usize>begin; t < <usize>end; t++) {
    const z = ptr(args, 14) + t * n;
    const ids = ptr(args, 17) + t * n;
    gatherIds(args, t, ids);
    const shift = f32x4.splat(load<f32>(ptr(args, 11) + (t << 2)));
    const g = load<f32>(ptr(args, 12) + (t << 2)) * flt(args, 8);
    const factor = f32x4.splat(g);
    for (let j: usize = 0; j < n; j += 16) v128.store(z + j, f32x4.mul(expNegative4(f32x4.sub(v128.load(z + j), shift)), factor));
    store<f32>(z, load<f32>(z) - g);
    weightedRows(ptr(args, 1), row, ids, z, <usize>(int(args, 6) + 1) << 2, scratch);
    memory.copy(ptr(args, 13) + t * width, scratch, width);
  }
}

/**
 * out = sum over entries of weight * table[id]: sums stay in registers, 32 columns at a time, so that a row is only read.
 * `entries` and `row` are in bytes.
 */
// @ts-ignore: decorator
@inline
export function weightedRows(table: usize, row: usize, ids: usize, weights: usize, entries: usize, out: usize): void {
  let column: usize = 0;
  for (; column + 128 <= row; column += 128) {
    let a0 = f32x4.splat(0), a1 = a0, a2 = a0, a3 = a0, a4 = a0, a5 = a0, a6 = a0, a7 = a0;
    for (let j: usize = 0; j < entries; j += 4) {
      const x = table + column + <usize>load<u32>(ids + j) * row;
      const w = v128.load32_splat(weights + j);
      a0 = madd(w, v128.load(x), a0);
      a1 = madd(w, v128.load(x, 16), a1);
      a2 = madd(w, v128.load(x, 32), a2);
      a3 = madd(w, v128.load(x, 48), a3);
      a4 = madd(w, v128.load(x, 64), a4);
      a5 = madd(w, v128.load(x, 80), a5);
      a6 = madd(w, v128.load(x, 96), a6);
      a7 = madd(w, v128.load(x, 112), a7);
    }
    const o = out + column;
    v128.store(o, a0);
    v128.store(o, a1, 16);
    v128.store(o, a2, 32);
    v128.store(o, a3, 48);
    v128.store(o, a4, 64);
    v128.store(o, a5, 80);
    v128.store(o, a6, 96);
    v128.store(o, a7, 112);
  }
  if (column + 96 == row) {
    let a0 = f32x4.splat(0), a1 = a0, a2 = a0, a3 = a0, a4 = a0, a5 = a0;
    for (let j: usize = 0; j < entries; j += 4) {
      const x = table + column + <usize>load<u32>(ids + j) * row;
      const w = v128.load32_splat(weights + j);
      a0 = madd(w, v128.load(x), a0);
      a1 = madd(w, v128.load(x, 16), a1);
      a2 = madd(w, v128.load(x, 32), a2);
      a3 = madd(w, v128.load(x, 48), a3);
      a4 = madd(w, v128.load(x, 64), a4);
      a5 = madd(w, v128.load(x, 80), a5);
    }
    const o = out + column;
    v128.store(o, a0);
    v128.store(o, a1, 16);
    v128.store(o, a2, 32);
    v128.store(o, a3, 48);
    v128.store(o, a4, 64);
    v128.store(o, a5, 80);
    return;
  }
  for (; column < row; column += 32) {
    let a0 = f32x4.splat(0), a1 = a0;
    for (let j: usize = 0; j < entries; j += 4) {
      const x = table + column + <usize>load<u32>(ids + j) * row;
      const w = v128.load32_splat(weights + j);
      a0 = madd(w, v128.load(x), a0);
      a1 = madd(w, v128.load(x, 16), a1);
    }
    v128.store(out + column, a0);
    v128.store(out + column, a1, 16);
  }
}
