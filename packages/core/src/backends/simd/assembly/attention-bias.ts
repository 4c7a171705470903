// The relative attention bias of a panel: rows are keys, columns sixteen queries.
import * as HSTU_ATTENTION from '../slots/hstu-attention';
import * as TIME_BUCKETS from '../slots/time-buckets';
import { int, ptr, sumLanes } from './env';
import { PANEL } from './attention-tile';
import { constants, FIFTEENS, HIGH_HALVES } from './math';
import { touch } from './touch';

/**
 * Bytes before the kept buckets of a panel: the first, not zero, says that along no row a bucket is
 * lower than the one before it.
 */
export const KEPT_HEADER: usize = 16;

/**
 * Where the kept buckets of the panel from `query` on begin: panels before it hold 16, 32, ... keys of sixteen bytes.
 */
// @ts-ignore: decorator
@inline
export function keptPanel(base: usize, query: i32): usize {
  const panel = <usize>((query + PANEL - 1) / PANEL);
  return base + panel * (panel + 1) * 128 + (panel + 1) * KEPT_HEADER;
}

/** What the header of a panel says, from where its row `key` lies. */
// @ts-ignore: decorator
@inline
function keptAscends(row: usize, key: i32): bool {
  return load<u8>(row - (<usize>key << 4) - KEPT_HEADER) != 0;
}

/** Touches the kept buckets of the panels from `query` to `end`. */
export function touchKept(base: usize, query: i32, end: i32): void {
  const from = keptPanel(base, query);
  touch(from, 64, <i32>((keptPanel(base, end) - from) >> 6), 16);
}

// Weights of four queries from buckets of one or two bytes.
// @ts-ignore: decorator
@inline
function gather4<T>(time: usize, buckets: usize): v128 {
  let w = v128.load32_zero(time + (<usize>load<T>(buckets) << 2));
  w = v128.load32_lane(time + (<usize>load<T>(buckets, sizeof<T>()) << 2), w, 1);
  w = v128.load32_lane(time + (<usize>load<T>(buckets, 2 * sizeof<T>()) << 2), w, 2);
  return v128.load32_lane(time + (<usize>load<T>(buckets, 3 * sizeof<T>()) << 2), w, 3);
}

function addTimes(time: usize, buckets: usize, keys: i32, position: usize, out: usize, stride: usize): void {
  for (let j: usize = 0; j < <usize>keys; j++) {
    const w0 = gather4<u16>(time, buckets), w1 = gather4<u16>(time, buckets + 8);
    const w2 = gather4<u16>(time, buckets + 16), w3 = gather4<u16>(time, buckets + 24);
    const lower = f32x4.add(w0, v128.load(position)), upper = f32x4.add(w1, v128.load(position, 16));
    const third = f32x4.add(w2, v128.load(position, 32)), last = f32x4.add(w3, v128.load(position, 48));
    v128.store(out, upper, 16); v128.store(out, lower);
    v128.store(out, last, 48); v128.store(out, third, 32);
    position -= 4;
    buckets += 32;
    out += stride;
  }
}

/**
 * The bytes of the time weights apart: four planes, the byte k of each weight in plane k, with
 * room to read past both ends.
 */
const PLANE: usize = 16 + 256 + 32;
export const PLANES_BYTES: usize = 4 * PLANE;

/**
 * Writes the planes of up to 256 weights: 16 neighbours of a plane are a table that one shuffle looks
 * up. Reads whole sixteens.
 */
