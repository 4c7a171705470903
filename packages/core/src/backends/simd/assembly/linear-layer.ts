// A linear map with what comes before and after it, a block of rows at a time: layer norm; bias, ReLU, dropout,
// residual sum, split into blocks of columns; and back.
import * as LINEAR_LAYER from '../slots/linear-layer';
import * as LINEAR_LAYER_GRAD from '../slots/linear-layer-grad';
import { dropoutStrip, keptStrip, stripBytes } from './dropout-strip';
import { copyFloats, flt, int, ptr, scratch } from './env';
import { addByLibrary, LIBRARY, rowsByLibrary } from './library';
import { layerNormGradRow, normalizeRow, rowMean, rowScale } from './norm';
import { after } from './regions';
import { addRow, timesRow } from './row-arithmetic';
import { addTransposed, bufferStride, multiplyStrip, putTail, rowStride, STRIP, tailBytes, takeThin } from './row-products';
import { geluSlopeRow } from './silu-row';
import { TILE_BYTES } from './tile';
import { touch } from './touch';

/** Activations. */
const RELU: i32 = 1, GELU: i32 = 2;

/**
 * y = dropout(act(n W^T + b)) + residual for a block of rows, its columns in blocks; n = x or its layer norm.
 * args: `slots/linear-layer.ts`
 */
export function linearLayer(args: usize, task: i32): void {
  const d = int(args, LINEAR_LAYER.D), e = int(args, LINEAR_LAYER.E), perTask = int(args, LINEAR_LAYER.PER_TASK);
  const activation = int(args, LINEAR_LAYER.ACTIVATION), outputs = int(args, LINEAR_LAYER.COUNT);
  const begin = task * perTask, rows = min(perTask, int(args, LINEAR_LAYER.ROWS) - begin);
  const panels = ptr(args, LINEAR_LAYER.PACKED), residual = ptr(args, LINEAR_LAYER.RESIDUAL), slopes = ptr(args, LINEAR_LAYER.SLOPES);
  const dBytes = <usize>d << 2, eBytes = <usize>e << 2, dStride = rowStride(d), eStride = bufferStride(e);
  const library = LIBRARY && int(args, LINEAR_LAYER.LIBRARY) != 0;
  const together = library ? perTask : STRIP;
  const thin = after(scratch, TILE_BYTES);
  const copied = after(thin, 2 * bufferStride(d));
  const strip = after(copied, <usize>(perTask + STRIP) * dStride);
  const unused = after(strip, <usize>together * eStride);
  const factors = after(unused, eStride);
  let mask: usize = 0;
  if (int(args, LINEAR_LAYER.DROPOUT)) {
    after(factors, stripBytes(rows * e));
    mask = dropoutStrip(args, LINEAR_LAYER.THRESHOLD, <u32>(begin * e), <u32>(rows * e), factors, ptr(args, LINEAR_LAYER.BITS));
  }
  const x = ptr(args, LINEAR_LAYER.X) + <usize>begin * dBytes;
  touch(x, dBytes, rows, d);
  const inPlace = flt(args, LINEAR_LAYER.EPSILON) == 0 && liesReady(d);
  if (!inPlace) readRows(x, rows, d, copied, dStride, flt(args, LINEAR_LAYER.EPSILON), 0);
  const from = inPlace ? x : copied;
  if (ptr(args, LINEAR_LAYER.NORMED)) {
    const normed = ptr(args, LINEAR_LAYER.NORMED) + <usize>begin * dBytes;
    for (let r: usize = 0; r < <usize>rows; r++) copyFloats(normed + r * dBytes, copied + r * dStride, dBytes);
  }
  if (!library) takeThin(panels, d, e, thin);
  for (let i0 = 0; i0 < rows; i0 += together) {
    const i1 = min(rows, i0 + together);
    if (library) rowsByLibrary(rows, d, e, from, dStride, panels, true, ptr(args, LINEAR_LAYER.BIAS), strip, eStride);
    else multiplyStrip(i1 - i0, d, e, from + <usize>i0 * dStride, dStride, panels, thin, ptr(args, LINEAR_LAYER.BIAS), strip, eStride, scratch);
    for (let i = i0; i < i1; i++) {
      let z = strip + <usize>(i - i0) * eStride;
      const row = <usize>(begin + i);
      if (activation == RELU) reluRow(z, e);
      else if (activation == GELU) geluSlopeRow(z, slopes ? slopes + row * eStride : unused, (e + 7) & ~7);
      if (outputs == 1) {
        const y = ptr(args, LINEAR_LAYER.OUTPUTS) + row * eBytes;
        if (mask) timesRow(z, mask + <usize>i * eBytes, residual ? z : y, eBytes);
        if (residual) addRow(z, residual + row * eBytes, y, eBytes);
        else if (!mask) copyFloats(y, z, eBytes);
        continue;
      }
      if (mask) timesRow(z, mask + <usize>i * eBytes, z, eBytes);
      if (residual) addRow(z, residual + row * eBytes, z, eBytes);
      for (let o = 0; o < outputs; o++) {
        const width = ptr(args, LINEAR_LAYER.OUTPUTS + 1 + 2 * o) << 2;
        copyFloats(ptr(args, LINEAR_LAYER.OUTPUTS + 2 * o) + row * width, z, width);
        z += width;
      }
    }
  }
}

