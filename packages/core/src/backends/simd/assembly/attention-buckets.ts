// Time buckets of panels: a logarithm by polynomial for a row of sixteen pairs, and where one of them comes too near
// to an edge to be sure, the row again from the cells of `time-buckets.ts`, which are exact.
import * as ATTENTION from '../slots/attention';
import * as FORWARD_UNIT from '../slots/forward-unit';
import * as TIME_BUCKETS from '../slots/time-buckets';
import { bucketOf, KEPT_HEADER, keptPanel } from './attention-bias';
import { PANEL, skipped } from './attention-tile';
import { int, madd, ptr, scratch } from './env';
import { after } from './regions';
import { constants, L0, L1, L2, L3, L4, L5, MANTISSA, ONE, ROUNDER, SIGN } from './math';

/** Keys whose buckets are made at a time, four bytes a pair. */
const ROWS: i32 = 48;
/** Bytes of a buffer for them. */
export const ROUGH_BYTES: usize = <usize>ROWS * 64;
/**
 * Bytes back from the cells to buckets per octave, how far from the middle of a bucket is safe,
 * the last bucket, and -0.5.
 */
const PER_OCTAVE: usize = 16;
const SAFE: usize = 12;
const LAST: usize = 8;
const HALF: usize = 4;

/**
 * For `keys` keys against sixteen queries, rows of 64 bytes at `out`: the bucket in the low bits, by the logarithm of
 * the distance; the sign is set where an edge is too near to be sure, or a difference did not fit.
 */
