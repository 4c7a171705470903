// Sampled softmax over item ids. The [T, R, D] block of gathered negatives is never stored: rows of the item table are
// read where they lie, for the logits and at once, still in the first-level cache, for the gradient of the query. What
// stays for the backward pass are weights [T, Z]: e^(logit - largest), the positive's less their sum, which times a
// token's factor 1 / (sum temperature) are the gradients of its loss by its dot products.
// The gradient of a small item table is added up in tables that fit a core's cache, that of a large one is summed by item over
// a sorted order (rows.ts). Rows are W floats apart, W a multiple of 8, zeros past D.
//
// args: 0 queries, 1 items, 2 positives, 3 negatives, 4 logQ (0: none), 5 T, 6 R, 7 W, 8 1 / temperature, 9 tokens per task,
//       10 loss, 11 logSumExp, 12 dLoss, 13 dQueries, 14 weights [T, Z], 15 Z (R + 1 rounded up to 4), 16 D,
//       17 ids [T, Z] (0: not wanted), 18 I, 19 coefficients [T, Z], 20 factors [T], 21 gradients of each loss by its query [T, D],
//       22 tables [groups, I, W]
import { copyFloats, flt, int, madd, maxLanes, ptr, scratch, sumLanes } from './env';
import { expNegative4, log1 } from './math';

const MASKED: f32 = -5e4;

// Dot products of one row with four others, each as eight partial sums at `out`: 256-bit registers come of sums that are
// stored side by side, not of sums that are folded at once.
// @ts-ignore: decorator
@inline
function partialDots(q: usize, e0: usize, e1: usize, e2: usize, e3: usize, bytes: usize, out: usize): void {
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
  v128.store(out, s0);
  v128.store(out, r0, 16);
  v128.store(out, s1, 32);
  v128.store(out, r1, 48);
  v128.store(out, s2, 64);
  v128.store(out, r2, 80);
  v128.store(out, s3, 96);
  v128.store(out, r3, 112);
}

// The four dot products of `partialDots`.
// @ts-ignore: decorator
@inline
function foldDots(at: usize): v128 {
  const s0 = f32x4.add(v128.load(at), v128.load(at, 16)), s1 = f32x4.add(v128.load(at, 32), v128.load(at, 48));
  const s2 = f32x4.add(v128.load(at, 64), v128.load(at, 80)), s3 = f32x4.add(v128.load(at, 96), v128.load(at, 112));
  const a = f32x4.add(v128.shuffle<f32>(s0, s1, 0, 4, 1, 5), v128.shuffle<f32>(s0, s1, 2, 6, 3, 7));
  const b = f32x4.add(v128.shuffle<f32>(s2, s3, 0, 4, 1, 5), v128.shuffle<f32>(s2, s3, 2, 6, 3, 7));
  return f32x4.add(v128.shuffle<f64>(a, b, 0, 2), v128.shuffle<f64>(a, b, 1, 3));
}

/**
 * Writes the logits of token t at `z`, the positive first, -Infinity in the padding; `ids` are the Z ids in that order,
 * `sums` has room for eight floats an id.
 */
function logits(args: usize, t: usize, z: usize, ids: usize, sums: usize): void {
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
    const out = sums + (j << 3);
    partialDots(q, items + <usize>i0 * row, items + <usize>i1 * row, items + <usize>i2 * row, items + <usize>i3 * row, row, out);
  }
  for (let j: usize = 0; j < <usize>count << 2; j += 16) v128.store(z + j, f32x4.mul(foldDots(sums + (j << 3)), scale));
  if (logQ) {
    for (let j: usize = 0; j < <usize>count << 2; j += 4) {
      store<f32>(z + j, load<f32>(z + j) - load<f32>(logQ + (<usize>load<u32>(ids + j) << 2)));
    }
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
  copyFloats(ids + 4, ptr(args, 3) + (t * <usize>r << 2), <usize>r << 2);
  for (let j = r + 1; j < int(args, 15); j++) store<u32>(ids + (<usize>j << 2), positive);
}

export function sampledSoftmax(args: usize, task: i32): void {
  const begin = task * int(args, 9);
  const end = min(begin + int(args, 9), int(args, 5));
  const n = ptr(args, 15) << 2;
  const row = ptr(args, 7) << 2, width = ptr(args, 16) << 2;
  for (let t = <usize>begin; t < <usize>end; t++) {
    const z = ptr(args, 14) + t * n;
    const sums = scratch + n;
    gatherIds(args, t, scratch);
    logits(args, t, z, scratch, sums);
    let top = f32x4.splat(-Infinity);
    for (let j: usize = 0; j < n; j += 16) top = f32x4.max(top, v128.load(z + j));
    const m = maxLanes(top);
    const shift = f32x4.splat(m);
    const z0 = load<f32>(z);
    let total = f32x4.splat(0);
    for (let j: usize = 0; j < n; j += 16) {
      const e = expNegative4(f32x4.sub(v128.load(z + j), shift));
      v128.store(z + j, e);
      total = f32x4.add(total, e);
    }
    const sum = sumLanes(total);
    const lse = m + log1(sum);
    store<f32>(ptr(args, 10) + (t << 2), lse - z0);
    store<f32>(ptr(args, 11) + (t << 2), lse);
    const factor = flt(args, 8) / sum;
    store<f32>(ptr(args, 20) + (t << 2), factor);
    store<f32>(z, load<f32>(z) - sum);
    weightedRows(ptr(args, 1), row, scratch, z, <usize>(int(args, 6) + 1) << 2, sums);
    scaleFloats(ptr(args, 21) + t * width, sums, factor, width);
  }
}

