// HSTU attention of one to four queries of a sequence, as a history asks that grows by an event. A panel of sixteen
// queries would be nearly empty, so lanes are keys in Q K^T and columns of V in the sum, and rows of K and V are read
// where they lie. Each number is summed in the order of `attention-tile.ts`: the bits are those of the panels.
//
// Queries go in pairs, and a block of keys stays in the cache for all: scores, weights and bias are [key][query].
// args: `slots/attention.ts`, `slots/attention-queries.ts`, `slots/hstu-attention.ts`, `slots/time-buckets.ts`
import * as ATTENTION from '../slots/attention';
import * as ATTENTION_QUERIES from '../slots/attention-queries';
import * as FORWARD_UNIT from '../slots/forward-unit';
import * as HSTU_ATTENTION from '../slots/hstu-attention';
import * as TIME_BUCKETS from '../slots/time-buckets';
import { bucketAt } from './attention-bias';
import { siluPanel } from './attention-math';
import { endSeen, firstSeen, seen } from './attention-mask';
import { KEYS } from './attention-tile';
import { flt, int, madd, ptr, scratch } from './env';
import { after } from './regions';
import { touch, touchAt } from './touch';

/** Queries that this takes. */
export const FEW: i32 = 4;

/** Whole rows of sixteen floats, which `siluPanel` takes, and room for the group of keys past the last. */
const PAIRS: usize = <usize>(KEYS + 8) * 8;

/** Row of key `j`: by its number, or the one that follows. */
// @ts-ignore: decorator
@inline
function rowAt(base: usize, stride: usize, numbers: usize, j: i32): usize {
  return base + <usize>(numbers != 0 ? load<u32>(numbers + (<usize>j << 2)) : <u32>j) * stride;
}

/** One unit, all of its heads. */
export function hstuFew(args: usize, unit: usize): void {
  const from = load<i32>(unit, FORWARD_UNIT.HEAD << 2), count = load<i32>(unit, FORWARD_UNIT.HEADS << 2);
  const start = <usize>load<u32>(unit, FORWARD_UNIT.START << 2), queryRow = <usize>load<u32>(unit, FORWARD_UNIT.ROW << 2);
  const q0 = load<i32>(unit, FORWARD_UNIT.FIRST << 2), rows = load<i32>(unit, FORWARD_UNIT.QUERIES << 2);
  const a = int(args, ATTENTION.WIDTH), c = int(args, ATTENTION.VALUE_WIDTH), heads = <usize>int(args, ATTENTION.HEADS);
  const qStride = heads * <usize>a * 4, vStride = heads * <usize>c * 4;
  const keyRows = ptr(args, ATTENTION_QUERIES.KEY_ROWS), masked = ptr(args, ATTENTION.VISIBLE) != 0;
  const hasBias = ptr(args, HSTU_ATTENTION.BIAS) != 0, scale = flt(args, ATTENTION.SCALE);
  const scores = scratch, bias = after(scores, PAIRS), sums = after(bias, PAIRS);
  const sumRow = <usize>((c + 15) & ~15) << 2;
  const pairs = (rows + 1) >> 1;
  after(sums, <usize>(2 * pairs * count) * sumRow);
  memory.fill(sums, 0, <usize>(2 * pairs * count) * sumRow);
  memory.fill(scores, 0, PAIRS);
  memory.fill(bias, 0, PAIRS);
  const query = ptr(args, ATTENTION.Q) + queryRow * qStride + <usize>(from * a) * 4;
  const keyEnd = masked ? load<i32>(unit, FORWARD_UNIT.LENGTH << 2) : q0 + rows;
  for (let k0 = 0; k0 < keyEnd; k0 += KEYS) {
    const block = min(KEYS, keyEnd - k0);
    if (masked && !seen(args, queryRow, q0, 0, rows, k0, block)) continue;
    const first = masked ? firstSeen : 0, keys = (masked ? endSeen : block) - first, key = k0 + first;
    const numbers = keyRows != 0 ? keyRows + ((start + <usize>key) << 2) : 0;
    const place = keyRows != 0 ? 0 : start + <usize>key;
    const kBase = ptr(args, ATTENTION.K) + place * qStride + <usize>(from * a) * 4;
    const vBase = ptr(args, ATTENTION.V) + place * vStride + <usize>(from * c) * 4;
    if (keyRows != 0) {
      touchAt(kBase, qStride, numbers, keys, count * a);
      touchAt(vBase, vStride, numbers, keys, count * c);
    } else {
      touch(kBase, qStride, keys, count * a);
      touch(vBase, vStride, keys, count * c);
    }
    for (let p = 0; p < pairs; p++) {
      const row = queryRow + <usize>(2 * p), q = q0 + 2 * p, two = min(2, rows - 2 * p);
      const own = query + <usize>(2 * p) * qStride, other: usize = two > 1 ? qStride : 0;
      if (hasBias) biasPairs(args, row, two, q, start, key, keys, bias);
      for (let h = 0; h < count; h++) {
        const column = <usize>(h * a) << 2;
        scorePairs(kBase + column, qStride, numbers, keys, own + column, own + column + other, a, scores);
        siluPanel(scores, bias, hasBias, (keys + 7) >> 3, scale);
        hidePairs(args, row, two, q, key, keys, scores);
        const s = sums + <usize>(2 * (h * pairs + p)) * sumRow;
        sumPairs(vBase + (<usize>(h * c) << 2), vStride, numbers, keys, c, scores, s, sumRow);
      }
    }
  }
  const inverse = flt(args, HSTU_ATTENTION.INVERSE);
  for (let h = 0; h < count; h++) {
    const out = ptr(args, ATTENTION.OUT) + queryRow * vStride + <usize>((from + h) * c) * 4;
    for (let r = 0; r < rows; r++) {
      const s = sums + <usize>(2 * h * pairs + r) * sumRow, to = out + <usize>r * vStride;
      for (let i: usize = 0; i < <usize>c << 2; i += 4) store<f32>(to + i, inverse * load<f32>(s + i));
    }
  }
}

