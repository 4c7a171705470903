// The relative attention bias of a panel: rows are keys, columns sixteen queries.
import { int, ptr, sumLanes } from './env';
import { PANEL } from './attention-tile';

/** Bucket of a time difference, from the cells of `time-buckets.ts`. */
// @ts-ignore: decorator
@inline
function bucketOf(queryTime: i32, keyTime: i32, cells: usize, shift: i32, first: i32): u32 {
  const difference = <i64>queryTime - <i64>keyTime;
  const x = <u32>max<i64>(difference < 0 ? -difference : difference, 1);
  const cell = cells + (<usize>((reinterpret<i32>(<f32>x) >> shift) - first) << 3);
  return load<u32>(cell, 4) + <u32>(x >= load<u32>(cell));
}

/** Where the kept buckets of panel `panel` begin: panels before it hold 16, 32, ... keys of sixteen bytes. */
// @ts-ignore: decorator
@inline
export function keptPanel(base: usize, panel: i32): usize {
  return base + <usize>panel * <usize>(panel + 1) * 128;
}

/** One task: the buckets of a unit's queries against all keys up to their own, one byte each. Every layer reads them. */
export function bucketRows(args: usize, task: i32): void {
  const unit = ptr(args, 4) + (<usize>task << 5);
  const start = <usize>load<u32>(unit);
  const q0 = load<i32>(unit, 4), end = q0 + load<i32>(unit, 8);
  const shift = int(args, 17), first = 127 << (23 - shift);
  const queryTimes = ptr(args, 14) + (start << 2), keyTimes = ptr(args, 15) + (start << 2);
  for (let q = q0; q < end; q += PANEL) {
    const base = keptPanel(<usize>load<u32>(unit, 16), q / PANEL);
    memory.fill(base, 0, <usize>(q + PANEL) << 4);
    for (let i = q; i < min(end, q + PANEL); i++) {
      const queryTime = load<i32>(queryTimes + (<usize>i << 2));
      for (let j: usize = 0; j <= <usize>i; j++) {
        const bucket = bucketOf(queryTime, load<i32>(keyTimes + (j << 2)), ptr(args, 16), shift, first);
        store<u8>(base + (j << 4) + <usize>(i - q), <u8>bucket);
      }
    }
  }
}

/** The buckets of `keys` keys from row `keyRow` on against a panel of queries, two bytes each, where none are kept. */
export function makeBuckets(args: usize, queryRow: usize, keyRow: usize, keys: i32, queries: i32, out: usize): void {
  const shift = int(args, 17), first = 127 << (23 - shift);
  const queryTimes = ptr(args, 14) + (queryRow << 2), keyTimes = ptr(args, 15) + (keyRow << 2);
  for (let j: usize = 0; j < <usize>keys; j++) {
    const keyTime = load<i32>(keyTimes + (j << 2));
    for (let i: usize = 0; i < <usize>PANEL; i++) {
      const bucket = <i32>i < queries ? bucketOf(load<i32>(queryTimes + (i << 2)), keyTime, ptr(args, 16), shift, first) : 0;
      store<u16>(out + (j << 5) + (i << 1), <u16>bucket);
    }
  }
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

// @ts-ignore: decorator
@inline
function addTimes<T>(time: usize, buckets: usize, keys: i32, position: usize, out: usize, stride: usize): void {
  for (let j: usize = 0; j < <usize>keys; j++) {
    const w0 = gather4<T>(time, buckets), w1 = gather4<T>(time, buckets + 4 * sizeof<T>());
    const w2 = gather4<T>(time, buckets + 8 * sizeof<T>()), w3 = gather4<T>(time, buckets + 12 * sizeof<T>());
    v128.store(out, f32x4.add(w0, v128.load(position)));
    v128.store(out, f32x4.add(w1, v128.load(position, 16)), 16);
    v128.store(out, f32x4.add(w2, v128.load(position, 32)), 32);
    v128.store(out, f32x4.add(w3, v128.load(position, 48)), 48);
    position -= 4;
    buckets += 16 * sizeof<T>();
    out += stride;
  }
}

/**
 * Bias of `keys` keys from `key` on against the sixteen queries from `query` on (positions in the sequence), rows `stride`
 * bytes apart. `made`: buckets of two bytes at `buckets`, else kept ones of one byte.
 */
export function biasPanel(args: usize, query: i32, key: i32, keys: i32, buckets: usize, made: bool, out: usize, stride: usize): void {
  const position = ptr(args, 10) + (<usize>(query - key) << 2);
  const time = ptr(args, 12);
  if (time == 0) {
    for (let j: usize = 0; j < <usize>keys; j++) {
      const p = position - (j << 2), o = out + j * stride;
      v128.store(o, v128.load(p));
      v128.store(o, v128.load(p, 16), 16);
      v128.store(o, v128.load(p, 32), 32);
      v128.store(o, v128.load(p, 48), 48);
    }
  } else if (made) {
    addTimes<u16>(time, buckets, keys, position, out, stride);
  } else {
    addTimes<u8>(time, buckets, keys, position, out, stride);
  }
}

/** Sums by bucket of one group of tasks: a row of sixteen for each, one sum a query of a panel, since neighbours often share a bucket. */
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

/** Adds a panel's bias gradients (zero where hidden) to the sums by bucket: sixteen sums each, or one where there are many. */
export function addBucketGradients(
  grads: usize, stride: usize, keys: i32, buckets: usize, made: bool, times: i32, histogram: usize,
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
    addBuckets<u8>(grads, stride, keys, buckets, histogram);
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
    v128.store(sums + j, s0);
    v128.store(sums + j, s1, 16);
  }
}