/**
 * The way back for a range of rows, `rows per block` at a time. With g the gradient of the map's result, from those
 * of its blocks of columns, dropout and activation: dn = g W, plus the gradient of the skip, and dx = dn or what the
 * norm makes of it; the task's part of g^T [n, 1], the gradients of W and b side by side, goes to `parts`.
 * args: `slots/linear-layer-grad.ts`
 */
export function linearLayerGrad(args: usize, task: i32): void {
  const d = int(args, LINEAR_LAYER_GRAD.D), e = int(args, LINEAR_LAYER_GRAD.E), block = int(args, LINEAR_LAYER_GRAD.BLOCK_ROWS);
  const activation = int(args, LINEAR_LAYER_GRAD.ACTIVATION), outputs = int(args, LINEAR_LAYER_GRAD.COUNT);
  const epsilon = flt(args, LINEAR_LAYER_GRAD.EPSILON);
  const first = task * int(args, LINEAR_LAYER_GRAD.PER_TASK), last = min(first + int(args, LINEAR_LAYER_GRAD.PER_TASK), int(args, LINEAR_LAYER_GRAD.ROWS));
  const panels = ptr(args, LINEAR_LAYER_GRAD.PACKED), kept = ptr(args, LINEAR_LAYER_GRAD.KEPT), bits = ptr(args, LINEAR_LAYER_GRAD.BITS), skip = ptr(args, LINEAR_LAYER_GRAD.SKIP);
  const dBytes = <usize>d << 2, eBytes = <usize>e << 2, partBytes = dBytes + 4;
  const gStride = rowStride(e), eStride = bufferStride(e), xStride = bufferStride(d + 1), dStride = bufferStride(d);
  const library = LIBRARY && int(args, LINEAR_LAYER_GRAD.LIBRARY) != 0;
  const together = library ? block : STRIP;
  const thin = after(scratch, TILE_BYTES);
  const strip = after(thin, 2 * eStride);
  const sums = after(strip, <usize>together * dStride);
  const tail = after(sums, <usize>(e + 6) * xStride);
  const gBuffer = after(tail, tailBytes(e));
  const copied = after(gBuffer, <usize>(block + STRIP) * gStride);
  const statistics = after(copied, <usize>(block + STRIP) * xStride);
  const masks = after(statistics, <usize>block << 3);
  after(masks, stripBytes(block * e));
  memory.fill(sums, 0, <usize>(e + 6) * xStride);
  memory.fill(tail, 0, tailBytes(e));
  if (!library) takeThin(panels, e, d, thin);
  const asIs = activation != RELU && activation != GELU && !int(args, LINEAR_LAYER_GRAD.DROPOUT) && outputs == 1 && liesReady(e);
  let g = gBuffer;
  for (let begin = first; begin < last; begin += block) {
    const rows = min(block, last - begin);
    const x = ptr(args, LINEAR_LAYER_GRAD.X) + <usize>begin * dBytes, dx = ptr(args, LINEAR_LAYER_GRAD.DX) + <usize>begin * dBytes;
    let offset: usize = 0;
    for (let o = 0; o < outputs; o++) {
      const width = ptr(args, LINEAR_LAYER_GRAD.OUTPUTS + 1 + 2 * o) << 2;
      const dy = ptr(args, LINEAR_LAYER_GRAD.OUTPUTS + 2 * o) + <usize>begin * width;
      touch(dy, width, rows, <i32>(width >> 2));
      if (asIs) g = dy;
      else for (let r: usize = 0; r < <usize>rows; r++) copyFloats(g + r * gStride + offset, dy + r * width, width);
      offset += width;
    }
    if (activation == RELU) {
      const scale = int(args, LINEAR_LAYER_GRAD.DROPOUT) ? v128.load32_splat(args, LINEAR_LAYER_GRAD.KEEP_SCALE << 2) : f32x4.splat(1);
      const from = kept + <usize>begin * eBytes;
      for (let r: usize = 0; r < <usize>rows; r++) openRow(g + r * gStride, from + r * eBytes, scale, eBytes);
    } else {
      if (int(args, LINEAR_LAYER_GRAD.DROPOUT)) {
        const mask = bits
          ? keptStrip(args, LINEAR_LAYER_GRAD.THRESHOLD, <u32>(begin * e), <u32>(rows * e), masks, bits)
          : dropoutStrip(args, LINEAR_LAYER_GRAD.THRESHOLD, <u32>(begin * e), <u32>(rows * e), masks, 0);
        for (let r: usize = 0; r < <usize>rows; r++) timesRow(g + r * gStride, mask + r * eBytes, g + r * gStride, eBytes);
      }
      if (activation == GELU) {
        const from = kept + <usize>begin * eStride;
        for (let r: usize = 0; r < <usize>rows; r++) timesRow(g + r * gStride, from + r * eStride, g + r * gStride, eBytes);
      }
    }
    touch(x, dBytes, rows, d);
    readRows(x, rows, d, copied, xStride, epsilon, statistics);
    for (let r: usize = 0; r < <usize>rows; r++) store<f32>(copied + r * xStride + dBytes, 1);
    for (let i0 = 0; i0 < rows; i0 += together) {
      const i1 = min(rows, i0 + together);
      if (library) rowsByLibrary(rows, e, d, g, gStride, panels, false, 0, strip, dStride);
      else multiplyStrip(i1 - i0, e, d, g + <usize>i0 * gStride, gStride, panels, thin, 0, strip, dStride, scratch);
      for (let i = i0; i < i1; i++) {
        const from = strip + <usize>(i - i0) * dStride, o = <usize>i * dBytes;
        const to = epsilon > 0 ? from : dx + o;
        if (skip) addRow(from, skip + <usize>begin * dBytes + o, to, dBytes);
        else if (to != from) copyFloats(to, from, dBytes);
        if (epsilon > 0) {
          const s = statistics + (<usize>i << 3);
          layerNormGradRow(x + o, from, dx + o, d, load<f32>(s), true, load<f32>(s, 4), 0);
        }
      }
    }
    if (library) addByLibrary(rows, e, d + 1, g, gStride, copied, xStride, sums, xStride);
    else addTransposed(rows, e, d + 1, g, gStride, copied, xStride, sums, xStride, tail);
  }
  if (!library) putTail(e, d + 1, tail, sums, xStride);
  const part = ptr(args, LINEAR_LAYER_GRAD.PARTS) + <usize>task * <usize>e * partBytes;
  for (let i: usize = 0; i < <usize>e; i++) copyFloats(part + i * partBytes, sums + i * xStride, partBytes);
}

