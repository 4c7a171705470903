// Layer norm and L2 norm over rows, forward and backward. The backward pass recomputes the row statistics.
import * as BATCH_NORM from '../slots/batch-norm';
import * as NORM from '../slots/norm';
import * as NORM_GRAD from '../slots/norm-grad';
import { dot, flt, int, loadPart, madd, ptr, squareRoot, storePart, sumFloats, sumLanes } from './env';

/** Sum of squared deviations from `mean`: the two-pass form, which does not cancel. */
// @ts-ignore: decorator
@inline
function squaredDeviations(p: usize, n: i32, mean: f32): f32 {
  const m = f32x4.splat(mean);
  let s0 = f32x4.splat(0), s1 = s0;
  let i = 0;
  for (; i + 8 <= n; i += 8) {
    const d0 = f32x4.sub(v128.load(p), m), d1 = f32x4.sub(v128.load(p, 16), m);
    s0 = madd(d0, d0, s0);
    s1 = madd(d1, d1, s1);
    p += 32;
  }
  let s = sumLanes(f32x4.add(s0, s1));
  for (; i < n; i++) {
    const d = load<f32>(p) - mean;
    s += d * d;
    p += 4;
  }
  return s;
}

// @ts-ignore: decorator
@inline
export function rowMean(x: usize, d: i32): f32 {
  return sumFloats(x, d) * (<f32>1 / <f32>d);
}

/** 1 / sqrt(variance + epsilon). */
// @ts-ignore: decorator
@inline
export function rowScale(x: usize, d: i32, mean: f32, epsilon: f32): f32 {
  return <f32>1 / squareRoot(squaredDeviations(x, d, mean) * (<f32>1 / <f32>d) + epsilon);
}

/** args: `slots/norm.ts` */
export function layerNorm(args: usize, task: i32): void {
  const d = int(args, NORM.INNER);
  const begin = task * int(args, NORM.PER_TASK);
  const end = min(begin + int(args, NORM.PER_TASK), int(args, NORM.ROWS));
  for (let r = begin; r < end; r++) {
    const o = <usize>r * <usize>d << 2;
    const x = ptr(args, NORM.X) + o, y = ptr(args, NORM.Y) + o;
    const mean = rowMean(x, d);
    normalizeRow(x, y, d, mean, rowScale(x, d, mean, flt(args, NORM.EPSILON)));
  }
}

// @ts-ignore: decorator
@inline
export function normalizeRow(x: usize, y: usize, d: i32, mean: f32, rstd: f32): void {
  const m = f32x4.splat(mean), s = f32x4.splat(rstd);
  let i = 0;
  for (; i + 8 <= d; i += 8) {
    const lower = f32x4.mul(f32x4.sub(v128.load(x), m), s), upper = f32x4.mul(f32x4.sub(v128.load(x, 16), m), s);
    v128.store(y, upper, 16); v128.store(y, lower);
    x += 32;
    y += 32;
  }
  if (i + 4 <= d) {
    v128.store(y, f32x4.mul(f32x4.sub(v128.load(x), m), s));
    x += 16;
    y += 16;
    i += 4;
  }
  if (i < d) storePart(y, f32x4.mul(f32x4.sub(loadPart(x, d - i), m), s), d - i);
}

/** args: `slots/norm-grad.ts` */
export function layerNormGrad(args: usize, task: i32): void {
  const d = int(args, NORM_GRAD.INNER);
  const begin = task * int(args, NORM_GRAD.PER_TASK);
  const end = min(begin + int(args, NORM_GRAD.PER_TASK), int(args, NORM_GRAD.ROWS));
  for (let r = begin; r < end; r++) {
    const o = <usize>r * <usize>d << 2;
    const x = ptr(args, NORM_GRAD.X) + o;
    layerNormGradRow(x, ptr(args, NORM_GRAD.DY) + o, ptr(args, NORM_GRAD.DX) + o, d, rowMean(x, d), false, 0, flt(args, NORM_GRAD.EPSILON));
  }
}

/**
 * dx = rstd (dy - mean(dy) - xhat mean(dy xhat)), in three passes over a row. `known`, a literal: `rstd` is
 * `rowScale` of x; else it is found by the way, from epsilon.
 */
