// What attention of one to four queries of a sequence shares, as a history asks that grows by an event, or a beam. A
// panel of sixteen queries would be nearly empty, so lanes are keys in Q K^T and columns of V in the sum, and rows of K
// and V are read where they lie. Each number is summed in the order of `attention-tile.ts`: the bits are those of the
// panels. Queries go in pairs; scores and weights are [key][query].
// args: `slots/attention.ts`, `slots/attention-queries.ts`
import * as ATTENTION from '../slots/attention';
import * as ATTENTION_QUERIES from '../slots/attention-queries';
import * as FORWARD_UNIT from '../slots/forward-unit';
import { endSeen, firstSeen, seen } from './attention-mask';
import { KEYS } from './attention-tile';
import { int, madd, ptr } from './env';
import { touch, touchAt } from './touch';

/** Queries that this takes. */
export const FEW: i32 = 4;

/** Whole rows of sixteen floats, and room for the group of keys past the last. */
export const PAIRS: usize = <usize>(KEYS + 8) * 8;

/** Row of key `j`: by its number, or the one that follows. */
// @ts-ignore: decorator
@inline
function rowAt(base: usize, stride: usize, numbers: usize, j: i32): usize {
  return base + <usize>(numbers != 0 ? load<u32>(numbers + (<usize>j << 2)) : <u32>j) * stride;
}

/** The keys that `enterKeys` has found: the first one's place, and how many; */
export let firstKey: i32 = 0;
export let keyCount: i32 = 0;
/** the numbers of their rows in a store, or 0; and where the first head of a unit begins in K and V. */
export let keyNumbers: usize = 0;
export let kHead: usize = 0;
export let vHead: usize = 0;

/** Finds the keys of the block from `k0` on that some query of a unit sees; false where there are none. */
export function enterKeys(args: usize, unit: usize, k0: i32, keyEnd: i32): bool {
  const from = load<i32>(unit, FORWARD_UNIT.HEAD << 2), count = load<i32>(unit, FORWARD_UNIT.HEADS << 2);
  const start = <usize>load<u32>(unit, FORWARD_UNIT.START << 2), queryRow = <usize>load<u32>(unit, FORWARD_UNIT.ROW << 2);
  const q0 = load<i32>(unit, FORWARD_UNIT.FIRST << 2), rows = load<i32>(unit, FORWARD_UNIT.QUERIES << 2);
  const a = int(args, ATTENTION.WIDTH), c = int(args, ATTENTION.VALUE_WIDTH), heads = <usize>int(args, ATTENTION.HEADS);
  const kStride = heads * <usize>a * 4, vStride = heads * <usize>c * 4;
  const keyRows = ptr(args, ATTENTION_QUERIES.KEY_ROWS), masked = ptr(args, ATTENTION.VISIBLE) != 0;
  const block = min(KEYS, keyEnd - k0);
  if (masked && !seen(args, queryRow, q0, 0, rows, k0, block)) return false;
  const first = masked ? firstSeen : 0;
  firstKey = k0 + first;
  keyCount = (masked ? endSeen : block) - first;
  keyNumbers = keyRows != 0 ? keyRows + ((start + <usize>firstKey) << 2) : 0;
  const place = keyRows != 0 ? 0 : start + <usize>firstKey;
  kHead = ptr(args, ATTENTION.K) + place * kStride + <usize>(from * a) * 4;
  vHead = ptr(args, ATTENTION.V) + place * vStride + <usize>(from * c) * 4;
  if (keyRows != 0) {
    touchAt(kHead, kStride, keyNumbers, keyCount, count * a);
    touchAt(vHead, vStride, keyNumbers, keyCount, count * c);
  } else {
    touch(kHead, kStride, keyCount, count * a);
    touch(vHead, vStride, keyCount, count * c);
  }
  return true;
}

/** scores = K Q^T of two queries, eight keys at a time; up to seven keys more are written. */
export function scorePairs(
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
export function sumPairs(
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

/** Puts `value` where a query does not see a key. */
export function hidePairs(
  args: usize, queryRow: usize, rows: i32, q0: i32, key: i32, keys: i32, weights: usize, value: f32,
): void {
  const ranges = ptr(args, ATTENTION.VISIBLE), always = int(args, ATTENTION.GLOBAL_KEYS);
  for (let r = 0; r < rows; r++, weights += 4) {
    const self = q0 + r - key;
    if (ranges == 0) {
      for (let j = max(0, self + 1); j < keys; j++) store<f32>(weights + (<usize>j << 3), value);
      continue;
    }
    const at = ranges + ((queryRow + <usize>r) << 3);
    const low = load<i32>(at) - key, high = load<i32>(at, 4) - key;
    for (let j = 0; j < keys; j++) {
      if (((j < low && key + j >= always) || j >= high) && j != self) store<f32>(weights + (<usize>j << 3), value);
    }
  }
}
