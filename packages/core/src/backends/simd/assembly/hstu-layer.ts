// The elementwise steps of an HSTU layer, fused: SiLU with the split into U, V, Q, K, and dropout(U * layerNorm(X)).
import * as GATED_NORM from '../slots/gated-norm';
import * as GATED_NORM_GRAD from '../slots/gated-norm-grad';
import * as SILU_SPLIT from '../slots/silu-split';
import { dropoutStrip, stripBytes } from './dropout-strip';
import { dot, flt, int, madd, ptr, scratch, sumLanes } from './env';
import { one4, sigmoid4, silu4 } from './math';
import { normalizeRow, rowMean, rowScale } from './norm';
import { KEYS_BYTES } from './random';
import { after } from './regions';

/** args: `slots/silu-split.ts` */
export function siluSplit(args: usize, task: i32): void {
  const begin = task * int(args, SILU_SPLIT.PER_TASK);
  const end = min(begin + int(args, SILU_SPLIT.PER_TASK), int(args, SILU_SPLIT.ROWS));
  const outputs = int(args, SILU_SPLIT.COUNT);
  for (let r = begin; r < end; r++) {
    let z = ptr(args, SILU_SPLIT.Z) + <usize>r * <usize>int(args, SILU_SPLIT.WIDTH) * 4;
    for (let o = 0; o < outputs; o++) {
      const width = ptr(args, SILU_SPLIT.OUTPUTS + 1 + 2 * o) << 2;
      const y = ptr(args, SILU_SPLIT.OUTPUTS + 2 * o) + <usize>r * width;
      let i: usize = 0;
      for (; i + 32 <= width; i += 32) siluPair(z + i, y + i);
      if (i < width) {
        // The last eight columns once more: no loop over single floats.
        if (width >= 32) siluPair(z + width - 32, y + width - 32);
        else for (; i < width; i += 4) store<f32>(y + i, f32x4.extract_lane(silu4(v128.load32_splat(z + i)), 0));
      }
      z += width;
    }
  }
}

// @ts-ignore: decorator
@inline
function siluPair(z: usize, y: usize): void {
  const a = silu4(v128.load(z)), b = silu4(v128.load(z, 16));
  v128.store(y, b, 16); v128.store(y, a);
}

// @ts-ignore: decorator
@inline
function siluSlope4(x: v128): v128 {
  const s = sigmoid4(x);
  return madd(f32x4.mul(x, s), f32x4.sub(one4(), s), s);
}

// @ts-ignore: decorator
@inline
function siluSlopePair(z: usize, dy: usize, dz: usize): void {
  const a = f32x4.mul(v128.load(dy), siluSlope4(v128.load(z)));
  const b = f32x4.mul(v128.load(dy, 16), siluSlope4(v128.load(z, 16)));
  v128.store(dz, b, 16); v128.store(dz, a);
}

/** args: `slots/silu-split.ts` */
export function siluSplitGrad(args: usize, task: i32): void {
  const begin = task * int(args, SILU_SPLIT.PER_TASK);
  const end = min(begin + int(args, SILU_SPLIT.PER_TASK), int(args, SILU_SPLIT.ROWS));
  const outputs = int(args, SILU_SPLIT.COUNT);
  for (let r = begin; r < end; r++) {
    const o = <usize>r * <usize>int(args, SILU_SPLIT.WIDTH) * 4;
    let z = ptr(args, SILU_SPLIT.Z) + o;
    let dz = ptr(args, SILU_SPLIT.OUTPUTS + 2 * outputs) + o;
    for (let k = 0; k < outputs; k++) {
      const width = ptr(args, SILU_SPLIT.OUTPUTS + 1 + 2 * k) << 2;
      const dy = ptr(args, SILU_SPLIT.OUTPUTS + 2 * k) + <usize>r * width;
      let i: usize = 0;
      for (; i + 32 <= width; i += 32) siluSlopePair(z + i, dy + i, dz + i);
      if (i < width) {
        if (width >= 32) {
          const last = width - 32;
          siluSlopePair(z + last, dy + last, dz + last);
        } else {
          for (; i < width; i += 4) {
            store<f32>(dz + i, load<f32>(dy + i) * f32x4.extract_lane(siluSlope4(v128.load32_splat(z + i)), 0));
          }
        }
      }
      z += width;
      dz += width;
    }
  }
}

/**
 * args: `slots/gated-norm.ts`
 */
