// Out of an HSTU layer, a block of rows at a time: gate, norm, dropout, linear map and residual sum; and back.
import * as GATED_NORM_LINEAR from '../slots/gated-norm-linear';
import * as GATED_NORM_LINEAR_GRAD from '../slots/gated-norm-linear-grad';
import { dropoutStrip, keptStrip, stripBytes } from './dropout-strip';
import { copyFloats, flt, int, madd, ptr, scratch, storePart, sumLanes } from './env';
import { addByLibrary, LIBRARY, rowsByLibrary } from './library';
import { normalizeRow, rowMean, rowScale } from './norm';
import { after } from './regions';
import { addRow } from './row-arithmetic';
import { addTransposed, bufferStride, multiplyStrip, putTail, rowStride, STRIP, tailBytes, takeThin } from './row-products';
import { TILE_BYTES } from './tile';

/** Factors of `count` elements without dropout, at `out`. */
function ones(count: i32, out: usize): usize {
  const one = f32x4.splat(1);
  for (let p = out; p < out + (<usize>count << 2); p += 16) v128.store(p, one);
  return out;
}

/**
 * out = dropout(u * layerNorm(x)) W^T + b + residual for a block of rows.
 * args: `slots/gated-norm-linear.ts`
 */
export function gatedNormLinear(args: usize, task: i32): void {
  const c = int(args, GATED_NORM_LINEAR.C), d = int(args, GATED_NORM_LINEAR.D), perTask = int(args, GATED_NORM_LINEAR.PER_TASK);
  const begin = task * perTask, rows = min(perTask, int(args, GATED_NORM_LINEAR.ROWS) - begin);
  const panels = ptr(args, GATED_NORM_LINEAR.PACKED);
  const cBytes = <usize>c << 2, dBytes = <usize>d << 2;
  const yStride = rowStride(c), dStride = bufferStride(d);
  const library = LIBRARY && int(args, GATED_NORM_LINEAR.LIBRARY) != 0;
  const together = library ? perTask : STRIP;
  const thin = after(scratch, TILE_BYTES);
  const y = after(thin, 2 * bufferStride(c));
  const strip = after(y, <usize>(perTask + STRIP) * yStride);
  const u = ptr(args, GATED_NORM_LINEAR.U) + <usize>begin * cBytes, x = ptr(args, GATED_NORM_LINEAR.X) + <usize>begin * cBytes;
  const residual = ptr(args, GATED_NORM_LINEAR.RESIDUAL) + <usize>begin * dBytes, out = ptr(args, GATED_NORM_LINEAR.OUT) + <usize>begin * dBytes;
  const masks = after(strip, <usize>together * dStride);
  after(masks, stripBytes(rows * c));
  const mask = int(args, GATED_NORM_LINEAR.DROPOUT)
    ? dropoutStrip(args, GATED_NORM_LINEAR.THRESHOLD, <u32>(begin * c), <u32>(rows * c), masks, ptr(args, GATED_NORM_LINEAR.BITS))
    : ones(rows * c, masks);
  for (let r: usize = 0; r < <usize>rows; r++) {
    const p = x + r * cBytes, to = y + r * yStride;
    const mean = rowMean(p, c);
    normalizeRow(p, to, c, mean, rowScale(p, c, mean, flt(args, GATED_NORM_LINEAR.EPSILON)));
    gateRow(to, u + r * cBytes, mask + r * cBytes, c);
  }
  if (!library) takeThin(panels, c, d, thin);
  for (let i0 = 0; i0 < rows; i0 += together) {
    const i1 = min(rows, i0 + together);
    if (library) rowsByLibrary(rows, c, d, y, yStride, panels, true, ptr(args, GATED_NORM_LINEAR.BIAS), strip, dStride);
    else multiplyStrip(i1 - i0, c, d, y + <usize>i0 * yStride, yStride, panels, thin, ptr(args, GATED_NORM_LINEAR.BIAS), strip, dStride, scratch);
    for (let i = i0; i < i1; i++) {
      const o = <usize>i * dBytes;
      addRow(strip + <usize>(i - i0) * dStride, residual + o, out + o, dBytes);
    }
  }
}

/** y *= u mask, in a buffer that has room for four floats more. */
// @ts-ignore: decorator
@inline
function gateRow(y: usize, u: usize, mask: usize, n: i32): void {
  const end = y + (<usize>n << 2);
  for (; y + 32 <= end; y += 32, u += 32, mask += 32) {
    const a = f32x4.mul(f32x4.mul(v128.load(u), v128.load(y)), v128.load(mask));
    const b = f32x4.mul(f32x4.mul(v128.load(u, 16), v128.load(y, 16)), v128.load(mask, 16));
    v128.store(y, b, 16); v128.store(y, a);
  }
  for (; y < end; y += 4, u += 4, mask += 4) store<f32>(y, load<f32>(u) * load<f32>(y) * load<f32>(mask));
}