/** dQueries and, for the sum over a sorted order, the ids and the coefficients of their rows. */
export function sampledSoftmaxGrad(args: usize, task: i32): void {
  const begin = task * int(args, 9);
  const end = min(begin + int(args, 9), int(args, 5));
  const n = ptr(args, 15) << 2;
  const width = ptr(args, 16) << 2;
  for (let t = <usize>begin; t < <usize>end; t++) {
    const g = load<f32>(ptr(args, 12) + (t << 2));
    scaleFloats(ptr(args, 13) + t * width, ptr(args, 21) + t * width, g, width);
    if (ptr(args, 17)) {
      gatherIds(args, t, ptr(args, 17) + t * n);
      scaleFloats(ptr(args, 19) + t * n, ptr(args, 14) + t * n, g * load<f32>(ptr(args, 20) + (t << 2)), n);
    }
  }
}

/** Item gradients of one group of tokens, added up in a table of the group's own: for tables that fit a core's cache. */
export function sampledSoftmaxItems(args: usize, task: i32): void {
  const begin = task * int(args, 9);
  const end = min(begin + int(args, 9), int(args, 5));
  const n = ptr(args, 15) << 2, row = ptr(args, 7) << 2;
  const negatives = ptr(args, 6) << 2;
  const size = ptr(args, 18) * row;
  const table = ptr(args, 22) + <usize>task * size;
  memory.fill(table, 0, size);
  for (let t = <usize>begin; t < <usize>end; t++) {
    const at = t << 2;
    const weights = ptr(args, 14) + t * n;
    scaleFloats(scratch, ptr(args, 0) + t * row, load<f32>(ptr(args, 12) + at) * load<f32>(ptr(args, 20) + at), row);
    addToRows(table, row, ptr(args, 2) + at, weights, 4, scratch);
    addToRows(table, row, ptr(args, 3) + t * negatives, weights + 4, negatives, scratch);
  }
}

function scaleFloats(to: usize, from: usize, factor: f32, bytes: usize): void {
  const f = f32x4.splat(factor);
  let i: usize = 0;
  for (; i + 32 <= bytes; i += 32) {
    v128.store(to + i, f32x4.mul(f, v128.load(from + i)));
    v128.store(to + i, f32x4.mul(f, v128.load(from + i, 16)), 16);
  }
  for (; i < bytes; i += 4) store<f32>(to + i, factor * load<f32>(from + i));
}

/** table[id] += weight * x for every entry; parts of x stay in registers. `entries` and `row` are in bytes. */
function addToRows(table: usize, row: usize, ids: usize, weights: usize, entries: usize, x: usize): void {
  let column: usize = 0;
  for (; column + 128 <= row; column += 128) {
    const q = x + column;
    const x0 = v128.load(q), x1 = v128.load(q, 16), x2 = v128.load(q, 32), x3 = v128.load(q, 48);
    const x4 = v128.load(q, 64), x5 = v128.load(q, 80), x6 = v128.load(q, 96), x7 = v128.load(q, 112);
    for (let j: usize = 0; j < entries; j += 4) {
      const y = table + column + <usize>load<u32>(ids + j) * row;
      const w = v128.load32_splat(weights + j);
      v128.store(y, madd(w, x0, v128.load(y)));
      v128.store(y, madd(w, x1, v128.load(y, 16)), 16);
      v128.store(y, madd(w, x2, v128.load(y, 32)), 32);
      v128.store(y, madd(w, x3, v128.load(y, 48)), 48);
      v128.store(y, madd(w, x4, v128.load(y, 64)), 64);
      v128.store(y, madd(w, x5, v128.load(y, 80)), 80);
      v128.store(y, madd(w, x6, v128.load(y, 96)), 96);
      v128.store(y, madd(w, x7, v128.load(y, 112)), 112);
    }
  }
  if (column + 96 == row) {
    const q = x + column;
    const x0 = v128.load(q), x1 = v128.load(q, 16), x2 = v128.load(q, 32), x3 = v128.load(q, 48);
    const x4 = v128.load(q, 64), x5 = v128.load(q, 80);
    for (let j: usize = 0; j < entries; j += 4) {
      const y = table + column + <usize>load<u32>(ids + j) * row;
      const w = v128.load32_splat(weights + j);
      v128.store(y, madd(w, x0, v128.load(y)));
      v128.store(y, madd(w, x1, v128.load(y, 16)), 16);
      v128.store(y, madd(w, x2, v128.load(y, 32)), 32);
      v128.store(y, madd(w, x3, v128.load(y, 48)), 48);
      v128.store(y, madd(w, x4, v128.load(y, 64)), 64);
      v128.store(y, madd(w, x5, v128.load(y, 80)), 80);
    }
    return;
  }
  for (; column < row; column += 32) {
    const x0 = v128.load(x + column), x1 = v128.load(x + column, 16);
    for (let j: usize = 0; j < entries; j += 4) {
      const y = table + column + <usize>load<u32>(ids + j) * row;
      const w = v128.load32_splat(weights + j);
      v128.store(y, madd(w, x0, v128.load(y)));
      v128.store(y, madd(w, x1, v128.load(y, 16)), 16);
    }
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