/** scores = K Q^T of two queries, eight keys at a time; up to seven keys more are written. */
function scorePairs(
  base: usize, stride: usize, numbers: usize, keys: i32, q0: usize, q1: usize, width: i32, scores: usize,
): void {
  const last = keys - 1, whole = <usize>(width & ~3) << 2, end = <usize>width << 2;
  for (let j = 0; j < keys; j += 8, scores += 64) {
    const k0 = rowAt(base, stride, numbers, j), k1 = rowAt(base, stride, numbers, min(j + 1, last));
    const k2 = rowAt(base, stride, numbers, min(j + 2, last)), k3 = rowAt(base, stride, numbers, min(j + 3, last));
    const k4 = rowAt(base, stride, numbers, min(j + 4, last)), k5 = rowAt(base, stride, numbers, min(j + 5, last));
    const k6 = rowAt(base, stride, numbers, min(j + 6, last)), k7 = rowAt(base, stride, numbers, min(j + 7, last));
    let a0 = f32x4.splat(0), a1 = a0, b0 = a0, b1 = a0;
    let i: usize = 0;
    for (; i < whole; i += 16) {
      let r0 = v128.load(k0 + i), r1 = v128.load(k1 + i), r2 = v128.load(k2 + i), r3 = v128.load(k3 + i);
      let t0 = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5), t1 = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
      let t2 = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5), t3 = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
      const x0 = v128.shuffle<f64>(t0, t2, 0, 2), x1 = v128.shuffle<f64>(t0, t2, 1, 3);
      const x2 = v128.shuffle<f64>(t1, t3, 0, 2), x3 = v128.shuffle<f64>(t1, t3, 1, 3);
      r0 = v128.load(k4 + i); r1 = v128.load(k5 + i); r2 = v128.load(k6 + i); r3 = v128.load(k7 + i);
      t0 = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5); t1 = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
      t2 = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5); t3 = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
      const y0 = v128.shuffle<f64>(t0, t2, 0, 2), y1 = v128.shuffle<f64>(t0, t2, 1, 3);
      const y2 = v128.shuffle<f64>(t1, t3, 0, 2), y3 = v128.shuffle<f64>(t1, t3, 1, 3);
      let p = v128.load32_splat(q0 + i), q = v128.load32_splat(q1 + i);
      a0 = madd(x0, p, a0); a1 = madd(y0, p, a1); b0 = madd(x0, q, b0); b1 = madd(y0, q, b1);
      p = v128.load32_splat(q0 + i, 4); q = v128.load32_splat(q1 + i, 4);
      a0 = madd(x1, p, a0); a1 = madd(y1, p, a1); b0 = madd(x1, q, b0); b1 = madd(y1, q, b1);
      p = v128.load32_splat(q0 + i, 8); q = v128.load32_splat(q1 + i, 8);
      a0 = madd(x2, p, a0); a1 = madd(y2, p, a1); b0 = madd(x2, q, b0); b1 = madd(y2, q, b1);
      p = v128.load32_splat(q0 + i, 12); q = v128.load32_splat(q1 + i, 12);
      a0 = madd(x3, p, a0); a1 = madd(y3, p, a1); b0 = madd(x3, q, b0); b1 = madd(y3, q, b1);
    }
    for (; i < end; i += 4) {
      const x = f32x4(load<f32>(k0 + i), load<f32>(k1 + i), load<f32>(k2 + i), load<f32>(k3 + i));
      const y = f32x4(load<f32>(k4 + i), load<f32>(k5 + i), load<f32>(k6 + i), load<f32>(k7 + i));
      const p = v128.load32_splat(q0 + i), q = v128.load32_splat(q1 + i);
      a0 = madd(x, p, a0); a1 = madd(y, p, a1); b0 = madd(x, q, b0); b1 = madd(y, q, b1);
    }
    v128.store(scores, v128.shuffle<f32>(a0, b0, 0, 4, 1, 5)); v128.store(scores, v128.shuffle<f32>(a0, b0, 2, 6, 3, 7), 16);
    v128.store(scores, v128.shuffle<f32>(a1, b1, 0, 4, 1, 5), 32); v128.store(scores, v128.shuffle<f32>(a1, b1, 2, 6, 3, 7), 48);
  }
}