/**
 * The way back for a range of rows, `rows per block` at a time. With g = dropout(dOut W) and h = layerNorm(x):
 * du = g h, dx = the gradient of the norm at g u; the task's part of dOut^T [dropout(u h), 1], the gradients of W
 * and b side by side, goes to `parts`, or [dropout(u h), 1] to memory for a product of its own.
 * args: `slots/gated-norm-linear-grad.ts`
 */
export function gatedNormLinearGrad(args: usize, task: i32): void {
  const c = int(args, GATED_NORM_LINEAR_GRAD.C), d = int(args, GATED_NORM_LINEAR_GRAD.D), block = int(args, GATED_NORM_LINEAR_GRAD.BLOCK_ROWS);
  const first = task * int(args, GATED_NORM_LINEAR_GRAD.PER_TASK), last = min(first + int(args, GATED_NORM_LINEAR_GRAD.PER_TASK), int(args, GATED_NORM_LINEAR_GRAD.ROWS));
  const panels = ptr(args, GATED_NORM_LINEAR_GRAD.PACKED), parts = ptr(args, GATED_NORM_LINEAR_GRAD.PARTS);
  const cBytes = <usize>c << 2, dBytes = <usize>d << 2;
  const cStride = bufferStride(c), partBytes = cBytes + 4;
  const yStride = parts ? bufferStride(c + 1) : partBytes, sumStride = bufferStride(c + 1);
  const dStride = rowStride(d);
  const library = LIBRARY && int(args, GATED_NORM_LINEAR_GRAD.LIBRARY) != 0;
  const together = library ? block : STRIP;
  const thin = after(scratch, TILE_BYTES);
  const strip = after(thin, 2 * bufferStride(d));
  const normed = after(strip, <usize>together * cStride);
  const copied = after(normed, cStride);
  const sums = after(copied, <usize>(block + STRIP) * dStride);
  const tail = after(sums, parts ? <usize>(d + 6) * sumStride : 0);
  const yBuffer = after(tail, parts ? tailBytes(d) : 0);
  const masks = after(yBuffer, parts ? <usize>(block + STRIP) * yStride : 0);
  after(masks, stripBytes(block * c));
  if (parts) {
    memory.fill(sums, 0, <usize>(d + 6) * sumStride);
    memory.fill(tail, 0, tailBytes(d));
  }
  if (!library) takeThin(panels, d, c, thin);
  for (let begin = first; begin < last; begin += block) {
    const rows = min(block, last - begin);
    const u = ptr(args, GATED_NORM_LINEAR_GRAD.U) + <usize>begin * cBytes, x = ptr(args, GATED_NORM_LINEAR_GRAD.X) + <usize>begin * cBytes;
    const du = ptr(args, GATED_NORM_LINEAR_GRAD.DU) + <usize>begin * cBytes, dx = ptr(args, GATED_NORM_LINEAR_GRAD.DX) + <usize>begin * cBytes;
    const y = parts ? yBuffer : ptr(args, GATED_NORM_LINEAR_GRAD.KEPT_ROWS) + <usize>begin * yStride;
    const dOut = ptr(args, GATED_NORM_LINEAR_GRAD.D_OUT) + <usize>begin * dBytes;
    for (let r: usize = 0; r < <usize>rows; r++) copyFloats(copied + r * dStride, dOut + r * dBytes, dBytes);
    const mask = factors(args, begin * c, rows * c, masks);
    for (let i0 = 0; i0 < rows; i0 += together) {
      const i1 = min(rows, i0 + together);
      if (library) rowsByLibrary(rows, d, c, copied, dStride, panels, false, 0, strip, cStride);
      else multiplyStrip(i1 - i0, d, c, copied + <usize>i0 * dStride, dStride, panels, thin, 0, strip, cStride, scratch);
      for (let i = i0; i < i1; i++) {
        const o = <usize>i * cBytes;
        const g = strip + <usize>(i - i0) * cStride, to = y + <usize>i * yStride;
        const mean = rowMean(x + o, c);
        const scale = rowScale(x + o, c, mean, flt(args, GATED_NORM_LINEAR_GRAD.EPSILON));
        normalizeRow(x + o, normed, c, mean, scale);
        gradRow(g, normed, u + o, mask + o, to, du + o, dx + o, c, scale);
        store<f32>(to + cBytes, 1);
      }
    }
    if (parts) {
      if (library) addByLibrary(rows, d, c + 1, copied, dStride, y, yStride, sums, sumStride);
      else addTransposed(rows, d, c + 1, copied, dStride, y, yStride, sums, sumStride, tail);
    }
  }
  if (!parts) return;
  if (!library) putTail(d, c + 1, tail, sums, sumStride);
  const part = parts + <usize>task * <usize>d * partBytes;
  for (let i: usize = 0; i < <usize>d; i++) copyFloats(part + i * partBytes, sums + i * sumStride, partBytes);
}

