// Causal softmax attention over jagged sequences, blocks of 256 keys with a running maximum (online softmax).
// Dropout on the probabilities comes from the counter-based stream and is made again in the backward pass.
//
// args: 0 q, 1 k, 2 v, 3 out, 4 units, 5 H, 6 A, 7 C, 8 scale, 9 logSumExp, 10 threshold, 11 1 / (1 - rate), 12 k0, 13 k1,
//       14 step, 15 dropout?, 18 dO, 19 dQ, 20 dK, 21 dV, 24 groups
import { dot, flt, int, maxLanes, ptr, scratch, sumLanes } from './env';
import { expNegative1, expNegative4, log1 } from './math';
import { packColumns, packPanels, packRows } from './micro';
import { keySchedule, philox16 } from './random';
import {
  BLOCK, GRADS, PACKS, ROWS, SCORES, STRIDE, TILE, panelBytes, productColumns, productPacked, productRows,
} from './attention-block';

/**
 * Dropout factors (0 or 1 / (1 - rate)) of `columns` keys from k0 on, for packed query row `t`, head `h`. k0 is a multiple of 16; up to 15 more
 * factors than asked for are written. */
function dropoutRow(args: usize, t: u32, h: i32, k0: i32, columns: i32, out: usize): void {
  const threshold = i32x4.splat(int(args, 10));
  const scale = f32x4.splat(flt(args, 11));
  const row = t * <u32>int(args, 5) + <u32>h;
  const words = scratch + TILE + 512, keys = scratch + TILE + 640;
  keySchedule(<u32>int(args, 12), <u32>int(args, 13), keys);
  for (let j = 0; j < columns; j += 16) {
    philox16(<u32>(k0 + j) >> 2, row, <u32>int(args, 14), 1, keys, words);
    for (let w: usize = 0; w < 64; w += 16) {
      v128.store(out + (<usize>j << 2) + w, v128.and(scale, i32x4.ge_u(v128.load(words + w), threshold)));
    }
  }
}

export function softmaxForward(args: usize, task: i32): void {
  const unit = ptr(args, 4) + (<usize>task << 5);
  const start = <usize>load<u32>(unit);
  const q0 = load<i32>(unit, 4), rows = load<i32>(unit, 8);
  const queryRow = <usize>load<u32>(unit, 24);
  const heads = int(args, 5), a = int(args, 6), c = int(args, 7);
  const scale = flt(args, 8);
  const hasDropout = int(args, 15) != 0;
  const qStride = <usize>heads * <usize>a * 4, vStride = <usize>heads * <usize>c * 4;
  const tile = scratch + TILE, scores = scratch + SCORES;
  const maxima = scratch + ROWS, sums = scratch + ROWS + 1024 + 64;
  const qPack = scratch + PACKS;
  const kPack = qPack + panelBytes(BLOCK + 8, a);
  const vPack = kPack + panelBytes(BLOCK, a);
  for (let h = 0; h < heads; h++) {
    const out = ptr(args, 3) + queryRow * vStride + <usize>h * <usize>c * 4;
    packPanels(ptr(args, 0) + queryRow * qStride + <usize>h * <usize>a * 4, qStride, rows, a, qPack);
    for (let i: usize = 0; i < <usize>rows; i++) {
      store<f32>(maxima + (i << 2), -Infinity);
      store<f32>(sums + (i << 2), 0);
    }
    for (let k0 = 0; k0 < q0 + rows; k0 += BLOCK) {
      const columns = min(BLOCK, q0 + rows - k0);
      packRows(ptr(args, 1) + (start + <usize>k0) * qStride + <usize>h * <usize>a * 4, qStride, columns, a, kPack);
      packColumns(ptr(args, 2) + (start + <usize>k0) * vStride + <usize>h * <usize>c * 4, vStride, columns, c, vPack);
      for (let i = 0; i < rows; i += 6) {
        const tall = min(6, rows - i);
        const reach = min(columns, q0 + i + tall - k0);
        const wide = (reach + 7) & ~7;
        productPacked(qPack + <usize>i * <usize>a * 4, kPack, scores, wide, a);
        for (let r = 0; r < tall; r++) {
          const valid = min(columns, q0 + i + r - k0 + 1);
          const row = scores + <usize>r * STRIDE;
          const o = <usize>(i + r) << 2;
          const rescale = softmaxRow(row, valid, wide, scale, maxima + o, sums + o);
          const y = out + <usize>(i + r) * vStride;
          if (k0 == 0) {
            memory.fill(y, 0, <usize>c << 2);
          } else if (rescale != 1) {
            for (let j: usize = 0; j < <usize>c << 2; j += 4) store<f32>(y + j, load<f32>(y + j) * rescale);
          }
          if (hasDropout) {
            const mask = scratch + GRADS;
            dropoutRow(args, <u32>queryRow + <u32>(i + r), h, k0, valid, mask);
            for (let j: usize = 0; j < <usize>wide << 2; j += 16) {
              v128.store(row + j, f32x4.mul(v128.load(row + j), v128.load(mask + j)));
            }
            for (let j = valid; j < wide; j++) store<f32>(row + (<usize>j << 2), 0);
          }
        }
        productRows(scores, vPack, columns, out + <usize>i * vStride, vStride, tall, c, reach, tile);
      }
    }
    for (let i = 0; i < rows; i++) {
      const o = <usize>i << 2;
      const sum = load<f32>(sums + o);
      const inverse: f32 = 1 / sum;
      const y = out + <usize>i * vStride;
      for (let j: usize = 0; j < <usize>c << 2; j += 4) store<f32>(y + j, load<f32>(y + j) * inverse);
      const lse = load<f32>(maxima + o) + log1(sum);
      store<f32>(ptr(args, 9) + (((queryRow + <usize>i) * <usize>heads + <usize>h) << 2), lse);
    }
  }
}

