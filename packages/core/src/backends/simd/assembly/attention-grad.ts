// The backward pass of both attentions, by blocks of keys: a unit owns a range of keys of one head of one sequence, hence
// their dK and dV; its part of dQ goes, transposed, to memory of its own, and `attentionQueryGrad` adds the parts in order.
// The scores are made again. Constant factors (scale, 1 / normalizer) are applied when the sums are stored.
//
// args: as in the forward kernels, and 18 dO, 19 dQ, 20 dK, 21 dV, 22 sums by distance, 23 sums by bucket (a set for each
//       group), 24 groups (first unit of each), 25 length of a set of sums by distance
// A unit is eight integers: first packed row of the sequence, first key, end of the keys, head, time buckets (0: made anew),
// length of the sequence, address of its part of dQ.
import { addBucketGradients, addDistanceGradients, biasPanel, foldHistogram, HISTOGRAM_BUCKETS, keptPanel, makeBuckets } from './attention-bias';
import { dropPanel } from './attention-dropout';
import { LOG2E, siluGradRow, softmaxGradRow } from './attention-math';
import { NEAR, PANEL, maskPanel, packPlain, packQueries, panelBytes, rowBytes, scorePanel, storePanel, sumPanel } from './attention-tile';
import { dot, flt, int, ptr, scratch } from './env';
import { narrowRows } from './micro';
import { TILE_BYTES, tileRows } from './tile';

/** Keys and queries of a block; a row of scores is a key. */
const KEYS: i32 = 96;
const QUERIES: i32 = 64;
const STRIDE: usize = <usize>QUERIES * 4;
const SQUARE: usize = <usize>KEYS * STRIDE;

const SCORES: usize = TILE_BYTES;
const GRADS: usize = SCORES + SQUARE;
const BIAS: usize = GRADS + SQUARE;
const BUCKETS: usize = BIAS + SQUARE;
const HISTOGRAM: usize = BUCKETS + SQUARE / 2;
const PACKS: usize = HISTOGRAM + <usize>HISTOGRAM_BUCKETS * 64;
/** Softmax has no buckets: dropout factors by query, and two floats for each query, lie in their place. */
const DROPS: usize = BUCKETS;
const SHIFTS: usize = HISTOGRAM;
const DELTAS: usize = SHIFTS + STRIDE;

// @ts-ignore: decorator
@inline
function sumBytes(width: i32): usize {
  return <usize>((width + 15) & ~15) << 2;
}

export function hstuBackward(args: usize, task: i32): void {
  const groups = ptr(args, 24) + (<usize>task << 2);
  const times = int(args, 13);
  const histogram = ptr(args, 12) != 0 && times <= HISTOGRAM_BUCKETS;
  if (histogram) memory.fill(scratch + HISTOGRAM, 0, <usize>times << 6);
  for (let u = load<i32>(groups); u < load<i32>(groups, 4); u++) backwardUnit(args, ptr(args, 4) + (<usize>u << 5), task, false);
  if (histogram) foldHistogram(scratch + HISTOGRAM, times, ptr(args, 23) + <usize>task * <usize>times * 4);
}

export function softmaxBackward(args: usize, task: i32): void {
  const groups = ptr(args, 24) + (<usize>task << 2);
  for (let u = load<i32>(groups); u < load<i32>(groups, 4); u++) backwardUnit(args, ptr(args, 4) + (<usize>u << 5), task, true);
}