// @ts-ignore: decorator
@inline
export function layerNormGradRow(
  x: usize, dy: usize, dx: usize, d: i32, mean: f32, known: bool, rstd: f32, epsilon: f32,
): void {
  const inverse: f32 = 1 / <f32>d;
  const meanDy = sumFloats(dy, d) * inverse;
  const m = f32x4.splat(mean);
  let s0 = f32x4.splat(0), s1 = s0, t0 = s0, t1 = s0;
  let i: usize = 0;
  const bytes = <usize>d << 2;
  for (; i + 32 <= bytes; i += 32) {
    const d0 = f32x4.sub(v128.load(x + i), m), d1 = f32x4.sub(v128.load(x + i, 16), m);
    if (!known) { s0 = madd(d0, d0, s0); s1 = madd(d1, d1, s1); }
    t0 = madd(d0, v128.load(dy + i), t0); t1 = madd(d1, v128.load(dy + i, 16), t1);
  }
  let squares = sumLanes(f32x4.add(s0, s1)), product = sumLanes(f32x4.add(t0, t1));
  for (; i < bytes; i += 4) {
    const deviation = load<f32>(x + i) - mean;
    if (!known) squares += deviation * deviation;
    product += deviation * load<f32>(dy + i);
  }
  const scale = known ? rstd : 1 / squareRoot(squares * inverse + epsilon);
  // xhat mean(dy xhat) = (x - mean) rstd^2 mean(dy (x - mean)).
  scaledRest(x, dy, dx, bytes, mean, meanDy, product * inverse * scale * scale, scale);
}

/** dx = s ((dy - b) - (x - a) c) over a row. */
// @ts-ignore: decorator
@inline
function scaledRest(x: usize, dy: usize, dx: usize, bytes: usize, a: f32, b: f32, c: f32, s: f32): void {
  const a4 = f32x4.splat(a), b4 = f32x4.splat(b), c4 = f32x4.splat(c), s4 = f32x4.splat(s);
  let i: usize = 0;
  for (; i + 32 <= bytes; i += 32) {
    const x0 = f32x4.mul(f32x4.sub(v128.load(x + i), a4), c4), x1 = f32x4.mul(f32x4.sub(v128.load(x + i, 16), a4), c4);
    const g0 = f32x4.sub(v128.load(dy + i), b4), g1 = f32x4.sub(v128.load(dy + i, 16), b4);
    const lower = f32x4.mul(s4, f32x4.sub(g0, x0)), upper = f32x4.mul(s4, f32x4.sub(g1, x1));
    v128.store(dx + i, upper, 16); v128.store(dx + i, lower);
  }
  for (; i < bytes; i += 4) store<f32>(dx + i, s * (load<f32>(dy + i) - b - (load<f32>(x + i) - a) * c));
}

/** y = x / max(|x|, epsilon). args: `slots/norm.ts` */
export function l2Normalize(args: usize, task: i32): void {
  const d = int(args, NORM.INNER);
  const begin = task * int(args, NORM.PER_TASK);
  const end = min(begin + int(args, NORM.PER_TASK), int(args, NORM.ROWS));
  for (let r = begin; r < end; r++) {
    const o = <usize>r * <usize>d << 2;
    const x = ptr(args, NORM.X) + o;
    const norm = max(squareRoot(dot(x, x, d)), flt(args, NORM.EPSILON));
    normalizeRow(x, ptr(args, NORM.Y) + o, d, 0, 1 / norm);
  }
}

/**
 * dx = (dy - y (y . dy)) / |x| where |x| > epsilon, dy / epsilon elsewhere. args: `slots/norm-grad.ts`
 */
export function l2NormalizeGrad(args: usize, task: i32): void {
  const d = int(args, NORM_GRAD.INNER);
  const begin = task * int(args, NORM_GRAD.PER_TASK);
  const end = min(begin + int(args, NORM_GRAD.PER_TASK), int(args, NORM_GRAD.ROWS));
  const epsilon = flt(args, NORM_GRAD.EPSILON);
  for (let r = begin; r < end; r++) {
    const o = <usize>r * <usize>d << 2;
    const x = ptr(args, NORM_GRAD.X) + o, dy = ptr(args, NORM_GRAD.DY) + o, dx = ptr(args, NORM_GRAD.DX) + o;
    const norm = squareRoot(dot(x, x, d));
    const inverse: f32 = 1 / max(norm, epsilon);
    const c = norm > epsilon ? dot(x, dy, d) * inverse * inverse : 0;
    scaledRest(x, dy, dx, <usize>d << 2, 0, 0, c, inverse);
  }
}