/** Factors of `count` elements from `from` on, at `out` or a little after; returns where. */
function factors(args: usize, from: i32, count: i32, out: usize): usize {
  if (!int(args, GATED_NORM_LINEAR_GRAD.DROPOUT)) return ones(count, out);
  const bits = ptr(args, GATED_NORM_LINEAR_GRAD.BITS);
  if (bits) return keptStrip(args, GATED_NORM_LINEAR_GRAD.THRESHOLD, <u32>from, <u32>count, out, bits);
  return dropoutStrip(args, GATED_NORM_LINEAR_GRAD.THRESHOLD, <u32>from, <u32>count, out, 0);
}

/**
 * One row of the gradient: y = u h mask, du = g mask h, dx = scale (p - mean(p) - h mean(p h))
 * with p = g mask u, left in g.
 */
function gradRow(g: usize, h: usize, u: usize, mask: usize, y: usize, du: usize, dx: usize, n: i32, scale: f32): void {
  const bytes = <usize>n << 2, inverse: f32 = 1 / <f32>n;
  let s0 = f32x4.splat(0), s1 = s0, t0 = s0, t1 = s0;
  let i: usize = 0;
  for (; i + 32 <= bytes; i += 32) {
    const m0 = v128.load(mask + i), m1 = v128.load(mask + i, 16);
    const h0 = v128.load(h + i), h1 = v128.load(h + i, 16);
    const u0 = f32x4.mul(v128.load(u + i), m0), u1 = f32x4.mul(v128.load(u + i, 16), m1);
    const g0 = v128.load(g + i), g1 = v128.load(g + i, 16);
    const y0 = f32x4.mul(u0, h0), y1 = f32x4.mul(u1, h1);
    v128.store(y + i, y1, 16); v128.store(y + i, y0);
    const du0 = f32x4.mul(f32x4.mul(g0, m0), h0), du1 = f32x4.mul(f32x4.mul(g1, m1), h1);
    v128.store(du + i, du1, 16); v128.store(du + i, du0);
    const p0 = f32x4.mul(g0, u0), p1 = f32x4.mul(g1, u1);
    v128.store(g + i, p1, 16); v128.store(g + i, p0);
    s0 = f32x4.add(s0, p0);
    s1 = f32x4.add(s1, p1);
    t0 = madd(p0, h0, t0);
    t1 = madd(p1, h1, t1);
  }
  let sum = sumLanes(f32x4.add(s0, s1)), product = sumLanes(f32x4.add(t0, t1));
  for (; i < bytes; i += 4) {
    const m = load<f32>(mask + i), a = load<f32>(h + i), v = load<f32>(u + i) * m, w = load<f32>(g + i);
    store<f32>(y + i, v * a);
    store<f32>(du + i, w * m * a);
    const p = w * v;
    store<f32>(g + i, p);
    sum += p;
    product += p * a;
  }
  const m = f32x4.splat(sum * inverse), q = f32x4.splat(product * inverse), s = f32x4.splat(scale);
  for (i = 0; i + 32 <= bytes; i += 32) {
    const a = f32x4.sub(f32x4.sub(v128.load(g + i), m), f32x4.mul(v128.load(h + i), q));
    const b = f32x4.sub(f32x4.sub(v128.load(g + i, 16), m), f32x4.mul(v128.load(h + i, 16), q));
    const lower = f32x4.mul(a, s), upper = f32x4.mul(b, s);
    v128.store(dx + i, upper, 16); v128.store(dx + i, lower);
  }
  for (; i < bytes; i += 16) {
    const a = f32x4.mul(f32x4.sub(f32x4.sub(v128.load(g + i), m), f32x4.mul(v128.load(h + i), q)), s);
    if (i + 16 <= bytes) v128.store(dx + i, a);
    else storePart(dx + i, a, <i32>((bytes - i) >> 2));
  }
}