/** Rows of tensors of so many columns may be multiplied where they lie: whole strips stay near the operand's end. */
// @ts-ignore: decorator
@inline
function liesReady(columns: i32): bool {
  const bytes = <usize>columns << 2;
  return rowStride(columns) == bytes && bytes <= 8192;
}

/**
 * Copies rows; where `epsilon` is not 0 their layer norm, and mean and scale of each row, eight bytes, to
 * `statistics` (0: not kept).
 */
function readRows(x: usize, rows: i32, d: i32, to: usize, stride: usize, epsilon: f32, statistics: usize): void {
  const bytes = <usize>d << 2;
  for (let r = 0; r < rows; r++, x += bytes, to += stride) {
    if (epsilon > 0) {
      const mean = rowMean(x, d), scale = rowScale(x, d, mean, epsilon);
      normalizeRow(x, to, d, mean, scale);
      if (statistics) {
        store<f32>(statistics, mean);
        store<f32>(statistics, scale, 4);
        statistics += 8;
      }
    } else {
      copyFloats(to, x, bytes);
    }
  }
}

/** z = max(z, 0) in a buffer of whole eights; NaN stays. */
// @ts-ignore: decorator
@inline
function reluRow(z: usize, n: i32): void {
  const zero = f32x4.splat(0);
  for (const end = z + (<usize>n << 2); z < end; z += 32) {
    const a = v128.load(z), b = v128.load(z, 16);
    const lower = v128.andnot(a, f32x4.lt(a, zero)), upper = v128.andnot(b, f32x4.lt(b, zero));
    v128.store(z, upper, 16); v128.store(z, lower);
  }
}

/** g = scale g where y is positive, else 0. */
// @ts-ignore: decorator
@inline
function openRow(g: usize, y: usize, scale: v128, bytes: usize): void {
  const zero = f32x4.splat(0);
  let i: usize = 0;
  for (; i + 32 <= bytes; i += 32) {
    const a = v128.and(f32x4.mul(scale, v128.load(g + i)), f32x4.gt(v128.load(y + i), zero));
    const b = v128.and(f32x4.mul(scale, v128.load(g + i, 16)), f32x4.gt(v128.load(y + i, 16), zero));
    v128.store(g + i, b, 16); v128.store(g + i, a);
  }
  const s = f32x4.extract_lane(scale, 0);
  for (; i < bytes; i += 4) store<f32>(g + i, load<f32>(y + i) > 0 ? s * load<f32>(g + i) : 0);
}
