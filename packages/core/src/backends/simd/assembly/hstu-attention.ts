// HSTU attention over jagged causal sequences with the relative attention bias inside:
// S = scale Q K^T + position[(j - i) + n - 1] + time[bucket(queryTime_i - keyTime_j)], O = sum_j silu(S) / normalizer v_j.
// Nothing of size N x N is stored: blocks of 256 x 256 scores live in each thread's scratch memory.
//
// args: 0 q, 1 k, 2 v, 3 out, 4 units, 5 H, 6 A, 7 C, 8 scale, 9 1 / normalizer, 10 positionWeights (0: none), 11 n,
//       12 timeWeights (0: none), 13 time buckets, 14 queryTimes, 15 keyTimes, 16 bucket cells, 17 cell shift,
//       18 dO, 19 dQ, 20 dK, 21 dV, 22 partial dPosition, 23 partial dTime, 24 groups (first unit of each)
// A unit is seven integers (of eight): first packed row of the sequence, first query, queries (forward) or length
// (backward), head or -1, the address and row stride of the sequence's time buckets, one byte each (0: made anew), and
// (forward) the row of q, out and queryTimes that belongs to the first query.
import { flt, int, madd, ptr, scratch, sumLanes } from './env';
import { sigmoid4, silu4 } from './math';
import { packColumns, packPanels, packRows } from './micro';
import {
  BIAS, BIAS_GRADS, BLOCK, BUCKETS, GRADS, HISTOGRAMS, HISTOGRAM_BUCKETS, PACKS, SCORES, STRIDE, TILE, panelBytes,
  productColumns, productPacked, productRows,
} from './attention-block';

// Bucket of a time difference, from the cells of `time-buckets.ts`.
// @ts-ignore: decorator
@inline
function bucketOf(queryTime: i32, keyTime: i32, cells: usize, shift: i32, first: i32): u32 {
  const difference = <i64>queryTime - <i64>keyTime;
  const x = <u32>max<i64>(difference < 0 ? -difference : difference, 1);
  const cell = cells + (<usize>((reinterpret<i32>(<f32>x) >> shift) - first) << 3);
  return load<u32>(cell, 4) + <u32>(x >= load<u32>(cell));
}

/** One task: the buckets of a unit's queries against all keys up to their own, one byte each. Every layer reads them. */
export function bucketRows(args: usize, task: i32): void {
  const unit = ptr(args, 4) + (<usize>task << 5);
  const start = <usize>load<u32>(unit);
  const q0 = load<i32>(unit, 4), rows = load<i32>(unit, 8);
  const shift = int(args, 17), first = 127 << (23 - shift);
  const keyTimes = ptr(args, 15) + (start << 2);
  for (let i = q0; i < q0 + rows; i++) {
    const queryTime = load<i32>(ptr(args, 14) + ((start + <usize>i) << 2));
    const row = <usize>load<u32>(unit, 16) + <usize>i * <usize>load<u32>(unit, 20);
    for (let j: usize = 0; j <= <usize>i; j++) {
      store<u8>(row + j, <u8>bucketOf(queryTime, load<i32>(keyTimes + (j << 2)), ptr(args, 16), shift, first));
    }
  }
}

/**
 * Bias of a block: rows are queries q0 .. q0 + rows, columns keys k0 .. k0 + columns, both positions in the sequence.
 * Only columns up to the diagonal (rounded up to a panel) are meaningful. Buckets made here are kept for the backward pass.
 */
