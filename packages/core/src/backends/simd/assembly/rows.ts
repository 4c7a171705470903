// Moving and summing rows: copies with strides, gather, and sums by segment through a sorted order.
import * as COPY_BYTES from '../slots/copy-bytes';
import * as COPY_ROWS from '../slots/copy-rows';
import * as COUNT_SEGMENTS from '../slots/count-segments';
import * as FILL from '../slots/fill';
import * as GATHER from '../slots/gather';
import * as PAD_ROWS from '../slots/pad-rows';
import * as PLACE_SEGMENTS from '../slots/place-segments';
import * as SCATTER_SEGMENTS from '../slots/scatter-segments';
import * as STRIDED_COPY from '../slots/strided-copy';
import * as SUM_SEGMENTS from '../slots/sum-segments';
import { copyFloats, flt, int, ptr, scratch } from './env';
import { after } from './regions';
import { weightedRows } from './table-rows';

/** args: `slots/copy-rows.ts` */
export function copyRows(args: usize, task: i32): void {
  const begin = task * int(args, COPY_ROWS.PER_TASK);
  const end = min(begin + int(args, COPY_ROWS.PER_TASK), int(args, COPY_ROWS.ROWS));
  const bytes = ptr(args, COPY_ROWS.BYTES);
  for (let r = begin; r < end; r++) {
    copyFloats(ptr(args, COPY_ROWS.TO) + <usize>r * ptr(args, COPY_ROWS.TO_ROW_BYTES), ptr(args, COPY_ROWS.FROM) + <usize>r * ptr(args, COPY_ROWS.FROM_ROW_BYTES), bytes);
  }
}

/** Any number of bytes, whole. args: `slots/copy-bytes.ts` */
export function copyBytes(args: usize, task: i32): void {
  memory.copy(ptr(args, COPY_BYTES.TO), ptr(args, COPY_BYTES.FROM), ptr(args, COPY_BYTES.BYTES));
}

/** Copies rows of d floats to rows of `width`, zeros past d. args: `slots/pad-rows.ts` */
export function padRows(args: usize, task: i32): void {
  const begin = task * int(args, PAD_ROWS.PER_TASK);
  const end = min(begin + int(args, PAD_ROWS.PER_TASK), int(args, PAD_ROWS.ROWS));
  const d = ptr(args, PAD_ROWS.D) << 2, width = ptr(args, PAD_ROWS.WIDTH) << 2;
  for (let r = <usize>begin; r < <usize>end; r++) {
    const y = ptr(args, PAD_ROWS.Y) + r * width;
    copyFloats(y, ptr(args, PAD_ROWS.X) + r * d, d);
    for (let i = d; i < width; i += 4) store<f32>(y + i, 0);
  }
}

/** args: `slots/gather.ts` */
export function gather(args: usize, task: i32): void {
  const begin = task * int(args, GATHER.PER_TASK);
  const end = min(begin + int(args, GATHER.PER_TASK), int(args, GATHER.ROWS));
  const bytes = ptr(args, GATHER.BYTES);
  const ids = ptr(args, GATHER.IDS);
  for (let r = begin; r < end; r++) {
    const id = <usize>load<u32>(ids + (<usize>r << 2));
    copyFloats(ptr(args, GATHER.OUT) + <usize>r * bytes, ptr(args, GATHER.TABLE) + id * bytes, bytes);
  }
}

/**
 * Counts how often each segment occurs in one chunk of ids. Chunk c owns a row of `segments` counters.
 * args: `slots/count-segments.ts`
 */
export function countSegments(args: usize, task: i32): void {
  const segments = int(args, COUNT_SEGMENTS.SEGMENTS);
  const counts = ptr(args, COUNT_SEGMENTS.COUNTS) + (<usize>task * <usize>segments << 2);
  memory.fill(counts, 0, <usize>segments << 2);
  const begin = task * int(args, COUNT_SEGMENTS.CHUNK);
  const end = min(begin + int(args, COUNT_SEGMENTS.CHUNK), int(args, COUNT_SEGMENTS.N));
  for (let i = begin; i < end; i++) {
    const id = load<i32>(ptr(args, COUNT_SEGMENTS.IDS) + (<usize>i << 2));
    if (id < 0 || id >= segments) continue;
    const p = counts + (<usize>id << 2);
    store<i32>(p, load<i32>(p) + 1);
  }
}

/**
 * Turns counts into starting places: all of segment 0 in chunk order, then segment 1, ... One task.
 * args: `slots/place-segments.ts`
 */
export function placeSegments(args: usize, _task: i32): void {
  const counts = ptr(args, PLACE_SEGMENTS.COUNTS);
  const chunks = int(args, PLACE_SEGMENTS.CHUNKS), segments = int(args, PLACE_SEGMENTS.SEGMENTS);
  const stride = <usize>segments << 2;
  let total = 0;
  for (let s = 0; s < segments; s++) {
    store<i32>(ptr(args, PLACE_SEGMENTS.OFFSETS) + (<usize>s << 2), total);
    let p = counts + (<usize>s << 2);
    for (let c = 0; c < chunks; c++) {
      const count = load<i32>(p);
      store<i32>(p, total);
      total += count;
      p += stride;
    }
  }
  store<i32>(ptr(args, PLACE_SEGMENTS.OFFSETS) + (<usize>segments << 2), total);
}