function roughRows(queryTimes: usize, keyTimes: usize, keys: i32, cells: usize, out: usize): void {
  const t = constants;
  for (let j: usize = 0; j < <usize>keys; j++, out += 64) {
    const key = v128.load32_splat(keyTimes + (j << 2));
    const q0 = v128.load(queryTimes), q1 = v128.load(queryTimes, 16), q2 = v128.load(queryTimes, 32), q3 = v128.load(queryTimes, 48);
    const d0 = i32x4.sub(q0, key); const d1 = i32x4.sub(q1, key);
    const d2 = i32x4.sub(q2, key); const d3 = i32x4.sub(q3, key);
    const a0 = i32x4.abs(d0); const a1 = i32x4.abs(d1);
    const a2 = i32x4.abs(d2); const a3 = i32x4.abs(d3);
    // Set where the difference did not fit.
    const o0 = v128.or(v128.and(v128.xor(q0, key), v128.xor(q0, d0)), a0); const o1 = v128.or(v128.and(v128.xor(q1, key), v128.xor(q1, d1)), a1);
    const o2 = v128.or(v128.and(v128.xor(q2, key), v128.xor(q2, d2)), a2); const o3 = v128.or(v128.and(v128.xor(q3, key), v128.xor(q3, d3)), a3);
    let c = v128.load32_splat(t, ONE << 2);
    let x0 = f32x4.pmax(f32x4.convert_i32x4_s(a0), c); let x1 = f32x4.pmax(f32x4.convert_i32x4_s(a1), c);
    let x2 = f32x4.pmax(f32x4.convert_i32x4_s(a2), c); let x3 = f32x4.pmax(f32x4.convert_i32x4_s(a3), c);
    let y0 = f32x4.convert_i32x4_s(i32x4.shr_s(i32x4.sub(x0, c), 23)); let y1 = f32x4.convert_i32x4_s(i32x4.shr_s(i32x4.sub(x1, c), 23));
    let y2 = f32x4.convert_i32x4_s(i32x4.shr_s(i32x4.sub(x2, c), 23)); let y3 = f32x4.convert_i32x4_s(i32x4.shr_s(i32x4.sub(x3, c), 23));
    let d = v128.load32_splat(t, MANTISSA << 2);
    x0 = f32x4.sub(v128.or(v128.and(x0, d), c), c); x1 = f32x4.sub(v128.or(v128.and(x1, d), c), c);
    x2 = f32x4.sub(v128.or(v128.and(x2, d), c), c); x3 = f32x4.sub(v128.or(v128.and(x3, d), c), c);
    c = v128.load32_splat(t, L5 << 2);
    d = v128.load32_splat(t, L4 << 2);
    let p0 = madd(c, x0, d); let p1 = madd(c, x1, d);
    let p2 = madd(c, x2, d); let p3 = madd(c, x3, d);
    d = v128.load32_splat(t, L3 << 2);
    p0 = madd(p0, x0, d); p1 = madd(p1, x1, d);
    p2 = madd(p2, x2, d); p3 = madd(p3, x3, d);
    d = v128.load32_splat(t, L2 << 2);
    p0 = madd(p0, x0, d); p1 = madd(p1, x1, d);
    p2 = madd(p2, x2, d); p3 = madd(p3, x3, d);
    d = v128.load32_splat(t, L1 << 2);
    p0 = madd(p0, x0, d); p1 = madd(p1, x1, d);
    p2 = madd(p2, x2, d); p3 = madd(p3, x3, d);
    d = v128.load32_splat(t, L0 << 2);
    p0 = madd(p0, x0, d); p1 = madd(p1, x1, d);
    p2 = madd(p2, x2, d); p3 = madd(p3, x3, d);
    c = v128.load32_splat(cells - PER_OCTAVE);
    d = v128.load32_splat(cells - HALF);
    y0 = madd(f32x4.add(y0, p0), c, d); y1 = madd(f32x4.add(y1, p1), c, d);
    y2 = madd(f32x4.add(y2, p2), c, d); y3 = madd(f32x4.add(y3, p3), c, d);
    c = f32x4.splat(0);
    d = v128.load32_splat(cells - LAST);
    y0 = f32x4.pmin(f32x4.pmax(y0, c), d); y1 = f32x4.pmin(f32x4.pmax(y1, c), d);
    y2 = f32x4.pmin(f32x4.pmax(y2, c), d); y3 = f32x4.pmin(f32x4.pmax(y3, c), d);
    c = v128.load32_splat(t, ROUNDER << 2);
    x0 = f32x4.add(y0, c); x1 = f32x4.add(y1, c);
    x2 = f32x4.add(y2, c); x3 = f32x4.add(y3, c);
    d = v128.load32_splat(cells - SAFE);
    y0 = f32x4.sub(d, f32x4.abs(f32x4.sub(y0, f32x4.sub(x0, c)))); y1 = f32x4.sub(d, f32x4.abs(f32x4.sub(y1, f32x4.sub(x1, c))));
    y2 = f32x4.sub(d, f32x4.abs(f32x4.sub(y2, f32x4.sub(x2, c)))); y3 = f32x4.sub(d, f32x4.abs(f32x4.sub(y3, f32x4.sub(x3, c))));
    c = v128.load32_splat(t, SIGN << 2);
    x0 = v128.or(x0, v128.and(v128.or(y0, o0), c)); x1 = v128.or(x1, v128.and(v128.or(y1, o1), c));
    x2 = v128.or(x2, v128.and(v128.or(y2, o2), c)); x3 = v128.or(x3, v128.and(v128.or(y3, o3), c));
    v128.store(out, x1, 16); v128.store(out, x0);
    v128.store(out, x3, 48); v128.store(out, x2, 32);
  }
}

/**
 * The buckets of `keys` keys against a panel of sixteen queries, of one byte each or two,
 * `sizeof<T>` times sixteen a row.
 */