export function splitWeights(time: usize, times: i32, planes: usize): void {
  for (let i: usize = 0; i < <usize>min(times, 256); i += 16) {
    const w = time + (i << 2), p = planes + 16 + i;
    const a = v128.load(w), b = v128.load(w, 16), c = v128.load(w, 32), d = v128.load(w, 48);
    let first = v128.shuffle<i8>(a, b, 0, 4, 8, 12, 16, 20, 24, 28, 1, 5, 9, 13, 17, 21, 25, 29);
    let last = v128.shuffle<i8>(c, d, 0, 4, 8, 12, 16, 20, 24, 28, 1, 5, 9, 13, 17, 21, 25, 29);
    v128.store(p, v128.shuffle<i64>(first, last, 0, 2));
    v128.store(p, v128.shuffle<i64>(first, last, 1, 3), PLANE);
    first = v128.shuffle<i8>(a, b, 2, 6, 10, 14, 18, 22, 26, 30, 3, 7, 11, 15, 19, 23, 27, 31);
    last = v128.shuffle<i8>(c, d, 2, 6, 10, 14, 18, 22, 26, 30, 3, 7, 11, 15, 19, 23, 27, 31);
    v128.store(p, v128.shuffle<i64>(first, last, 0, 2), 2 * PLANE);
    v128.store(p, v128.shuffle<i64>(first, last, 1, 3), 3 * PLANE);
  }
}

// Bytes of a table of sixteen; zero where the index is negative.
// @ts-ignore: decorator
@inline
function lookUp(table: usize, index: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) {
    return i8x16.relaxed_swizzle(v128.load(table), index);
  } else {
    return i8x16.swizzle(v128.load(table), index);
  }
}

// As `addTimes`, from kept buckets. A row of one bucket needs no table. Where the row's buckets lie within
// sixteen from the first on, four shuffles look up the bytes of all sixteen weights; where the rest lies within
// sixteen up to the last one (a pause between two visits), eight do. If buckets never fall along a row
// (`ascending`), its ends say which it is.
function addKeptTimes(
  time: usize, planes: usize, buckets: usize, ascending: bool, keys: i32, position: usize, out: usize, stride: usize,
): void {
  const t = constants, wild: usize = ascending ? 0 : 16;
  for (let j: usize = 0; j < <usize>keys; j++) {
    const first = <usize>load<u8>(buckets), span = (<usize>load<u8>(buckets, 15) - first) | wild;
    const table = planes + 16 + first;
    if (span == 0) {
      const weight = v128.load32_splat(time + (first << 2));
      const lower = f32x4.add(weight, v128.load(position)), upper = f32x4.add(weight, v128.load(position, 16));
      const third = f32x4.add(weight, v128.load(position, 32)), last = f32x4.add(weight, v128.load(position, 48));
      v128.store(out, upper, 16); v128.store(out, lower);
      v128.store(out, last, 48); v128.store(out, third, 32);
    } else if (span < 16) {
      const index = i8x16.sub(v128.load(buckets), v128.load8_splat(buckets));
      const b0 = lookUp(table, index), b1 = lookUp(table + PLANE, index);
      addBytes(b0, b1, lookUp(table + 2 * PLANE, index), lookUp(table + 3 * PLANE, index), position, out);
    } else {
      const row = v128.load(buckets), high = v128.load32_splat(t, HIGH_HALVES << 2);
      const index = i8x16.sub(row, v128.load8_splat(buckets));
      const far = v128.and(index, high);
      const zero = i8x16.splat(0);
      const late = i8x16.add(i8x16.sub(row, v128.load8_splat(buckets, 15)), v128.load32_splat(t, FIFTEENS << 2));
      const near = i8x16.eq(far, zero), nearLast = i8x16.eq(v128.and(late, high), zero);
      if (i8x16.all_true(v128.or(near, nearLast))) {
        // Indices outside their table are made negative.
        const i0 = v128.or(index, v128.not(near)), i1 = v128.or(late, v128.not(nearLast));
        const other = planes + 1 + <usize>load<u8>(buckets, 15);
        const b0 = v128.or(lookUp(table, i0), lookUp(other, i1));
        const b1 = v128.or(lookUp(table + PLANE, i0), lookUp(other + PLANE, i1));
        const b2 = v128.or(lookUp(table + 2 * PLANE, i0), lookUp(other + 2 * PLANE, i1));
        const b3 = v128.or(lookUp(table + 3 * PLANE, i0), lookUp(other + 3 * PLANE, i1));
        addBytes(b0, b1, b2, b3, position, out);
      } else {
        const lower = f32x4.add(gather4<u8>(time, buckets), v128.load(position));
        const upper = f32x4.add(gather4<u8>(time, buckets + 4), v128.load(position, 16));
        const third = f32x4.add(gather4<u8>(time, buckets + 8), v128.load(position, 32));
        const last = f32x4.add(gather4<u8>(time, buckets + 12), v128.load(position, 48));
        v128.store(out, upper, 16); v128.store(out, lower);
        v128.store(out, last, 48); v128.store(out, third, 32);
      }
    }
    position -= 4;
    buckets += 16;
    out += stride;
  }
}

