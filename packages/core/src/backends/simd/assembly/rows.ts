// Moving and summing rows: copies with strides, gather, and sums by segment through a sorted order.
import { copyFloats, flt, int, ptr, scratch } from './env';
import { after } from './regions';
import { weightedRows } from './table-rows';

/** args: src, src row stride (bytes), dst, dst row stride, bytes per row, rows, rows per task */
export function copyRows(args: usize, task: i32): void {
  const begin = task * int(args, 6);
  const end = min(begin + int(args, 6), int(args, 5));
  const bytes = ptr(args, 4);
  for (let r = begin; r < end; r++) {
    copyFloats(ptr(args, 2) + <usize>r * ptr(args, 3), ptr(args, 0) + <usize>r * ptr(args, 1), bytes);
  }
}

/** Any number of bytes, whole. args: src, dst, bytes */
export function copyBytes(args: usize, task: i32): void {
  memory.copy(ptr(args, 1), ptr(args, 0), ptr(args, 2));
}

/** Copies rows of d floats to rows of `width`, zeros past d. args: x, y, d, width, rows, rows per task */
export function padRows(args: usize, task: i32): void {
  const begin = task * int(args, 5);
  const end = min(begin + int(args, 5), int(args, 4));
  const d = ptr(args, 2) << 2, width = ptr(args, 3) << 2;
  for (let r = <usize>begin; r < <usize>end; r++) {
    const y = ptr(args, 1) + r * width;
    copyFloats(y, ptr(args, 0) + r * d, d);
    for (let i = d; i < width; i += 4) store<f32>(y + i, 0);
  }
}

/** args: table, ids, out, rows, bytes per row, rows per task */
export function gather(args: usize, task: i32): void {
  const begin = task * int(args, 5);
  const end = min(begin + int(args, 5), int(args, 3));
  const bytes = ptr(args, 4);
  const ids = ptr(args, 1);
  for (let r = begin; r < end; r++) {
    const id = <usize>load<u32>(ids + (<usize>r << 2));
    copyFloats(ptr(args, 2) + <usize>r * bytes, ptr(args, 0) + id * bytes, bytes);
  }
}

/**
 * Counts how often each segment occurs in one chunk of ids. Chunk c owns a row of `segments` counters.
 * args: ids, n, chunk length, segments, counts
 */
export function countSegments(args: usize, task: i32): void {
  const segments = int(args, 3);
  const counts = ptr(args, 4) + (<usize>task * <usize>segments << 2);
  memory.fill(counts, 0, <usize>segments << 2);
  const begin = task * int(args, 2);
  const end = min(begin + int(args, 2), int(args, 1));
  for (let i = begin; i < end; i++) {
    const id = load<i32>(ptr(args, 0) + (<usize>i << 2));
    if (id < 0 || id >= segments) continue;
    const p = counts + (<usize>id << 2);
    store<i32>(p, load<i32>(p) + 1);
  }
}

/**
 * Turns counts into starting places: all of segment 0 in chunk order, then segment 1, ... One task.
 * args: counts, chunks, segments, offsets [segments + 1]
 */
export function placeSegments(args: usize, _task: i32): void {
  const counts = ptr(args, 0);
  const chunks = int(args, 1), segments = int(args, 2);
  const stride = <usize>segments << 2;
  let total = 0;
  for (let s = 0; s < segments; s++) {
    store<i32>(ptr(args, 3) + (<usize>s << 2), total);
    let p = counts + (<usize>s << 2);
    for (let c = 0; c < chunks; c++) {
      const count = load<i32>(p);
      store<i32>(p, total);
      total += count;
      p += stride;
    }
  }
  store<i32>(ptr(args, 3) + (<usize>segments << 2), total);
}

/**
 * Writes, sorted by segment and then by position, the address of the row (position / group) and the weight of each id.
 * args: ids, n, chunk length (a multiple of group), segments, places, addresses, group, weights (0: none),
 *       sorted weights, x, x row stride (bytes)
 */
export function scatterSegments(args: usize, task: i32): void {
  const segments = int(args, 3);
  const places = ptr(args, 4) + (<usize>task * <usize>segments << 2);
  const begin = task * int(args, 2);
  const end = min(begin + int(args, 2), int(args, 1));
  const group = int(args, 6);
  const weights = ptr(args, 7), stride = ptr(args, 10);
  let row = ptr(args, 9) + <usize>(begin / group) * stride;
  for (let i = begin, left = group; i < end; i++) {
    const id = load<i32>(ptr(args, 0) + (<usize>i << 2));
    if (id >= 0 && id < segments) {
      const p = places + (<usize>id << 2);
      const place = load<i32>(p);
      store<i32>(p, place + 1);
      const at = <usize>place << 2;
      store<u32>(ptr(args, 5) + at, row);
      if (weights) store<f32>(ptr(args, 8) + at, load<f32>(weights + (<usize>i << 2)));
    }
    if (--left == 0) {
      left = group;
      row += stride;
    }
  }
}