/**
 * Writes, sorted by segment and then by position, the address of the row (position / group) and the weight of each id.
 * args: `slots/scatter-segments.ts`
 */
export function scatterSegments(args: usize, task: i32): void {
  const segments = int(args, SCATTER_SEGMENTS.SEGMENTS);
  const places = ptr(args, SCATTER_SEGMENTS.PLACES) + (<usize>task * <usize>segments << 2);
  const begin = task * int(args, SCATTER_SEGMENTS.CHUNK);
  const end = min(begin + int(args, SCATTER_SEGMENTS.CHUNK), int(args, SCATTER_SEGMENTS.N));
  const group = int(args, SCATTER_SEGMENTS.GROUP);
  const weights = ptr(args, SCATTER_SEGMENTS.WEIGHTS), stride = ptr(args, SCATTER_SEGMENTS.X_ROW_BYTES);
  let row = ptr(args, SCATTER_SEGMENTS.X) + <usize>(begin / group) * stride;
  for (let i = begin, left = group; i < end; i++) {
    const id = load<i32>(ptr(args, SCATTER_SEGMENTS.IDS) + (<usize>i << 2));
    if (id >= 0 && id < segments) {
      const p = places + (<usize>id << 2);
      const place = load<i32>(p);
      store<i32>(p, place + 1);
      const at = <usize>place << 2;
      store<u32>(ptr(args, SCATTER_SEGMENTS.ADDRESSES) + at, row);
      if (weights) store<f32>(ptr(args, SCATTER_SEGMENTS.SORTED_WEIGHTS) + at, load<f32>(weights + (<usize>i << 2)));
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
 * args: `slots/sum-segments.ts`
 * With weights, rows have a multiple of 8 floats, zeros past D.
 */
export function sumSegments(args: usize, task: i32): void {
  const d = int(args, SUM_SEGMENTS.D);
  const begin = task * int(args, SUM_SEGMENTS.PER_TASK);
  const end = min(begin + int(args, SUM_SEGMENTS.PER_TASK), int(args, SUM_SEGMENTS.SEGMENTS));
  const rows = ptr(args, SUM_SEGMENTS.ADDRESSES), offsets = ptr(args, SUM_SEGMENTS.OFFSETS), weights = ptr(args, SUM_SEGMENTS.SORTED_WEIGHTS);
  const bytes = <usize>d << 2;
  const scale = flt(args, SUM_SEGMENTS.SCALE);
  if (weights) after(scratch, ptr(args, SUM_SEGMENTS.ROW_BYTES));
  for (let s = begin; s < end; s++) {
    const out = ptr(args, SUM_SEGMENTS.OUT) + <usize>s * bytes;
    const first = load<i32>(offsets + (<usize>s << 2)), last = load<i32>(offsets + (<usize>s << 2) + 4);
    if (weights) {
      const o = <usize>first << 2;
      weightedRows(ptr(args, SUM_SEGMENTS.ROW_BYTES), rows + o, weights + o, <usize>(last - first) << 2, scratch);
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

/** y = value, n floats. args: `slots/fill.ts` */
export function fill(args: usize, task: i32): void {
  const begin = task * int(args, FILL.PER_TASK);
  const n = min(int(args, FILL.PER_TASK), int(args, FILL.N) - begin);
  const y = ptr(args, FILL.Y) + (<usize>begin << 2);
  const value = flt(args, FILL.VALUE);
  if (reinterpret<i32>(value) == 0) {
    memory.fill(y, 0, <usize>n << 2);
    return;
  }
  for (let i: usize = 0; i < <usize>n << 2; i += 4) store<f32>(y + i, value);
}

/**
 * Copies elements with strides: a transpose, a slice or a broadcast of up to five axes, four outer and one inner.
 * args: `slots/strided-copy.ts`
 * Strides count elements of x; rows are d0 d1 d2 d3 in order.
 */
export function stridedCopy(args: usize, task: i32): void {
  const inner = int(args, STRIDED_COPY.INNER), step = int(args, STRIDED_COPY.INNER_STRIDE);
  const d1 = int(args, STRIDED_COPY.D1), d2 = int(args, STRIDED_COPY.D2), d3 = int(args, STRIDED_COPY.D3);
  const begin = task * int(args, STRIDED_COPY.PER_TASK);
  const end = min(begin + int(args, STRIDED_COPY.PER_TASK), int(args, STRIDED_COPY.ROWS));
  for (let r = begin; r < end; r++) {
    let rest = r;
    const i3 = rest % d3;
    rest /= d3;
    const i2 = rest % d2;
    rest /= d2;
    const i1 = rest % d1;
    rest /= d1;
    const from = rest * int(args, STRIDED_COPY.S0) + i1 * int(args, STRIDED_COPY.S1) + i2 * int(args, STRIDED_COPY.S2) + i3 * int(args, STRIDED_COPY.S3);
    let x = ptr(args, STRIDED_COPY.X) + (<usize>from << 2);
    const y = ptr(args, STRIDED_COPY.Y) + (<usize>r * <usize>inner << 2);
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