// out = position + the sixteen floats whose bytes are given by significance.
// @ts-ignore: decorator
@inline
function addBytes(b0: v128, b1: v128, b2: v128, b3: v128, position: usize, out: usize): void {
  let low = v128.shuffle<i8>(b0, b1, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
  let high = v128.shuffle<i8>(b2, b3, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
  const lower = f32x4.add(v128.shuffle<i16>(low, high, 0, 8, 1, 9, 2, 10, 3, 11), v128.load(position));
  const upper = f32x4.add(v128.shuffle<i16>(low, high, 4, 12, 5, 13, 6, 14, 7, 15), v128.load(position, 16));
  low = v128.shuffle<i8>(b0, b1, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
  high = v128.shuffle<i8>(b2, b3, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
  const third = f32x4.add(v128.shuffle<i16>(low, high, 0, 8, 1, 9, 2, 10, 3, 11), v128.load(position, 32));
  const last = f32x4.add(v128.shuffle<i16>(low, high, 4, 12, 5, 13, 6, 14, 7, 15), v128.load(position, 48));
  v128.store(out, upper, 16); v128.store(out, lower);
  v128.store(out, last, 48); v128.store(out, third, 32);
}

/**
 * Bias of `keys` keys from `key` on against the sixteen queries from `query` on (positions in the sequence),
 * rows `stride` bytes apart. `made`: buckets of two bytes at `buckets`, else kept ones of one byte
 * (`keptPanel`), with the weights' `planes`.
 */
export function biasPanel(
  args: usize, query: i32, key: i32, keys: i32, buckets: usize, made: bool, planes: usize, out: usize, stride: usize,
): void {
  const position = ptr(args, HSTU_ATTENTION.BIAS) + (<usize>(query - key) << 2);
  const time = ptr(args, HSTU_ATTENTION.TIME_WEIGHTS);
  if (time == 0) {
    for (let j: usize = 0; j < <usize>keys; j++) {
      const p = position - (j << 2), o = out + j * stride;
      const lower = v128.load(p), upper = v128.load(p, 16), third = v128.load(p, 32), last = v128.load(p, 48);
      v128.store(o, upper, 16); v128.store(o, lower);
      v128.store(o, last, 48); v128.store(o, third, 32);
    }
  } else if (made) {
    addTimes(time, buckets, keys, position, out, stride);
  } else {
    addKeptTimes(time, planes, buckets, keptAscends(buckets, key), keys, position, out, stride);
  }
}

/**
 * Bias of `keys` keys from `key` on, and with `own` of candidates themselves, against candidates at `place`, which all
 * have the same: rows of sixteen equal floats. `sequence` says when they are asked for; `start` is its first key.
 */
export function biasKeys(args: usize, sequence: i32, start: usize, place: i32, key: i32, keys: i32, own: bool, out: usize): void {
  const position = ptr(args, HSTU_ATTENTION.BIAS) + (<usize>(place - key) << 2), time = ptr(args, HSTU_ATTENTION.TIME_WEIGHTS);
  const times = ptr(args, TIME_BUCKETS.KEY_TIMES) + ((start + <usize>key) << 2);
  const asked = time == 0 ? 0 : load<i32>(ptr(args, TIME_BUCKETS.QUERY_TIMES) + (<usize>sequence << 2));
  for (let j: usize = 0; j < <usize>(keys + <i32>own); j++, out += 64) {
    let w = v128.load32_splat(j < <usize>keys ? position - (j << 2) : ptr(args, HSTU_ATTENTION.BIAS));
    if (time != 0) {
      const bucket = bucketAt(args, asked, j < <usize>keys ? load<i32>(times + (j << 2)) : asked);
      w = f32x4.add(v128.load32_splat(time + (<usize>bucket << 2)), w);
    }
    v128.store(out, w); v128.store(out, w, 16); v128.store(out, w, 32); v128.store(out, w, 48);
  }
}

/** Bucket of a time difference, from the cells of `time-buckets.ts`, which are exact. */
// @ts-ignore: decorator
@inline
export function bucketAt(args: usize, queryTime: i32, keyTime: i32): u32 {
  const shift = int(args, TIME_BUCKETS.CELL_SHIFT);
  return bucketOf(queryTime, keyTime, ptr(args, TIME_BUCKETS.CELLS), shift, 127 << (23 - shift));
}

/** Bucket of a time difference, from the cells. */
// @ts-ignore: decorator
@inline
export function bucketOf(queryTime: i32, keyTime: i32, cells: usize, shift: i32, first: i32): u32 {
  const difference = <i64>queryTime - <i64>keyTime;
  const x = <u32>max<i64>(difference < 0 ? -difference : difference, 1);
  const cell = cells + (<usize>((reinterpret<i32>(<f32>x) >> shift) - first) << 3);
  return load<u32>(cell, 4) + <u32>(x >= load<u32>(cell));
}

/**
 * Sums by bucket of one group of tasks: a row of sixteen for each, one sum a query of a panel, since
 * neighbours often share a bucket.
 */
export const HISTOGRAM_BUCKETS: i32 = 1024;

// @ts-ignore: decorator
@inline
function addBuckets<T>(grads: usize, stride: usize, keys: i32, buckets: usize, histogram: usize): void {
  for (let j: usize = 0; j < <usize>keys; j++) {
    for (let i: usize = 0; i < 16; i += 4) {
      let t = histogram + (<usize>load<T>(buckets + i * sizeof<T>()) << 6) + (i << 2);
      store<f32>(t, load<f32>(t) + load<f32>(grads + (i << 2)));
      t = histogram + (<usize>load<T>(buckets + i * sizeof<T>(), sizeof<T>()) << 6) + (i << 2);
      store<f32>(t, load<f32>(t, 4) + load<f32>(grads + (i << 2), 4), 4);
      t = histogram + (<usize>load<T>(buckets + i * sizeof<T>(), 2 * sizeof<T>()) << 6) + (i << 2);
      store<f32>(t, load<f32>(t, 8) + load<f32>(grads + (i << 2), 8), 8);
      t = histogram + (<usize>load<T>(buckets + i * sizeof<T>(), 3 * sizeof<T>()) << 6) + (i << 2);
      store<f32>(t, load<f32>(t, 12) + load<f32>(grads + (i << 2), 12), 12);
    }
    grads += stride;
    buckets += 16 * sizeof<T>();
  }
}

// As `addBuckets`, from kept buckets (`ascending` as in `addKeptTimes`). Most rows hold one bucket or two, which need
// no scalar; a run of rows of one and the same bucket is summed in registers.
function addKept(grads: usize, stride: usize, keys: i32, buckets: usize, ascending: bool, histogram: usize): void {
  const end = buckets + (<usize>keys << 4);
  while (buckets < end) {
    const bucket = <usize>load<u8>(buckets), t = histogram + (bucket << 6);
    if (ascending && <usize>load<u8>(buckets, 15) == bucket) {
      let s0 = v128.load(t), s1 = v128.load(t, 16), s2 = v128.load(t, 32), s3 = v128.load(t, 48);
      do {
        s0 = f32x4.add(s0, v128.load(grads)); s1 = f32x4.add(s1, v128.load(grads, 16));
        s2 = f32x4.add(s2, v128.load(grads, 32)); s3 = f32x4.add(s3, v128.load(grads, 48));
        grads += stride;
        buckets += 16;
      } while (buckets < end && <usize>load<u8>(buckets) == bucket && <usize>load<u8>(buckets, 15) == bucket);
      v128.store(t, s1, 16); v128.store(t, s0); v128.store(t, s3, 48); v128.store(t, s2, 32);
      continue;
    }
    const row = v128.load(buckets), other = i8x16.ne(row, v128.load8_splat(buckets));
    if (!v128.any_true(v128.and(other, i8x16.ne(row, v128.load8_splat(buckets, 15))))) {
      const u = histogram + (<usize>load<u8>(buckets, 15) << 6);
      const low = i16x8.extend_low_i8x16_s(other), high = i16x8.extend_high_i8x16_s(other);
      addTwo(t, u, v128.load(grads), i32x4.extend_low_i16x8_s(low));
      addTwo(t + 16, u + 16, v128.load(grads, 16), i32x4.extend_high_i16x8_s(low));
      addTwo(t + 32, u + 32, v128.load(grads, 32), i32x4.extend_low_i16x8_s(high));
      addTwo(t + 48, u + 48, v128.load(grads, 48), i32x4.extend_high_i16x8_s(high));
    } else {
      addBuckets<u8>(grads, stride, 1, buckets, histogram);
    }
    grads += stride;
    buckets += 16;
  }
}

// Adds the lanes of `x` to one of two places.
// @ts-ignore: decorator
@inline
function addTwo(t: usize, u: usize, x: v128, second: v128): void {
  v128.store(t, f32x4.add(v128.load(t), v128.andnot(x, second)));
  v128.store(u, f32x4.add(v128.load(u), v128.and(x, second)));
}

/**
 * Adds a panel's bias gradients (zero where hidden), keys from `key` on, to the sums by bucket: sixteen sums each, or
 * one where there are many. `buckets` and `made` as in `biasPanel`.
 */
export function addBucketGradients(
  grads: usize, stride: usize, key: i32, keys: i32, buckets: usize, made: bool, times: i32, histogram: usize,
): void {
  if (times > HISTOGRAM_BUCKETS) {
    for (let j: usize = 0; j < <usize>keys; j++) {
      for (let i: usize = 0; i < 16; i++) {
        const t = histogram + (<usize>load<u16>(buckets + (j << 5) + (i << 1)) << 2);
        store<f32>(t, load<f32>(t) + load<f32>(grads + j * stride + (i << 2)));
      }
    }
  } else if (made) {
    addBuckets<u16>(grads, stride, keys, buckets, histogram);
  } else {
    addKept(grads, stride, keys, buckets, keptAscends(buckets, key), histogram);
  }
}

/** Adds the sixteen sums of each bucket to `out`. */
export function foldHistogram(histogram: usize, times: i32, out: usize): void {
  for (let i: usize = 0; i < <usize>times; i++) {
    const h = histogram + (i << 6), o = out + (i << 2);
    const sum = f32x4.add(
      f32x4.add(v128.load(h), v128.load(h, 16)), f32x4.add(v128.load(h, 32), v128.load(h, 48)),
    );
    store<f32>(o, load<f32>(o) + sumLanes(sum));
  }
}

/** Adds one key's bias gradients, queries from `query` on, to the sums by distance. */
// @ts-ignore: decorator
@inline
export function addDistanceGradients(grads: usize, n: i32, sums: usize): void {
  for (let j: usize = 0; j < <usize>n << 2; j += 32) {
    const s0 = f32x4.add(v128.load(sums + j), v128.load(grads + j));
    const s1 = f32x4.add(v128.load(sums + j, 16), v128.load(grads + j, 16));
    v128.store(sums + j, s1, 16); v128.store(sums + j, s0);
  }
}
