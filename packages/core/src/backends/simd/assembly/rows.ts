// Moving and summing rows: copies with strides, gather, and sums by segment through a sorted order.
import { axpy, flt, int, ptr } from './env';

/** args: src, src row stride (bytes), dst, dst row stride, bytes per row, rows, rows per task */
export function copyRows(args: usize, task: i32): void {
  const begin = task * int(args, 6);
  const end = min(begin + int(args, 6), int(args, 5));
  const bytes = ptr(args, 4);
  for (let r = begin; r < end; r++) {
    memory.copy(ptr(args, 2) + <usize>r * ptr(args, 3), ptr(args, 0) + <usize>r * ptr(args, 1), bytes);
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
    memory.copy(ptr(args, 2) + <usize>r * bytes, ptr(args, 0) + id * bytes, bytes);
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

/** Writes the positions of ids, sorted by segment and then by position. args: ids, n, chunk length, segments, places, order */
export function scatterSegments(args: usize, task: i32): void {
  const segments = int(args, 3);
  const places = ptr(args, 4) + (<usize>task * <usize>segments << 2);
  const begin = task * int(args, 2);
  const end = min(begin + int(args, 2), int(args, 1));
  for (let i = begin; i < end; i++) {
    const id = load<i32>(ptr(args, 0) + (<usize>i << 2));
    if (id < 0 || id >= segments) continue;
    const p = places + (<usize>id << 2);
    const place = load<i32>(p);
    store<i32>(p, place + 1);
    store<i32>(ptr(args, 5) + (<usize>place << 2), i);
  }
}

/**
 * out[s] = sum of rows x[position / group] over the positions of segment s, weighted where weights are given.
 * args: x, order, offsets, out, segments, D, segments per task, weights (0: all one), group
 */
export function sumSegments(args: usize, task: i32): void {
  const d = int(args, 5);
  const begin = task * int(args, 6);
  const end = min(begin + int(args, 6), int(args, 4));
  const offsets = ptr(args, 2), order = ptr(args, 1), weights = ptr(args, 7);
  const group = <u32>int(args, 8);
  const bytes = <usize>d << 2;
  for (let s = begin; s < end; s++) {
    const out = ptr(args, 3) + <usize>s * bytes;
    memory.fill(out, 0, bytes);
    const last = load<i32>(offsets + (<usize>s << 2) + 4);
    for (let i = load<i32>(offsets + (<usize>s << 2)); i < last; i++) {
      const position = load<u32>(order + (<usize>i << 2));
      const weight = weights ? load<f32>(weights + (<usize>position << 2)) : 1;
      if (weight != 0) axpy(weight, ptr(args, 0) + <usize>(position / group) * bytes, out, d);
    }
  }
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
 * args: x, y, inner, inner stride, d1, d2, d3 (the outermost extent follows from rows), s0, s1, s2, s3, rows, rows per task
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
      memory.copy(y, x, bytes);
    } else {
      const skip = <usize>step << 2;
      for (let j: usize = 0; j < bytes; j += 4) {
        store<u32>(y + j, load<u32>(x));
        x += skip;
      }
    }
  }
}