/** S -> exp(scale S - max), zeros past `valid`; updates the running maximum and sum; returns the factor for what came before. */
function softmaxRow(row: usize, valid: i32, wide: i32, scale: f32, maximum: usize, sum: usize): f32 {
  for (let j = valid; j < wide; j++) store<f32>(row + (<usize>j << 2), -Infinity);
  const factor = f32x4.splat(scale);
  let top = f32x4.splat(-Infinity);
  for (let j: usize = 0; j < <usize>wide << 2; j += 16) {
    const s = f32x4.mul(v128.load(row + j), factor);
    v128.store(row + j, s);
    top = f32x4.max(top, s);
  }
  // A negative scale would turn the -Infinity padding into +Infinity: scales are positive (checked by the caller).
  const before = load<f32>(maximum);
  const after = max(before, maxLanes(top));
  const shift = f32x4.splat(after);
  let total = f32x4.splat(0);
  for (let j: usize = 0; j < <usize>wide << 2; j += 16) {
    const p = expNegative4(f32x4.sub(v128.load(row + j), shift));
    v128.store(row + j, p);
    total = f32x4.add(total, p);
  }
  const rescale = before == -Infinity ? <f32>0 : expNegative1(before - after);
  store<f32>(maximum, after);
  store<f32>(sum, load<f32>(sum) * rescale + sumLanes(total));
  return rescale;
}

export function softmaxBackward(args: usize, task: i32): void {
  const groups = ptr(args, 24) + (<usize>task << 2);
  for (let u = load<i32>(groups); u < load<i32>(groups, 4); u++) backwardUnit(args, ptr(args, 4) + (<usize>u << 5));
}