function biasBlock(args: usize, unit: usize, q0: i32, rows: i32, k0: i32, columns: i32, queryRow: usize): void {
  const start = <usize>load<u32>(unit);
  const made = <usize>load<u32>(unit, 16), madeStride = <usize>load<u32>(unit, 20);
  const position = ptr(args, 10), time = ptr(args, 12);
  const n = int(args, 11);
  const shift = int(args, 17), first = 127 << (23 - shift);
  for (let i = 0; i < rows; i++) {
    const valid = min(columns, q0 + i - k0 + 1);
    const wide = (valid + 7) & ~7;
    const row = scratch + BIAS + <usize>i * STRIDE;
    if (position) {
      const p = position + (<usize>(n - 1 - q0 - i + k0) << 2);
      for (let j: usize = 0; j < <usize>wide << 2; j += 32) {
        v128.store(row + j, v128.load(p + j));
        v128.store(row + j, v128.load(p + j, 16), 16);
      }
    } else {
      memory.fill(row, 0, <usize>wide << 2);
    }
    if (!time) continue;
    if (made) {
      const b = made + <usize>(q0 + i) * madeStride + <usize>k0;
      for (let j: usize = 0; j < <usize>valid; j += 4) {
        let w = v128.load32_zero(time + (<usize>load<u8>(b + j) << 2));
        w = v128.load32_lane(time + (<usize>load<u8>(b + j, 1) << 2), w, 1);
        w = v128.load32_lane(time + (<usize>load<u8>(b + j, 2) << 2), w, 2);
        w = v128.load32_lane(time + (<usize>load<u8>(b + j, 3) << 2), w, 3);
        const r = row + (j << 2);
        v128.store(r, f32x4.add(v128.load(r), w));
      }
    } else {
      const queryTime = load<i32>(ptr(args, 14) + ((queryRow + <usize>i) << 2));
      const keyTimes = ptr(args, 15) + ((start + <usize>k0) << 2);
      const buckets = scratch + BUCKETS + <usize>i * (STRIDE >> 1);
      for (let j: usize = 0; j < <usize>valid; j++) {
        const bucket = bucketOf(queryTime, load<i32>(keyTimes + (j << 2)), ptr(args, 16), shift, first);
        store<u16>(buckets + (j << 1), <u16>bucket);
        const r = row + (j << 2);
        store<f32>(r, load<f32>(r) + load<f32>(time + (<usize>bucket << 2)));
      }
    }
  }
}

/** One task: one chunk of up to 256 queries of one sequence, every head (or the unit's head). */
export function hstuForward(args: usize, task: i32): void {
  const unit = ptr(args, 4) + (<usize>task << 5);
  const start = <usize>load<u32>(unit);
  const q0 = load<i32>(unit, 4), rows = load<i32>(unit, 8);
  const queryRow = <usize>load<u32>(unit, 24);
  const heads = int(args, 5), a = int(args, 6), c = int(args, 7);
  const scale = f32x4.splat(flt(args, 8)), inverse = f32x4.splat(flt(args, 9));
  const hasBias = ptr(args, 10) != 0 || ptr(args, 12) != 0;
  const qStride = <usize>heads * <usize>a * 4, vStride = <usize>heads * <usize>c * 4;
  const tile = scratch + TILE, scores = scratch + SCORES;
  const qPack = scratch + PACKS;
  const kPack = qPack + panelBytes(BLOCK + 8, a);
  const vPack = kPack + panelBytes(BLOCK, a);
  for (let k0 = 0; k0 < q0 + rows; k0 += BLOCK) {
    const columns = min(BLOCK, q0 + rows - k0);
    if (hasBias) biasBlock(args, unit, q0, rows, k0, columns, queryRow);
    for (let h = 0; h < heads; h++) {
      const ho = <usize>h * <usize>a * 4, hv = <usize>h * <usize>c * 4;
      packPanels(ptr(args, 0) + queryRow * qStride + ho, qStride, rows, a, qPack);
      packRows(ptr(args, 1) + (start + <usize>k0) * qStride + ho, qStride, columns, a, kPack);
      packColumns(ptr(args, 2) + (start + <usize>k0) * vStride + hv, vStride, columns, c, vPack);
      const out = ptr(args, 3) + queryRow * vStride + hv;
      for (let i = 0; i < rows; i += 6) {
        const tall = min(6, rows - i);
        const reach = min(columns, q0 + i + tall - k0);
        const wide = (reach + 7) & ~7;
        productPacked(qPack + <usize>i * <usize>a * 4, kPack, scores, wide, a);
        for (let r = 0; r < tall; r++) {
          const valid = min(columns, q0 + i + r - k0 + 1);
          const row = scores + <usize>r * STRIDE;
          siluRow(row, scratch + BIAS + <usize>(i + r) * STRIDE, hasBias, (valid + 7) & ~7, scale, inverse);
          for (let j = valid; j < wide; j++) store<f32>(row + (<usize>j << 2), 0);
        }
        productRows(scores, vPack, columns, out + <usize>i * vStride, vStride, tall, c, reach, tile);
      }
    }
  }
}

