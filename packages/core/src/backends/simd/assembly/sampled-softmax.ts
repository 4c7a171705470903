// Sampled softmax over item ids. The [T, R, D] block of gathered negatives is never stored: rows of the item table are
// read where they lie; the gradient of the table is summed by item over a sorted order (see rows.ts).
//
// args: 0 queries, 1 items, 2 positives, 3 negatives, 4 logQ (0: none), 5 T, 6 R, 7 D, 8 1 / temperature, 9 tokens per task,
//       10 loss, 11 logSumExp, 12 dLoss, 13 dQueries, 14 coefficients [T, R + 1], 15 ids [T, R + 1]
import { axpy, dot, flt, int, loadPart, madd, maxLanes, ptr, scratch, sumLanes } from './env';
import { expNegative4, log1 } from './math';

const MASKED: f32 = -5e4;

// Dot products of one row with four others.
// @ts-ignore: decorator
@inline
function dot4(q: usize, e0: usize, e1: usize, e2: usize, e3: usize, d: i32): v128 {
  let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0;
  let i = 0;
  let o: usize = 0;
  for (; i + 4 <= d; i += 4) {
    const x = v128.load(q + o);
    s0 = madd(x, v128.load(e0 + o), s0);
    s1 = madd(x, v128.load(e1 + o), s1);
    s2 = madd(x, v128.load(e2 + o), s2);
    s3 = madd(x, v128.load(e3 + o), s3);
    o += 16;
  }
  if (i < d) {
    const left = d - i;
    const x = loadPart(q + o, left);
    s0 = madd(x, loadPart(e0 + o, left), s0);
    s1 = madd(x, loadPart(e1 + o, left), s1);
    s2 = madd(x, loadPart(e2 + o, left), s2);
    s3 = madd(x, loadPart(e3 + o, left), s3);
  }
  const a = f32x4.add(v128.shuffle<f32>(s0, s1, 0, 4, 1, 5), v128.shuffle<f32>(s0, s1, 2, 6, 3, 7));
  const b = f32x4.add(v128.shuffle<f32>(s2, s3, 0, 4, 1, 5), v128.shuffle<f32>(s2, s3, 2, 6, 3, 7));
  return f32x4.add(v128.shuffle<f64>(a, b, 0, 2), v128.shuffle<f64>(a, b, 1, 3));
}

/** Writes the R + 1 logits of token t at `z`, the positive first; returns how many floats were written, a multiple of 4. */
function logits(args: usize, t: usize, z: usize): i32 {
  const r = int(args, 6), d = int(args, 7);
  const items = ptr(args, 1), logQ = ptr(args, 4);
  const row = <usize>d << 2;
  const q = ptr(args, 0) + t * row;
  const inverse = flt(args, 8);
  const positive = load<u32>(ptr(args, 2) + (t << 2));
  const ids = ptr(args, 3) + (t * <usize>r << 2);
  let z0 = dot(q, items + <usize>positive * row, d) * inverse;
  if (logQ) z0 -= load<f32>(logQ + (<usize>positive << 2));
  store<f32>(z, z0);
  let j = 0;
  for (; j + 4 <= r; j += 4) {
    const p = ids + (<usize>j << 2);
    const i0 = load<u32>(p), i1 = load<u32>(p, 4), i2 = load<u32>(p, 8), i3 = load<u32>(p, 12);
    const o = items;
    let s = f32x4.mul(
      dot4(q, o + <usize>i0 * row, o + <usize>i1 * row, o + <usize>i2 * row, o + <usize>i3 * row, d), f32x4.splat(inverse),
    );
    if (logQ) {
      let correction = v128.load32_zero(logQ + (<usize>i0 << 2));
      correction = v128.load32_lane(logQ + (<usize>i1 << 2), correction, 1);
      correction = v128.load32_lane(logQ + (<usize>i2 << 2), correction, 2);
      correction = v128.load32_lane(logQ + (<usize>i3 << 2), correction, 3);
      s = f32x4.sub(s, correction);
    }
    s = v128.bitselect(f32x4.splat(MASKED), s, i32x4.eq(v128.load(p), i32x4.splat(positive)));
    v128.store(z + (<usize>j << 2), s, 4);
  }
  for (; j < r; j++) {
    const id = load<u32>(ids + (<usize>j << 2));
    let s = dot(q, items + <usize>id * row, d) * inverse;
    if (logQ) s -= load<f32>(logQ + (<usize>id << 2));
    store<f32>(z + (<usize>j << 2), id == positive ? MASKED : s, 4);
  }
  const padded = (r + 4) & ~3;
  for (j = r + 1; j < padded; j++) store<f32>(z + (<usize>j << 2), -Infinity);
  return padded;
}

export function sampledSoftmax(args: usize, task: i32): void {
  const begin = task * int(args, 9);
  const end = min(begin + int(args, 9), int(args, 5));
  const z = scratch;
  for (let t = <usize>begin; t < <usize>end; t++) {
    const n = <usize>logits(args, t, z) << 2;
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

export function sampledSoftmaxGrad(args: usize, task: i32): void {
  const begin = task * int(args, 9);
  const end = min(begin + int(args, 9), int(args, 5));
  const r = int(args, 6), d = int(args, 7);
  const row = <usize>d << 2;
  const z = scratch;
  for (let t = <usize>begin; t < <usize>end; t++) {
    const n = <usize>logits(args, t, z) << 2;
    const shift = f32x4.splat(load<f32>(ptr(args, 11) + (t << 2)));
    const g = load<f32>(ptr(args, 12) + (t << 2)) * flt(args, 8);
    for (let j: usize = 0; j < n; j += 16) v128.store(z + j, f32x4.mul(expNegative4(f32x4.sub(v128.load(z + j), shift)), f32x4.splat(g)));
    store<f32>(z, load<f32>(z) - g);
    const o = t * <usize>(r + 1) << 2;
    const coefficients = ptr(args, 14) + o, ids = ptr(args, 15) + o;
    memory.copy(coefficients, z, <usize>(r + 1) << 2);
    store<u32>(ids, load<u32>(ptr(args, 2) + (t << 2)));
    memory.copy(ids + 4, ptr(args, 3) + (t * <usize>r << 2), <usize>r << 2);
    const dq = ptr(args, 13) + t * row;
    memory.fill(dq, 0, row);
    for (let j: usize = 0; j <= <usize>r; j++) {
      const c = load<f32>(z + (j << 2));
      if (c != 0) axpy(c, ptr(args, 1) + <usize>load<u32>(ids + (j << 2)) * row, dq, d);
    }
  }
}