function backwardUnit(args: usize, unit: usize, group: i32, softmax: bool): void {
  const start = <usize>load<u32>(unit);
  const firstKey = load<i32>(unit, 4), endKey = load<i32>(unit, 8), head = load<i32>(unit, 12);
  const kept = <usize>load<u32>(unit, 16);
  const length = load<i32>(unit, 20);
  const heads = int(args, 5), a = int(args, 6), c = int(args, 7);
  const hasBias = !softmax && ptr(args, 10) != 0, hasTime = !softmax && ptr(args, 12) != 0;
  const hasDropout = softmax && int(args, 15) != 0;
  const scale = flt(args, 8), inverse = softmax ? <f32>1 : flt(args, 9);
  const qStride = <usize>heads * <usize>a * 4, vStride = <usize>heads * <usize>c * 4;
  const aFar = qStride > NEAR, cFar = vStride > NEAR;
  const aRow = aFar ? rowBytes(a) : qStride, cRow = cFar ? rowBytes(c) : vStride;
  const aSum = sumBytes(a), cSum = sumBytes(c);
  const dK = scratch + PACKS, dV = dK + <usize>KEYS * aSum; // sums of a block of keys
  const qPack = dV + <usize>KEYS * cSum, oPack = qPack + (<usize>(QUERIES * a) << 2); // transposed panels
  const kPack = oPack + (<usize>(QUERIES * c) << 2), vPack = kPack + <usize>KEYS * rowBytes(a);
  const qFar = vPack + <usize>KEYS * rowBytes(c), oFar = qFar + <usize>QUERIES * rowBytes(a);
  const scores = scratch + SCORES, grads = scratch + GRADS;
  const firstPanel = firstKey / PANEL;
  const qBase = ptr(args, 0) + start * qStride + <usize>(head * a) * 4;
  const kBase = ptr(args, 1) + start * qStride + <usize>(head * a) * 4;
  const vBase = ptr(args, 2) + start * vStride + <usize>(head * c) * 4;
  const oBase = ptr(args, 18) + start * vStride + <usize>(head * c) * 4;
  for (let k0 = firstKey; k0 < endKey; k0 += KEYS) {
    const keys = min(KEYS, endKey - k0);
    let kRows = kBase + <usize>k0 * qStride, vRows = vBase + <usize>k0 * vStride;
    if (aFar) { packPlain(kRows, qStride, keys, a, kPack); kRows = kPack; }
    if (cFar) { packPlain(vRows, vStride, keys, c, vPack); vRows = vPack; }
    memory.fill(dK, 0, <usize>KEYS * (aSum + cSum));
    for (let q0 = k0 & ~(PANEL - 1); q0 < length; q0 += QUERIES) {
      const rows = min(QUERIES, length - q0);
      const panels = (rows + PANEL - 1) / PANEL;
      let qRows = qBase + <usize>q0 * qStride, oRows = oBase + <usize>q0 * vStride;
      packQueries(qRows, qStride, rows, a, qPack);
      packQueries(oRows, vStride, rows, c, oPack);
      if (aFar) { packPlain(qRows, qStride, rows, a, qFar); qRows = qFar; }
      if (cFar) { packPlain(oRows, vStride, rows, c, oFar); oRows = oFar; }
      if (softmax) queryFactors(args, start + <usize>q0, head, rows);
      for (let p = 0; p < panels; p++) {
        const query = q0 + p * PANEL, at = <usize>p << 6;
        const reach = min(keys, query + PANEL - k0);
        if (hasDropout) dropPanel(args, <u32>start + <u32>query, head, min(PANEL, length - query), k0, reach, scratch + BIAS + at, STRIDE, scratch + DROPS);
        if (hasBias) {
          let buckets = scratch + BUCKETS + <usize>(p * KEYS) * 32;
          if (hasTime && kept == 0) makeBuckets(args, start + <usize>query, start + <usize>k0, reach, min(PANEL, length - query), buckets);
          else buckets = keptPanel(kept, query / PANEL) + (<usize>k0 << 4);
          biasPanel(args, query, k0, reach, buckets, kept == 0, scratch + BIAS + at, STRIDE);
        }
        scorePanel(kRows, aRow, qPack + (<usize>(p * a) << 6), a, reach, scores + at, STRIDE, scratch);
        scorePanel(vRows, cRow, oPack + (<usize>(p * c) << 6), c, reach, grads + at, STRIDE, scratch);
      }
      for (let j = 0; j < min(keys, q0 + rows - k0); j++) {
        const from = max(0, k0 + j - q0) & ~(PANEL - 1);
        const row = <usize>j * STRIDE + (<usize>from << 2);
        const n = panels * PANEL - from;
        if (softmax) {
          const query = <usize>from << 2;
          softmaxGradRow(
            scores + row, grads + row, scratch + BIAS + row, hasDropout, n, scale, scratch + SHIFTS + query, scratch + DELTAS + query,
          );
        } else {
          siluGradRow(scores + row, grads + row, scratch + BIAS + row, hasBias, n, scale);
        }
      }
      for (let p = 0; p < panels; p++) {
        const query = q0 + p * PANEL, at = <usize>p << 6;
        const reach = min(keys, query + PANEL - k0);
        // Whole groups of six keys: `addKeys` reads them.
        maskPanel(scores + at, STRIDE, query, k0, (reach + 5) / 6 * 6, PANEL, 0);
        maskPanel(grads + at, STRIDE, query, k0, (reach + 5) / 6 * 6, PANEL, 0);
        if (query + PANEL > length) clearTail(grads + at, reach, length - query);
        sumPanel(
          kRows, aRow, a, reach, grads + at, STRIDE,
          <usize>load<u32>(unit, 24) + <usize>(query / PANEL - firstPanel) * panelBytes(a), k0 == firstKey, scratch,
        );
      }
      for (let j = 0; j < keys; j += 6) {
        const from = max(0, k0 + j - q0) & ~(PANEL - 1);
        if (from >= rows) break;
        const row = <usize>j * STRIDE + (<usize>from << 2);
        addKeys(scores + row, oRows + <usize>from * cRow, cRow, c, rows - from, dV + <usize>j * cSum, cSum);
        addKeys(grads + row, qRows + <usize>from * aRow, aRow, a, rows - from, dK + <usize>j * aSum, aSum);
      }
      if (hasBias) biasGradients(args, group, kept, q0, panels, k0, keys);
    }
    storeRows(dK, aSum, keys, a, ptr(args, 20) + (start + <usize>k0) * qStride + <usize>(head * a) * 4, qStride, scale * inverse);
    storeRows(dV, cSum, keys, c, ptr(args, 21) + (start + <usize>k0) * vStride + <usize>(head * c) * 4, vStride, inverse);
  }
}