/**
 * out[s] = sum over the sorted entries of segment s of their rows, weighted where weights are
 * given, else times `scale`.
 * args: row addresses, offsets, out, segments, D, segments per task, sorted weights (0: none), bytes of a row, scale
 * With weights, rows have a multiple of 8 floats, zeros past D.
 */
export function sumSegments(args: usize, task: i32): void {
  const d = int(args, 4);
  const begin = task * int(args, 5);
  const end = min(begin + int(args, 5), int(args, 3));
  const rows = ptr(args, 0), offsets = ptr(args, 1), weights = ptr(args, 6);
  const bytes = <usize>d << 2;
  const scale = flt(args, 8);
  if (weights) after(scratch, ptr(args, 7));
  for (let s = begin; s < end; s++) {
    const out = ptr(args, 2) + <usize>s * bytes;
    const first = load<i32>(offsets + (<usize>s << 2)), last = load<i32>(offsets + (<usize>s << 2) + 4);
    if (weights) {
      const o = <usize>first << 2;
      weightedRows(ptr(args, 7), rows + o, weights + o, <usize>(last - first) << 2, scratch);
      copyFloats(out, scratch, bytes);
    } else {
      memory.fill(out, 0, bytes);
      for (let i = first; i < last; i++) addScaled(scale, load<u32>(rows + (<usize>i << 2)), out, bytes);
    }
  }
}

/** y += scale x, the product rounded: the sum of scaled rows, bit for bit. */
// @ts-ignore: decorator
@inline
function addScaled(scale: f32, x: usize, y: usize, bytes: usize): void {
  const s = f32x4.splat(scale);
  let i: usize = 0;
  for (; i + 32 <= bytes; i += 32) {
    const a = f32x4.add(v128.load(y + i), f32x4.mul(s, v128.load(x + i)));
    const b = f32x4.add(v128.load(y + i, 16), f32x4.mul(s, v128.load(x + i, 16)));
    v128.store(y + i, b, 16); v128.store(y + i, a);
  }
  for (; i < bytes; i += 4) store<f32>(y + i, load<f32>(y + i) + scale * load<f32>(x + i));
}

/** y = value, n floats. args: y, n, elements per task, value */
export function fill(args: usize, task: i32): void {
  const begin = task * int(args, 2);
  const n = min(int(args, 2), int(args, 1) - begin);
  const y = ptr(args, 0) + (<usize>begin << 2);
  const value = flt(args, 3);
  if (reinterpret<i32>(value) == 0) {
    memory.fill(y, 0, <usize>n << 2);
    return;
  }
  for (let i: usize = 0; i < <usize>n << 2; i += 4) store<f32>(y + i, value);
}

/**
 * Copies elements with strides: a transpose, a slice or a broadcast of up to five axes, four outer and one inner.
 * args: x, y, inner, inner stride, d1, d2, d3 (the outermost extent follows from rows), s0, s1,
 *       s2, s3, rows, rows per task
 * Strides count elements of x; rows are d0 d1 d2 d3 in order.
 */
export function stridedCopy(args: usize, task: i32): void {
  const inner = int(args, 2), step = int(args, 3);
  const d1 = int(args, 4), d2 = int(args, 5), d3 = int(args, 6);
  const begin = task * int(args, 12);
  const end = min(begin + int(args, 12), int(args, 11));
  for (let r = begin; r < end; r++) {
    let rest = r;
    const i3 = rest % d3;
    rest /= d3;
    const i2 = rest % d2;
    rest /= d2;
    const i1 = rest % d1;
    rest /= d1;
    const from = rest * int(args, 7) + i1 * int(args, 8) + i2 * int(args, 9) + i3 * int(args, 10);
    let x = ptr(args, 0) + (<usize>from << 2);
    const y = ptr(args, 1) + (<usize>r * <usize>inner << 2);
    const bytes = <usize>inner << 2;
    if (step == 1) {
      copyFloats(y, x, bytes);
    } else if (step == 0) {
      const value = v128.load32_splat(x);
      let j: usize = 0;
      for (; j + 16 <= bytes; j += 16) v128.store(y + j, value);
      for (; j < bytes; j += 4) store<u32>(y + j, load<u32>(x));
    } else {
      const skip = <usize>step << 2;
      for (let j: usize = 0; j < bytes; j += 4) {
        store<u32>(y + j, load<u32>(x));
        x += skip;
      }
    }
  }
}
