// Into an HSTU layer, a block of rows at a time: layer norm, product, SiLU and split; and back.
import * as NORM_SILU_SPLIT from '../slots/norm-silu-split';
import * as NORM_SILU_SPLIT_GRAD from '../slots/norm-silu-split-grad';
import { copyFloats, dot, flt, int, loadPart, madd, ptr, scratch, storePart, sumFloats } from './env';
import { addByLibrary, LIBRARY, rowsByLibrary } from './library';
import { normalizeRow, rowMean, rowScale } from './norm';
import { after } from './regions';
import { timesRow } from './row-arithmetic';
import { addTransposed, bufferStride, multiplyStrip, putTail, rowStride, STRIP, tailBytes, takeThin } from './row-products';
import { siluSlopeRow } from './silu-row';
import { TILE_BYTES } from './tile';
import { touch } from './touch';

/**
 * y_i = silu(layerNorm(x) W)[:, block i] for a block of rows.
 * args: `slots/norm-silu-split.ts`
 */
export function normSiluSplit(args: usize, task: i32): void {
  const d = int(args, NORM_SILU_SPLIT.D), e = int(args, NORM_SILU_SPLIT.E), outputs = int(args, NORM_SILU_SPLIT.COUNT);
  const perTask = int(args, NORM_SILU_SPLIT.PER_TASK), begin = task * perTask, rows = min(perTask, int(args, NORM_SILU_SPLIT.ROWS) - begin);
  const panels = ptr(args, NORM_SILU_SPLIT.PACKED), slopes = ptr(args, NORM_SILU_SPLIT.SLOPES);
  const xStride = <usize>d << 2, nStride = rowStride(d), eStride = bufferStride(e);
  const library = LIBRARY && int(args, NORM_SILU_SPLIT.LIBRARY) != 0;
  const together = library ? perTask : STRIP;
  const thin = after(scratch, TILE_BYTES);
  const normed = after(thin, 2 * bufferStride(d));
  const strip = after(normed, <usize>(perTask + STRIP) * nStride);
  const unused = after(strip, <usize>together * eStride);
  after(unused, eStride);
  const x = ptr(args, NORM_SILU_SPLIT.X) + <usize>begin * xStride;
  for (let r = 0; r < rows; r++) {
    const p = x + <usize>r * xStride;
    const mean = rowMean(p, d);
    normalizeRow(p, normed + <usize>r * nStride, d, mean, rowScale(p, d, mean, flt(args, NORM_SILU_SPLIT.EPSILON)));
  }
  if (!library) takeThin(panels, d, e, thin);
  const padded = (e + 15) & ~15;
  for (let i0 = 0; i0 < rows; i0 += together) {
    const i1 = min(rows, i0 + together);
    if (library) rowsByLibrary(rows, d, e, normed, nStride, panels, false, 0, strip, eStride);
    else multiplyStrip(i1 - i0, d, e, normed + <usize>i0 * nStride, nStride, panels, thin, 0, strip, eStride, scratch);
    for (let i = i0; i < i1; i++) {
      let z = strip + <usize>(i - i0) * eStride;
      siluSlopeRow(z, slopes ? slopes + <usize>(begin + i) * eStride : unused, padded);
      for (let o = 0; o < outputs; o++) {
        const width = ptr(args, NORM_SILU_SPLIT.OUTPUTS + 1 + 2 * o) << 2;
        copyFloats(ptr(args, NORM_SILU_SPLIT.OUTPUTS + 2 * o) + <usize>(begin + i) * width, z, width);
        z += width;
      }
    }
  }
}

/**
 * The way back for a range of rows, `rows per block` at a time. With g the gradients of the outputs side by side,
 * each times the derivative of SiLU, and n = layerNorm(x): dx = the gradient of the norm at g W^T, plus the gradient
 * of the skip; the task's part of dW = n^T g goes to `parts`, or n and g to memory for a product of their own.
 * args: `slots/norm-silu-split-grad.ts`
 */