/** For each query of a block: log2(e) logSumExp, and dO . O. */
function queryFactors(args: usize, row: usize, head: i32, rows: i32): void {
  const heads = int(args, 5), c = int(args, 7);
  for (let i: usize = 0; i < <usize>rows; i++) {
    const at = (row + i) * <usize>heads + <usize>head;
    const y = at * <usize>c * 4;
    store<f32>(scratch + SHIFTS + (i << 2), LOG2E * load<f32>(ptr(args, 9) + (at << 2)));
    store<f32>(scratch + DELTAS + (i << 2), dot(ptr(args, 18) + y, ptr(args, 3) + y, c));
  }
}

/** sums[6, width] += scores[6, queries] rows[queries, width]. */
// @ts-ignore: decorator
@inline
function addKeys(scores: usize, rows: usize, rowStride: usize, width: i32, queries: i32, sums: usize, sumStride: usize): void {
  let j = 0;
  for (; j + 8 < width; j += 16) {
    const s = sums + (<usize>j << 2);
    tileRows(queries, scores, STRIDE, rows + (<usize>j << 2), 32, rowStride, s, sumStride, s, sumStride, 6, 16, scratch);
  }
  if (j < width) {
    const s = sums + (<usize>j << 2);
    narrowRows(queries, scores, STRIDE, rows + (<usize>j << 2), rowStride, s, sumStride, s, sumStride);
  }
}

/** Zeroes the columns of queries that do not exist. */
function clearTail(grads: usize, rows: i32, from: i32): void {
  for (let j: usize = 0; j < <usize>rows; j++) {
    for (let i = <usize>from; i < <usize>PANEL; i++) store<f32>(grads + j * STRIDE + (i << 2), 0);
  }
}