/** sums[2, width] += weights^T V, sixteen columns at a time; reads past the end of a row. */
function sumPairs(
  base: usize, stride: usize, numbers: usize, keys: i32, width: i32, weights: usize, sums: usize, sumRow: usize,
): void {
  for (let c: usize = 0; c < <usize>width << 2; c += 64) {
    const s = sums + c, t = s + sumRow;
    let a0 = v128.load(s), a1 = v128.load(s, 16), a2 = v128.load(s, 32), a3 = v128.load(s, 48);
    let b0 = v128.load(t), b1 = v128.load(t, 16), b2 = v128.load(t, 32), b3 = v128.load(t, 48);
    for (let j = 0, w = weights; j < keys; j++, w += 8) {
      const v = rowAt(base, stride, numbers, j) + c;
      const p = v128.load32_splat(w), q = v128.load32_splat(w, 4);
      const v0 = v128.load(v), v1 = v128.load(v, 16), v2 = v128.load(v, 32), v3 = v128.load(v, 48);
      a0 = madd(v0, p, a0); a1 = madd(v1, p, a1); a2 = madd(v2, p, a2); a3 = madd(v3, p, a3);
      b0 = madd(v0, q, b0); b1 = madd(v1, q, b1); b2 = madd(v2, q, b2); b3 = madd(v3, q, b3);
    }
    v128.store(s, a0); v128.store(s, a1, 16); v128.store(s, a2, 32); v128.store(s, a3, 48);
    v128.store(t, b0); v128.store(t, b1, 16); v128.store(t, b2, 32); v128.store(t, b3, 48);
  }
}

/** The bias of each key from `key` on against one or two queries from `q0` on. */
function biasPairs(
  args: usize, queryRow: usize, rows: i32, q0: i32, start: usize, key: i32, keys: i32, out: usize,
): void {
  const time = ptr(args, HSTU_ATTENTION.TIME_WEIGHTS), queryTimes = ptr(args, TIME_BUCKETS.QUERY_TIMES) + (queryRow << 2);
  const keyTimes = ptr(args, TIME_BUCKETS.KEY_TIMES) + ((start + <usize>key) << 2);
  for (let r = 0; r < rows; r++, out += 4) {
    const asked = time != 0 ? load<i32>(queryTimes + (<usize>r << 2)) : 0;
    let position = ptr(args, HSTU_ATTENTION.BIAS) + (<usize>(q0 + r - key) << 2);
    for (let j: usize = 0; j < <usize>keys; j++, position -= 4) {
      let w = load<f32>(position);
      if (time != 0) w = load<f32>(time + (<usize>bucketAt(args, asked, load<i32>(keyTimes + (j << 2))) << 2)) + w;
      store<f32>(out + (j << 3), w);
    }
  }
}

/** Zero where a query does not see a key. */
function hidePairs(args: usize, queryRow: usize, rows: i32, q0: i32, key: i32, keys: i32, weights: usize): void {
  const ranges = ptr(args, ATTENTION.VISIBLE), always = int(args, ATTENTION.GLOBAL_KEYS);
  for (let r = 0; r < rows; r++, weights += 4) {
    const self = q0 + r - key;
    if (ranges == 0) {
      for (let j = max(0, self + 1); j < keys; j++) store<f32>(weights + (<usize>j << 3), 0);
      continue;
    }
    const at = ranges + ((queryRow + <usize>r) << 3);
    const low = load<i32>(at) - key, high = load<i32>(at, 4) - key;
    for (let j = 0; j < keys; j++) {
      if (((j < low && key + j >= always) || j >= high) && j != self) store<f32>(weights + (<usize>j << 3), 0);
    }
  }
}