export function normSiluSplitGrad(args: usize, task: i32): void {
  const d = int(args, NORM_SILU_SPLIT_GRAD.D), e = int(args, NORM_SILU_SPLIT_GRAD.E), block = int(args, NORM_SILU_SPLIT_GRAD.BLOCK_ROWS), outputs = int(args, NORM_SILU_SPLIT_GRAD.COUNT);
  const slopes = ptr(args, NORM_SILU_SPLIT_GRAD.SLOPES), parts = ptr(args, NORM_SILU_SPLIT_GRAD.PARTS);
  const first = task * int(args, NORM_SILU_SPLIT_GRAD.PER_TASK), last = min(first + int(args, NORM_SILU_SPLIT_GRAD.PER_TASK), int(args, NORM_SILU_SPLIT_GRAD.ROWS));
  const xStride = <usize>d << 2, eStride = bufferStride(e), dStride = bufferStride(d);
  const nStride = parts ? rowStride(d) : xStride, gStride = parts ? eStride : <usize>e << 2;
  const library = LIBRARY && int(args, NORM_SILU_SPLIT_GRAD.LIBRARY) != 0;
  const together = library ? block : STRIP;
  const thin = after(scratch, TILE_BYTES);
  const scales = after(thin, 2 * eStride);
  const strip = after(scales, <usize>block << 2);
  const sums = after(strip, <usize>together * dStride);
  const tail = after(sums, parts ? <usize>(d + 6) * eStride : 0);
  const normedBuffer = after(tail, parts ? tailBytes(d) : 0);
  const gBuffer = after(normedBuffer, parts ? <usize>(block + STRIP) * nStride : 0);
  after(gBuffer, parts ? <usize>block * eStride : 0);
  if (parts) {
    memory.fill(sums, 0, <usize>(d + 6) * eStride);
    memory.fill(tail, 0, tailBytes(d));
    memory.fill(gBuffer, 0, <usize>block * eStride);
  }
  if (!library) takeThin(ptr(args, NORM_SILU_SPLIT_GRAD.PACKED), e, d, thin);
  for (let begin = first; begin < last; begin += block) {
    const rows = min(block, last - begin);
    const normed = parts ? normedBuffer : ptr(args, NORM_SILU_SPLIT_GRAD.NORMED) + <usize>begin * nStride;
    const g = parts ? gBuffer : ptr(args, NORM_SILU_SPLIT_GRAD.G) + <usize>begin * gStride;
    const x = ptr(args, NORM_SILU_SPLIT_GRAD.X) + <usize>begin * xStride;
    const dSkip = ptr(args, NORM_SILU_SPLIT_GRAD.SKIP) + <usize>begin * xStride, dx = ptr(args, NORM_SILU_SPLIT_GRAD.DX) + <usize>begin * xStride;
    touch(slopes + <usize>begin * eStride, eStride, rows, <i32>(eStride >> 2));
    let offset: usize = 0;
    for (let o = 0; o < outputs; o++) {
      const width = ptr(args, NORM_SILU_SPLIT_GRAD.OUTPUTS + 1 + 2 * o) << 2;
      const dy = ptr(args, NORM_SILU_SPLIT_GRAD.OUTPUTS + 2 * o) + <usize>begin * width;
      touch(dy, width, rows, <i32>(width >> 2));
      for (let r: usize = 0; r < <usize>rows; r++) {
        timesRow(dy + r * width, slopes + (<usize>begin + r) * eStride + offset, g + r * gStride + offset, width);
      }
      offset += width;
    }
    for (let r: usize = 0; r < <usize>rows; r++) {
      const p = x + r * xStride;
      const mean = rowMean(p, d);
      const scale = rowScale(p, d, mean, flt(args, NORM_SILU_SPLIT_GRAD.EPSILON));
      normalizeRow(p, normed + r * nStride, d, mean, scale);
      store<f32>(scales + (r << 2), scale);
    }
    for (let i0 = 0; i0 < rows; i0 += together) {
      const i1 = min(rows, i0 + together);
      if (library) rowsByLibrary(rows, e, d, g, gStride, ptr(args, NORM_SILU_SPLIT_GRAD.PACKED), true, 0, strip, dStride);
      else multiplyStrip(i1 - i0, e, d, g + <usize>i0 * gStride, gStride, ptr(args, NORM_SILU_SPLIT_GRAD.PACKED), thin, 0, strip, dStride, scratch);
      for (let i = i0; i < i1; i++) {
        const o = <usize>i * xStride;
        const dn = strip + <usize>(i - i0) * dStride;
        normGradRow(normed + <usize>i * nStride, dn, dSkip + o, dx + o, d, load<f32>(scales + (<usize>i << 2)));
      }
    }
    if (parts) {
      if (library) addByLibrary(rows, d, e, normed, nStride, g, gStride, sums, eStride);
      else addTransposed(rows, d, e, normed, nStride, g, gStride, sums, eStride, tail);
    }
  }
  if (!parts) return;
  if (!library) putTail(d, e, tail, sums, eStride);
  const eBytes = <usize>e << 2, part = parts + <usize>task * <usize>d * eBytes;
  for (let i: usize = 0; i < <usize>d; i++) copyFloats(part + i * eBytes, sums + i * eStride, eBytes);
}

/** dx = scale (dn - mean(dn) - n mean(dn n)) + skip over a row of `d`. */
function normGradRow(n: usize, dn: usize, skip: usize, dx: usize, d: i32, scale: f32): void {
  const inverse: f32 = 1 / <f32>d;
  const mean = f32x4.splat(sumFloats(dn, d) * inverse), product = f32x4.splat(dot(dn, n, d) * inverse);
  const s = f32x4.splat(scale);
  let i = 0;
  for (; i + 8 <= d; i += 8) {
    const a = f32x4.sub(f32x4.sub(v128.load(dn), mean), f32x4.mul(v128.load(n), product));
    const b = f32x4.sub(f32x4.sub(v128.load(dn, 16), mean), f32x4.mul(v128.load(n, 16), product));
    const lower = madd(a, s, v128.load(skip)), upper = madd(b, s, v128.load(skip, 16));
    v128.store(dx, upper, 16); v128.store(dx, lower);
    n += 32;
    dn += 32;
    skip += 32;
    dx += 32;
  }
  for (; i < d; i += 4) {
    const left = d - i;
    const a = f32x4.sub(f32x4.sub(v128.load(dn), mean), f32x4.mul(v128.load(n), product));
    if (left >= 4) v128.store(dx, madd(a, s, v128.load(skip)));
    else storePart(dx, madd(a, s, loadPart(skip, left)), left);
    n += 16;
    dn += 16;
    skip += 16;
    dx += 16;
  }
}