function backwardUnit(args: usize, unit: usize): void {
  const start = <usize>load<u32>(unit);
  const length = load<i32>(unit, 8);
  const onlyHead = load<i32>(unit, 12);
  const heads = int(args, 5), a = int(args, 6), c = int(args, 7);
  const hasDropout = int(args, 15) != 0;
  const qStride = <usize>heads * <usize>a * 4, vStride = <usize>heads * <usize>c * 4;
  const scale = flt(args, 8);
  const tile = scratch + TILE, scores = scratch + SCORES, grads = scratch + GRADS;
  const qPack = scratch + PACKS;
  const kPack = qPack + panelBytes(BLOCK + 8, a);
  const vPack = kPack + panelBytes(BLOCK, a);
  const oPack = vPack + panelBytes(BLOCK, c);
  const kRows = oPack + panelBytes(BLOCK + 8, c);
  const qRows = kRows + panelBytes(BLOCK, a);
  const oRows = qRows + panelBytes(BLOCK, a);
  for (let h = max(0, onlyHead); h < (onlyHead < 0 ? heads : onlyHead + 1); h++) {
    for (let q0 = 0; q0 < length; q0 += BLOCK) {
      const rows = min(BLOCK, length - q0);
      const qo = (start + <usize>q0) * qStride + <usize>h * <usize>a * 4;
      const oo = (start + <usize>q0) * vStride + <usize>h * <usize>c * 4;
      packPanels(ptr(args, 0) + qo, qStride, rows, a, qPack);
      packColumns(ptr(args, 0) + qo, qStride, rows, a, qRows);
      packPanels(ptr(args, 18) + oo, vStride, rows, c, oPack);
      packColumns(ptr(args, 18) + oo, vStride, rows, c, oRows);
      for (let k0 = 0; k0 <= q0; k0 += BLOCK) {
        const columns = min(BLOCK, q0 + rows - k0);
        const ko = (start + <usize>k0) * qStride + <usize>h * <usize>a * 4;
        const vo = (start + <usize>k0) * vStride + <usize>h * <usize>c * 4;
        packRows(ptr(args, 1) + ko, qStride, columns, a, kPack);
        packRows(ptr(args, 2) + vo, vStride, columns, c, vPack);
        packColumns(ptr(args, 1) + ko, qStride, columns, a, kRows);
        for (let i = 0; i < rows; i += 6) {
          const tall = min(6, rows - i);
          const reach = min(columns, q0 + i + tall - k0);
          const wide = (reach + 7) & ~7;
          const s = scores + <usize>i * STRIDE, g = grads + <usize>i * STRIDE;
          productPacked(qPack + <usize>i * <usize>a * 4, kPack, s, wide, a);
          productPacked(oPack + <usize>i * <usize>c * 4, vPack, g, wide, c);
          for (let r = 0; r < tall; r++) {
            const valid = min(columns, q0 + i + r - k0 + 1);
            const t = start + <usize>(q0 + i + r);
            const ro = <usize>(i + r) * STRIDE;
            const mask = scratch + TILE + 1024; // the bias block's place: this kernel has no bias
            if (hasDropout) dropoutRow(args, <u32>t, h, k0, valid, mask);
            const y = t * vStride + <usize>h * <usize>c * 4;
            const mean = dot(ptr(args, 18) + y, ptr(args, 3) + y, c);
            const lse = load<f32>(ptr(args, 9) + ((t * <usize>heads + <usize>h) << 2));
            softmaxGradRow(scores + ro, grads + ro, mask, hasDropout, valid, scale, lse, mean);
            for (let j = valid; j < wide + 8; j++) {
              store<f32>(scores + ro + (<usize>j << 2), 0);
              store<f32>(grads + ro + (<usize>j << 2), 0);
            }
          }
          productRows(g, kRows, columns, ptr(args, 19) + qo + <usize>i * qStride, qStride, tall, a, reach, tile);
        }
        for (let j = 0; j < columns; j += 6) {
          const keys = min(6, columns - j);
          const from = max(0, k0 + j - q0);
          const at = <usize>j << 2;
          productColumns(scores + at, oRows, ptr(args, 21) + vo + <usize>j * vStride, vStride, keys, c, from, rows, tile);
          productColumns(grads + at, qRows, ptr(args, 20) + ko + <usize>j * qStride, qStride, keys, a, from, rows, tile);
        }
      }
    }
  }
}

// S -> dropped P; dP -> scale P (dropped dP - mean), mean = dO . O of the row.
function softmaxGradRow(s: usize, g: usize, mask: usize, hasDropout: bool, valid: i32, scale: f32, lse: f32, mean: f32): void {
  const factor = f32x4.splat(scale), shift = f32x4.splat(lse), center = f32x4.splat(mean);
  for (let j: usize = 0; j < <usize>valid << 2; j += 16) {
    const p = expNegative4(f32x4.sub(f32x4.mul(v128.load(s + j), factor), shift));
    let d = v128.load(g + j);
    let kept = p;
    if (hasDropout) {
      const m = v128.load(mask + j);
      d = f32x4.mul(d, m);
      kept = f32x4.mul(p, m);
    }
    v128.store(s + j, kept);
    v128.store(g + j, f32x4.mul(f32x4.mul(p, f32x4.sub(d, center)), factor));
  }
}