function storeRows(sums: usize, sumStride: usize, rows: i32, width: i32, out: usize, stride: usize, scale: f32): void {
  const factor = f32x4.splat(scale);
  for (let i = 0; i < rows; i++) {
    let j: usize = 0;
    for (; j + 16 <= <usize>width << 2; j += 16) v128.store(out + j, f32x4.mul(factor, v128.load(sums + j)));
    for (; j < <usize>width << 2; j += 4) store<f32>(out + j, scale * load<f32>(sums + j));
    sums += sumStride;
    out += stride;
  }
}

/** Adds a block's bias gradients to this group's sums by distance and by bucket. */
function biasGradients(args: usize, group: i32, kept: usize, q0: i32, panels: i32, k0: i32, keys: i32): void {
  const times = int(args, 13);
  const distances = ptr(args, 22) + <usize>group * ptr(args, 25) * 4 + <usize>PANEL * 4;
  for (let j = 0; j < min(keys, q0 + panels * PANEL - k0); j++) {
    const from = max(0, k0 + j - q0) & ~(PANEL - 1);
    const row = scratch + GRADS + <usize>j * STRIDE + (<usize>from << 2);
    addDistanceGradients(row, panels * PANEL - from, distances + (<isize>(q0 + from - k0 - j) << 2));
  }
  if (ptr(args, 12) == 0) return;
  const histogram = times <= HISTOGRAM_BUCKETS ? scratch + HISTOGRAM : ptr(args, 23) + <usize>group * <usize>times * 4;
  for (let p = 0; p < panels; p++) {
    const query = q0 + p * PANEL;
    const reach = min(keys, query + PANEL - k0);
    const buckets = kept == 0 ? scratch + BUCKETS + <usize>(p * KEYS) * 32 : keptPanel(kept, query / PANEL) + (<usize>k0 << 4);
    addBucketGradients(scratch + GRADS + (<usize>p << 6), STRIDE, reach, buckets, kept == 0, times, histogram);
  }
}

/**
 * One task: dQ of a chunk of queries, the parts of its units added in order.
 * args: 4 items, 5 H, 6 A, 8 scale, 9 1 / normalizer, 19 dQ. An item is eight integers: first packed row of the sequence,
 * first query, queries, head, address of its parts, parts. A part is two integers: first panel, address.
 */
export function attentionQueryGrad(args: usize, task: i32): void {
  const item = ptr(args, 4) + (<usize>task << 5);
  const start = <usize>load<u32>(item);
  const q0 = load<i32>(item, 4), rows = load<i32>(item, 8), head = load<i32>(item, 12);
  const parts = <usize>load<u32>(item, 16), count = load<i32>(item, 20);
  const a = int(args, 6);
  const stride = <usize>(int(args, 5) * a) * 4, bytes = panelBytes(a);
  const scale = flt(args, 8) * flt(args, 9);
  for (let q = q0; q < q0 + rows; q += PANEL) {
    const panel = q / PANEL;
    const sums = <usize>load<u32>(parts, 4) + <usize>panel * bytes;
    for (let i: usize = 1; i < <usize>count; i++) {
      const first = load<i32>(parts + (i << 3));
      if (first > panel) break;
      const part = <usize>load<u32>(parts + (i << 3), 4) + <usize>(panel - first) * bytes;
      for (let j: usize = 0; j < bytes; j += 32) {
        v128.store(sums + j, f32x4.add(v128.load(sums + j), v128.load(part + j)));
        v128.store(sums + j, f32x4.add(v128.load(sums + j, 16), v128.load(part + j, 16)), 16);
      }
    }
    storePanel(
      sums, a, min(PANEL, q0 + rows - q), ptr(args, 19) + (start + <usize>q) * stride + <usize>(head * a) * 4, stride, scale,
    );
  }
}