export function gatedNorm(args: usize, task: i32): void {
  const d = int(args, GATED_NORM.D);
  const begin = task * int(args, GATED_NORM.PER_TASK);
  const end = min(begin + int(args, GATED_NORM.PER_TASK), int(args, GATED_NORM.ROWS));
  const hasDropout = int(args, GATED_NORM.DROPOUT) != 0;
  let mask: usize = 0;
  if (hasDropout) {
    const factors = after(scratch, KEYS_BYTES);
    after(factors, stripBytes((end - begin) * d));
    mask = dropoutStrip(args, GATED_NORM.THRESHOLD, <u32>(begin * d), <u32>((end - begin) * d), factors, 0);
  }
  for (let r = begin; r < end; r++) {
    const o = <usize>r * <usize>d << 2;
    const x = ptr(args, GATED_NORM.X) + o;
    let u = ptr(args, GATED_NORM.U) + o, y = ptr(args, GATED_NORM.Y) + o;
    const mean = rowMean(x, d);
    normalizeRow(x, y, d, mean, rowScale(x, d, mean, flt(args, GATED_NORM.EPSILON)));
    let i = 0;
    for (; i + 4 <= d; i += 4) {
      let g = f32x4.mul(v128.load(u), v128.load(y));
      if (hasDropout) {
        g = f32x4.mul(g, v128.load(mask));
        mask += 16;
      }
      v128.store(y, g);
      u += 16;
      y += 16;
    }
    for (; i < d; i++) {
      let g = load<f32>(u) * load<f32>(y);
      if (hasDropout) {
        g *= load<f32>(mask);
        mask += 4;
      }
      store<f32>(y, g);
      u += 4;
      y += 4;
    }
  }
}

/**
 * args: `slots/gated-norm-grad.ts`
 */
export function gatedNormGrad(args: usize, task: i32): void {
  const d = int(args, GATED_NORM_GRAD.D);
  const begin = task * int(args, GATED_NORM_GRAD.PER_TASK);
  const end = min(begin + int(args, GATED_NORM_GRAD.PER_TASK), int(args, GATED_NORM_GRAD.ROWS));
  const hasDropout = int(args, GATED_NORM_GRAD.DROPOUT) != 0;
  const inverse: f32 = 1 / <f32>d;
  const bytes = <usize>d << 2;
  let mask: usize = 0;
  const factors = after(scratch, KEYS_BYTES);
  const gNorm = after(factors, stripBytes((end - begin) * d)); // dy * mask * u: the gradient of the normalised row
  after(gNorm, bytes);
  if (hasDropout) mask = dropoutStrip(args, GATED_NORM_GRAD.THRESHOLD, <u32>(begin * d), <u32>((end - begin) * d), factors, 0);
  for (let r = begin; r < end; r++) {
    const o = <usize>r * bytes;
    const x = ptr(args, GATED_NORM_GRAD.X) + o, u = ptr(args, GATED_NORM_GRAD.U) + o, dy = ptr(args, GATED_NORM_GRAD.DY) + o, du = ptr(args, GATED_NORM_GRAD.DU) + o, dx = ptr(args, GATED_NORM_GRAD.DX) + o;
    const mean = rowMean(x, d);
    const rstd = rowScale(x, d, mean, flt(args, GATED_NORM_GRAD.EPSILON));
    normalizeRow(x, dx, d, mean, rstd); // xhat, until dx replaces it
    let sums = f32x4.splat(0);
    let i: usize = 0;
    for (; i + 16 <= bytes; i += 16) {
      let g = v128.load(dy + i);
      if (hasDropout) g = f32x4.mul(g, v128.load(mask + i));
      v128.store(du + i, f32x4.mul(g, v128.load(dx + i)));
      const gn = f32x4.mul(g, v128.load(u + i));
      v128.store(gNorm + i, gn);
      sums = f32x4.add(sums, gn);
    }
    let sum = sumLanes(sums);
    for (; i < bytes; i += 4) {
      let g = load<f32>(dy + i);
      if (hasDropout) g *= load<f32>(mask + i);
      store<f32>(du + i, g * load<f32>(dx + i));
      const gn = g * load<f32>(u + i);
      store<f32>(gNorm + i, gn);
      sum += gn;
    }
    if (hasDropout) mask += bytes;
    const meanG = sum * inverse;
    const meanProduct = dot(gNorm, dx, d) * inverse;
    const m = f32x4.splat(meanG), p = f32x4.splat(meanProduct), q = f32x4.splat(rstd);
    i = 0;
    for (; i + 16 <= bytes; i += 16) {
      const centred = f32x4.sub(v128.load(gNorm + i), m);
      v128.store(dx + i, f32x4.mul(q, f32x4.sub(centred, f32x4.mul(v128.load(dx + i), p))));
    }
    for (; i < bytes; i += 4) {
      store<f32>(dx + i, rstd * (load<f32>(gNorm + i) - meanG - load<f32>(dx + i) * meanProduct));
    }
  }
}