// P = silu(scale S + bias) / normalizer, in place.
// @ts-ignore: decorator
@inline
function siluRow(row: usize, bias: usize, hasBias: bool, n: i32, scale: v128, inverse: v128): void {
  for (let j: usize = 0; j < <usize>n << 2; j += 32) {
    let s0 = f32x4.mul(v128.load(row + j), scale);
    let s1 = f32x4.mul(v128.load(row + j, 16), scale);
    if (hasBias) {
      s0 = f32x4.add(s0, v128.load(bias + j));
      s1 = f32x4.add(s1, v128.load(bias + j, 16));
    }
    v128.store(row + j, f32x4.mul(silu4(s0), inverse));
    v128.store(row + j, f32x4.mul(silu4(s1), inverse), 16);
  }
}

/** One task: a group of units; a unit is a whole sequence, for all heads or one. Outputs are zeroed by the caller. */
export function hstuBackward(args: usize, task: i32): void {
  const groups = ptr(args, 24) + (<usize>task << 2);
  for (let u = load<i32>(groups); u < load<i32>(groups, 4); u++) backwardUnit(args, ptr(args, 4) + (<usize>u << 5), task);
}

function backwardUnit(args: usize, unit: usize, group: i32): void {
  const start = <usize>load<u32>(unit);
  const length = load<i32>(unit, 8);
  const onlyHead = load<i32>(unit, 12);
  const heads = int(args, 5), a = int(args, 6), c = int(args, 7);
  const hasBias = ptr(args, 10) != 0 || ptr(args, 12) != 0;
  const qStride = <usize>heads * <usize>a * 4, vStride = <usize>heads * <usize>c * 4;
  const scaleValue = flt(args, 8);
  const scale = f32x4.splat(scaleValue), inverse = f32x4.splat(flt(args, 9));
  const tile = scratch + TILE, scores = scratch + SCORES, grads = scratch + GRADS;
  const qPack = scratch + PACKS; // Q as panels of six rows
  const kPack = qPack + panelBytes(BLOCK + 8, a); // K^T
  const vPack = kPack + panelBytes(BLOCK, a); // V^T
  const oPack = vPack + panelBytes(BLOCK, c); // dO as panels of six rows
  const kRows = oPack + panelBytes(BLOCK + 8, c); // K
  const qRows = kRows + panelBytes(BLOCK, a); // Q
  const oRows = qRows + panelBytes(BLOCK, a); // dO
  const times = int(args, 13);
  if (hasBias && times <= HISTOGRAM_BUCKETS) memory.fill(scratch + HISTOGRAMS, 0, <usize>times << 4);
  for (let q0 = 0; q0 < length; q0 += BLOCK) {
    const rows = min(BLOCK, length - q0);
    for (let k0 = 0; k0 <= q0; k0 += BLOCK) {
      const columns = min(BLOCK, q0 + rows - k0);
      if (hasBias) {
        biasBlock(args, unit, q0, rows, k0, columns, start + <usize>q0);
        memory.fill(scratch + BIAS_GRADS, 0, <usize>rows * STRIDE);
      }
      for (let h = max(0, onlyHead); h < (onlyHead < 0 ? heads : onlyHead + 1); h++) {
        const qo = (start + <usize>q0) * qStride + <usize>h * <usize>a * 4;
        const ko = (start + <usize>k0) * qStride + <usize>h * <usize>a * 4;
        const oo = (start + <usize>q0) * vStride + <usize>h * <usize>c * 4;
        const vo = (start + <usize>k0) * vStride + <usize>h * <usize>c * 4;
        packPanels(ptr(args, 0) + qo, qStride, rows, a, qPack);
        packRows(ptr(args, 1) + ko, qStride, columns, a, kPack);
        packRows(ptr(args, 2) + vo, vStride, columns, c, vPack);
        packPanels(ptr(args, 18) + oo, vStride, rows, c, oPack);
        packColumns(ptr(args, 1) + ko, qStride, columns, a, kRows);
        packColumns(ptr(args, 0) + qo, qStride, rows, a, qRows);
        packColumns(ptr(args, 18) + oo, vStride, rows, c, oRows);
        for (let i = 0; i < rows; i += 6) {
          const tall = min(6, rows - i);
          const reach = min(columns, q0 + i + tall - k0);
          const wide = (reach + 7) & ~7;
          const s = scores + <usize>i * STRIDE, g = grads + <usize>i * STRIDE;
          productPacked(qPack + <usize>i * <usize>a * 4, kPack, s, wide, a);
          productPacked(oPack + <usize>i * <usize>c * 4, vPack, g, wide, c);
          for (let r = 0; r < tall; r++) {
            const valid = min(columns, q0 + i + r - k0 + 1);
            const ro = <usize>(i + r) * STRIDE;
            siluGradRow(scores + ro, grads + ro, scratch + BIAS + ro, scratch + BIAS_GRADS + ro, hasBias, valid, scale, inverse);
            // Eight spare columns are zeroed too: a group of six keys may reach past the last written panel.
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
      if (hasBias) biasGradBlock(args, unit, group, q0, rows, k0, columns);
    }
  }
  if (hasBias && ptr(args, 12) && times <= HISTOGRAM_BUCKETS) addHistograms(ptr(args, 23) + <usize>group * <usize>times * 4, times);
}

// S -> P, dP -> scale dS with dS = dP silu'(S) / normalizer; dS is also added to the block's bias gradient.
function siluGradRow(
  s: usize, g: usize, bias: usize, biasGrad: usize, hasBias: bool, valid: i32, scale: v128, inverse: v128,
): void {
  const one = f32x4.splat(1);
  for (let j: usize = 0; j < <usize>valid << 2; j += 16) {
    let x = f32x4.mul(v128.load(s + j), scale);
    if (hasBias) x = f32x4.add(x, v128.load(bias + j));
    const sigma = sigmoid4(x);
    const xs = f32x4.mul(x, sigma);
    v128.store(s + j, f32x4.mul(xs, inverse));
    const slope = madd(xs, f32x4.sub(one, sigma), sigma);
    const d = f32x4.mul(f32x4.mul(v128.load(g + j), slope), inverse);
    v128.store(g + j, f32x4.mul(d, scale));
    if (hasBias) v128.store(biasGrad + j, f32x4.add(v128.load(biasGrad + j), d));
  }
}

/**
 * Adds a block's bias gradient to this group's sums by position, and by bucket to four histograms in scratch: neighbours
 * often share a bucket, and one histogram would wait for its own last addition.
 */
function biasGradBlock(args: usize, unit: usize, group: i32, q0: i32, rows: i32, k0: i32, columns: i32): void {
  const n = int(args, 11), times = int(args, 13);
  const made = <usize>load<u32>(unit, 16), madeStride = <usize>load<u32>(unit, 20);
  const position = ptr(args, 10) ? ptr(args, 22) + <usize>group * <usize>(2 * n - 1) * 4 : 0;
  const hasTime = ptr(args, 12) != 0;
  const small = times <= HISTOGRAM_BUCKETS;
  const histogram = small ? scratch + HISTOGRAMS : ptr(args, 23) + <usize>group * <usize>times * 4;
  for (let i = 0; i < rows; i++) {
    const valid = <usize>min(columns, q0 + i - k0 + 1);
    const d = scratch + BIAS_GRADS + <usize>i * STRIDE;
    if (position) {
      const p = position + (<usize>(n - 1 - q0 - i + k0) << 2);
      const whole = (valid & ~3) << 2;
      let j: usize = 0;
      for (; j < whole; j += 16) v128.store(p + j, f32x4.add(v128.load(p + j), v128.load(d + j)));
      for (; j < valid << 2; j += 4) store<f32>(p + j, load<f32>(p + j) + load<f32>(d + j));
    }
    if (!hasTime) continue;
    if (made) {
      const b = made + <usize>(q0 + i) * madeStride + <usize>k0;
      for (let j: usize = 0; j < valid; j++) {
        const t = histogram + (<usize>load<u8>(b + j) << 4) + ((j & 3) << 2);
        store<f32>(t, load<f32>(t) + load<f32>(d + (j << 2)));
      }
    } else {
      const buckets = scratch + BUCKETS + <usize>i * (STRIDE >> 1);
      for (let j: usize = 0; j < valid; j++) {
        const bucket = <usize>load<u16>(buckets + (j << 1));
        const t = histogram + (small ? (bucket << 4) + ((j & 3) << 2) : bucket << 2);
        store<f32>(t, load<f32>(t) + load<f32>(d + (j << 2)));
      }
    }
  }
}

function addHistograms(out: usize, times: i32): void {
  for (let i: usize = 0; i < <usize>times; i++) {
    const o = out + (i << 2);
    store<f32>(o, load<f32>(o) + sumLanes(v128.load(scratch + HISTOGRAMS + (i << 4))));
  }
}