/** y = x / sqrt(mean square + epsilon). args: `slots/norm.ts` */
export function rmsNorm(args: usize, task: i32): void {
  const d = int(args, NORM.INNER);
  const begin = task * int(args, NORM.PER_TASK);
  const end = min(begin + int(args, NORM.PER_TASK), int(args, NORM.ROWS));
  for (let r = begin; r < end; r++) {
    const o = <usize>r * <usize>d << 2;
    const x = ptr(args, NORM.X) + o;
    normalizeRow(x, ptr(args, NORM.Y) + o, d, 0, rowScale(x, d, 0, flt(args, NORM.EPSILON)));
  }
}

/**
 * dx = s (dy - x s^2 mean(x dy)), s = 1 / sqrt(mean square + epsilon). args: `slots/norm-grad.ts`
 */
export function rmsNormGrad(args: usize, task: i32): void {
  const d = int(args, NORM_GRAD.INNER);
  const begin = task * int(args, NORM_GRAD.PER_TASK);
  const end = min(begin + int(args, NORM_GRAD.PER_TASK), int(args, NORM_GRAD.ROWS));
  for (let r = begin; r < end; r++) {
    const o = <usize>r * <usize>d << 2;
    const x = ptr(args, NORM_GRAD.X) + o, dy = ptr(args, NORM_GRAD.DY) + o, dx = ptr(args, NORM_GRAD.DX) + o;
    const scale = rowScale(x, d, 0, flt(args, NORM_GRAD.EPSILON));
    scaledRest(x, dy, dx, <usize>d << 2, 0, 0, dot(x, dy, d) * (<f32>1 / <f32>d) * scale * scale, scale);
  }
}

/**
 * y = (x - mean) scale / sqrt(variance + epsilon) + offset, row by row. Each statistic has a row stride in bytes: 0
 * repeats one row, as for channels. args: `slots/batch-norm.ts`
 */
export function batchNorm(args: usize, task: i32): void {
  const inner = int(args, BATCH_NORM.INNER);
  const begin = task * int(args, BATCH_NORM.PER_TASK);
  const end = min(begin + int(args, BATCH_NORM.PER_TASK), int(args, BATCH_NORM.ROWS));
  const bytes = <usize>inner << 2;
  const offsets = ptr(args, BATCH_NORM.OFFSETS), scales = ptr(args, BATCH_NORM.SCALES);
  const epsilon = f32x4.splat(flt(args, BATCH_NORM.EPSILON));
  const zero = f32x4.splat(0), one = f32x4.splat(1);
  for (let r = <usize>begin; r < <usize>end; r++) {
    const x = ptr(args, BATCH_NORM.X) + r * bytes, y = ptr(args, BATCH_NORM.Y) + r * bytes;
    const mean = ptr(args, BATCH_NORM.MEAN) + r * ptr(args, BATCH_NORM.MEAN_ROW_BYTES), variance = ptr(args, BATCH_NORM.VARIANCE) + r * ptr(args, BATCH_NORM.VARIANCE_ROW_BYTES);
    const offset = offsets + r * ptr(args, BATCH_NORM.OFFSETS_ROW_BYTES), scale = scales + r * ptr(args, BATCH_NORM.SCALES_ROW_BYTES);
    for (let i: usize = 0; i < bytes; i += 16) {
      // Reading past a row is safe; only what belongs to it is written.
      const s = f32x4.div(
        scales ? v128.load(scale + i) : one,
        f32x4.sqrt(f32x4.add(v128.load(variance + i), epsilon)),
      );
      const z = f32x4.add(f32x4.mul(f32x4.sub(v128.load(x + i), v128.load(mean + i)), s), offsets ? v128.load(offset + i) : zero);
      if (i + 16 <= bytes) v128.store(y + i, z);
      else storePart(y + i, z, <i32>((bytes - i) >> 2));
    }
  }
}