// @ts-ignore: decorator
@inline
function panelBuckets<T>(args: usize, queryTimes: usize, keyTimes: usize, keys: i32, out: usize, buffer: usize): void {
  const cells = ptr(args, TIME_BUCKETS.CELLS), shift = int(args, TIME_BUCKETS.CELL_SHIFT), first = 127 << (23 - shift);
  const low = i32x4.splat(0xffff);
  for (let k = 0; k < keys; k += ROWS) {
    const rows = min(ROWS, keys - k);
    roughRows(queryTimes, keyTimes, rows, cells, buffer);
    for (let j: usize = 0, row = buffer; j < <usize>rows; j++, row += 64) {
      const m0 = v128.load(row), m1 = v128.load(row, 16), m2 = v128.load(row, 32), m3 = v128.load(row, 48);
      if (i32x4.bitmask(v128.or(v128.or(m0, m1), v128.or(m2, m3))) != 0) {
        const keyTime = load<i32>(keyTimes + (j << 2));
        for (let i: usize = 0; i < 16; i++) {
          store<T>(out + i * sizeof<T>(), <T>bucketOf(load<i32>(queryTimes + (i << 2)), keyTime, cells, shift, first));
        }
      } else {
        const first8 = i16x8.narrow_i32x4_u(v128.and(m0, low), v128.and(m1, low));
        const last8 = i16x8.narrow_i32x4_u(v128.and(m2, low), v128.and(m3, low));
        if (sizeof<T>() == 1) {
          v128.store(out, i8x16.narrow_i16x8_u(first8, last8));
        } else {
          v128.store(out, last8, 16); v128.store(out, first8);
        }
      }
      out += 16 * sizeof<T>();
    }
    keyTimes += <usize>ROWS << 2;
  }
}

/**
 * One task: the buckets of a unit's queries against all keys up to their own, one byte each. Every layer reads them.
 * args: `slots/time-buckets.ts`, and UNITS of `slots/attention.ts`
 */
export function bucketRows(args: usize, task: i32): void {
  const unit = ptr(args, ATTENTION.UNITS) + <usize>task * (FORWARD_UNIT.SIZE << 2);
  const start = <usize>load<u32>(unit, FORWARD_UNIT.START << 2);
  const q0 = load<i32>(unit, FORWARD_UNIT.FIRST << 2), end = q0 + load<i32>(unit, FORWARD_UNIT.QUERIES << 2);
  const queryTimes = ptr(args, TIME_BUCKETS.QUERY_TIMES) + (start << 2), keyTimes = ptr(args, TIME_BUCKETS.KEY_TIMES) + (start << 2);
  after(scratch, ROUGH_BYTES);
  for (let q = q0 - skipped(end - q0); q < end; q += PANEL) {
    const base = keptPanel(<usize>load<u32>(unit, FORWARD_UNIT.KEPT << 2), q);
    panelBuckets<u8>(args, queryTimes + (<usize>q << 2), keyTimes, q + PANEL, base, scratch);
    // Pairs that are hidden share the bucket of a neighbour, so that a row spans few buckets.
    for (let j = q < q0 ? 0 : q + 1; j < q + PANEL; j++) {
      const row = base + (<usize>j << 4) - <usize>q;
      const from = max(q0, max(q, j)), bucket = load<u8>(row + <usize>from);
      for (let i = q; i < from; i++) store<u8>(row + <usize>i, bucket);
    }
    let falls = i8x16.splat(0);
    for (let row = base; row < base + (<usize>(q + PANEL) << 4); row += 16) {
      const buckets = v128.load(row);
      const before = v128.shuffle<i8>(buckets, buckets, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14);
      falls = v128.or(falls, i8x16.lt_u(buckets, before));
    }
    store<u8>(base - KEPT_HEADER, v128.any_true(falls) ? 0 : 1);
  }
}

/**
 * The buckets of `keys` keys from row `keyRow` on against a panel of queries but its first `skip`, two bytes each,
 * where none are kept. `buffer` holds ROUGH_BYTES.
 */
export function makeBuckets(args: usize, queryRow: usize, keyRow: usize, keys: i32, skip: i32, out: usize, buffer: usize): void {
  panelBuckets<u16>(args, ptr(args, TIME_BUCKETS.QUERY_TIMES) + (queryRow << 2), ptr(args, TIME_BUCKETS.KEY_TIMES) + (keyRow << 2), keys, out, buffer);
  for (let j: usize = 0; j < <usize>keys; j++) {
    for (let i: usize = 0; i < <usize>skip; i++) store<u16>(out + (j << 5) + (i << 1), 0);
  }
}
