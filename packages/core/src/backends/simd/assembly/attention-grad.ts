// The backward pass of both attentions, by blocks of keys: a unit owns a range of keys of one head of one sequence, hence
// their dK and dV; its part of dQ goes, transposed, to memory of its own, and `attentionQueryGrad` adds the parts in order.
// The scores are made again. Constant factors (scale, 1 / normalizer) are applied when the sums are stored.
//
// args: as in the forward kernels, and 18 dO, 19 dQ, 20 dK, 21 dV, 22 sums by distance, 23 sums by bucket (a set for each
//       group), 24 groups (first unit of each), 25 length of a set of sums by distance, 26 keys that each
//       query sees (0: causality alone), 27 where distance 0 lies in a set
// A unit is eight integers: first packed row of the sequence, first key, end of the keys, head, time buckets (0: made anew),
// length of the sequence, address of its part of dQ, first panel of that part; -1: the unit has all keys of a short
// sequence, so its sums of dQ stay in scratch memory and it writes dQ itself.
import { addBucketGradients, addDistanceGradients, biasPanel, foldHistogram, HISTOGRAM_BUCKETS, keptPanel, PLANES_BYTES, splitWeights, touchKept } from './attention-bias';
import { makeBuckets, ROUGH_BYTES } from './attention-buckets';
import { dropPanel } from './attention-dropout';
import { LOG2E, siluGradRow, softmaxGradRow } from './attention-math';
import { addKeys, QUERIES, storeRows, STRIDE, sumBytes, THIN_BYTES, thinColumns } from './attention-keys';
import { endSeen, firstSeen, hidePanel, seen } from './attention-mask';
import { NEAR, PANEL, packPlain, packQueries, panelBytes, rowBytes, scorePanel, skipped, storePanel, sumPanel } from './attention-tile';
import { touch } from './touch';
import { dot, flt, int, ptr, scratch } from './env';
import { TILE_BYTES } from './tile';

/** Keys of a block; a row of scores is a key. */
const KEYS: i32 = 96;
const SQUARE: usize = <usize>KEYS * STRIDE;

/** First and end row of each panel's keys in a block. */
const SPANS: usize = TILE_BYTES;
const SCORES: usize = SPANS + 64;
const GRADS: usize = SCORES + SQUARE;
const BIAS: usize = GRADS + SQUARE;
const BUCKETS: usize = BIAS + SQUARE;
const HISTOGRAM: usize = BUCKETS + SQUARE / 2;
const PLANES: usize = HISTOGRAM + <usize>HISTOGRAM_BUCKETS * 64;
const ROUGH: usize = PLANES + PLANES_BYTES;
const PACKS: usize = ROUGH + ROUGH_BYTES;
/** Softmax has no buckets: dropout factors by query, and two floats for each query, lie in their place. */
const DROPS: usize = BUCKETS;
const SHIFTS: usize = HISTOGRAM;
const DELTAS: usize = SHIFTS + STRIDE;

export function hstuBackward(args: usize, task: i32): void {
  const groups = ptr(args, 24) + (<usize>task << 2);
  const times = int(args, 13);
  const histogram = ptr(args, 12) != 0 && times <= HISTOGRAM_BUCKETS;
  if (histogram) memory.fill(scratch + HISTOGRAM, 0, <usize>times << 6);
  if (ptr(args, 12) != 0) splitWeights(ptr(args, 12), times, scratch + PLANES);
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
  const thinK = dV + <usize>KEYS * cSum, thinV = thinK + <usize>KEYS * THIN_BYTES; // of their last columns
  const qPack = thinV + <usize>KEYS * THIN_BYTES, oPack = qPack + (<usize>(QUERIES * a) << 2); // transposed panels
  const kPack = oPack + (<usize>(QUERIES * c) << 2), vPack = kPack + <usize>KEYS * rowBytes(a);
  const qFar = vPack + <usize>KEYS * rowBytes(c), oFar = qFar + <usize>QUERIES * rowBytes(a);
  const scores = scratch + SCORES, grads = scratch + GRADS;
  const alone = load<i32>(unit, 28) < 0, firstPanel = max(0, load<i32>(unit, 28));
  const part = alone ? oFar + <usize>QUERIES * rowBytes(c) : <usize>load<u32>(unit, 24);
  const masked = ptr(args, 26) != 0;
  const pad = skipped(length);
  if (hasTime && kept != 0) touchKept(kept, ((firstKey + pad) & ~(PANEL - 1)) - pad, length);
  if (masked) memory.fill(part, 0, <usize>((length + PANEL - 1) / PANEL - firstPanel) * panelBytes(a));
  const qBase = ptr(args, 0) + start * qStride + <usize>(head * a) * 4;
  const kBase = ptr(args, 1) + start * qStride + <usize>(head * a) * 4;
  const vBase = ptr(args, 2) + start * vStride + <usize>(head * c) * 4;
  const oBase = ptr(args, 18) + start * vStride + <usize>(head * c) * 4;
  for (let k0 = firstKey; k0 < endKey; k0 += KEYS) {
    const keys = min(KEYS, endKey - k0);
    let kRows = kBase + <usize>k0 * qStride, vRows = vBase + <usize>k0 * vStride;
    touch(kRows, qStride, keys, a);
    touch(vRows, vStride, keys, c);
    if (aFar) { packPlain(kRows, qStride, keys, a, kPack); kRows = kPack; }
    if (cFar) { packPlain(vRows, vStride, keys, c, vPack); vRows = vPack; }
    memory.fill(dK, 0, <usize>KEYS * (aSum + cSum + (thinColumns(a) + thinColumns(c) > 0 ? 2 * THIN_BYTES : 0)));
    for (let q0 = masked ? -pad : ((k0 + pad) & ~(PANEL - 1)) - pad; q0 < length; q0 += QUERIES) {
      const rows = min(QUERIES, length - q0);
      const panels = rows / PANEL;
      const skip = max(0, -q0); // columns of the first panel that are no queries
      if (masked && !seen(args, start + <usize>q0, q0, skip, rows, k0, keys)) continue;
      let qRows = qBase + <usize>q0 * qStride, oRows = oBase + <usize>q0 * vStride;
      const qFirst = qRows + <usize>skip * qStride, oFirst = oRows + <usize>skip * vStride;
      if (k0 == firstKey) {
        touch(qFirst, qStride, rows - skip, a);
        touch(oFirst, vStride, rows - skip, c);
      }
      packQueries(qFirst, qStride, skip, rows - skip, a, qPack);
      packQueries(oFirst, vStride, skip, rows - skip, c, oPack);
      if (aFar) { packPlain(qFirst, qStride, rows - skip, a, qFar + <usize>skip * aRow); qRows = qFar; }
      if (cFar) { packPlain(oFirst, vStride, rows - skip, c, oFar + <usize>skip * cRow); oRows = oFar; }
      if (softmax) queryFactors(args, start + <usize>q0, head, skip, rows);
      for (let p = 0; p < panels; p++) {
        const query = q0 + p * PANEL, row = start + <usize>query, left = p == 0 ? skip : 0;
        const span = scratch + SPANS + (<usize>p << 3);
        const some = seen(args, row, query, left, PANEL, k0, keys);
        store<i32>(span, firstSeen);
        store<i32>(span, some ? endSeen : firstSeen, 4);
        if (!some) continue;
        const first = firstSeen, reach = endSeen - first, key = k0 + first;
        const at = (<usize>p << 6) + <usize>first * STRIDE;
        if (hasDropout) dropPanel(args, <u32>row, head, left, key, reach, scratch + BIAS + at, STRIDE, scratch + DROPS);
        if (hasBias) {
          let buckets = scratch + BUCKETS + <usize>(p * KEYS + first) * 32;
          if (hasTime && kept == 0) makeBuckets(args, row, start + <usize>key, reach, left, buckets, scratch + ROUGH);
          else buckets = keptPanel(kept, query) + (<usize>key << 4);
          biasPanel(args, query, key, reach, buckets, kept == 0, scratch + PLANES, scratch + BIAS + at, STRIDE);
        }
        scorePanel(kRows + <usize>first * aRow, aRow, qPack + (<usize>(p * a) << 6), a, reach, scores + at, STRIDE, scratch);
        scorePanel(vRows + <usize>first * cRow, cRow, oPack + (<usize>(p * c) << 6), c, reach, grads + at, STRIDE, scratch);
      }
      for (let j = 0; j < keys; j++) {
        for (let p = 0; p < panels; p++) {
          // Neighbouring panels that hold this key are one row.
          if (!holds(p, j)) continue;
          const from = p * PANEL;
          while (p + 1 < panels && holds(p + 1, j)) p++;
          const n = (p + 1) * PANEL - from;
          const row = <usize>j * STRIDE + (<usize>from << 2);
          if (softmax) {
            const query = <usize>from << 2;
            softmaxGradRow(
              scores + row, grads + row, scratch + BIAS + row, hasDropout, n, scale, scratch + SHIFTS + query, scratch + DELTAS + query,
            );
          } else {
            siluGradRow(scores + row, grads + row, scratch + BIAS + row, hasBias, n, scale);
          }
        }
      }
      for (let p = 0; p < panels; p++) {
        const query = q0 + p * PANEL, row = start + <usize>query, left = p == 0 ? skip : 0;
        const first = load<i32>(scratch + SPANS + (<usize>p << 3)), end = load<i32>(scratch + SPANS + (<usize>p << 3), 4);
        const at = <usize>p << 6, below = <usize>first * STRIDE;
        // Whole groups of six keys: `addKeys` reads them.
        const rounded = (end + 5) / 6 * 6;
        hidePanel(args, row, query, left, k0, first, rounded, scores + at, STRIDE, 0);
        hidePanel(args, row, query, left, k0, first, rounded, grads + at, STRIDE, 0);
        if (masked) {
          clearRows(scores + at, 0, first);
          clearRows(scores + at, rounded, KEYS);
          clearRows(grads + at, 0, first);
          clearRows(grads + at, rounded, KEYS);
        }
        if (end == first) continue;
        sumPanel(
          kRows + <usize>first * aRow, aRow, a, end - first, grads + at + below, STRIDE,
          part + <usize>((query + pad) / PANEL - firstPanel) * panelBytes(a), !masked && k0 == firstKey, scratch,
        );
      }
      for (let j = 0; j < keys; j += 6) {
        let p = 0, e = panels;
        while (p < e && !overlaps(p, j)) p++;
        while (p < e && !overlaps(e - 1, j)) e--;
        if (p == e) continue;
        // Causality hides key j from the queries before it.
        const from = max(max(skip, p * PANEL), masked ? 0 : k0 + j - q0), to = e * PANEL;
        const s = scores + <usize>j * STRIDE, g = grads + <usize>j * STRIDE;
        addKeys(s, oRows, cRow, oPack, c, from, to, dV + <usize>j * cSum, cSum, thinV + <usize>j * THIN_BYTES);
        addKeys(g, qRows, aRow, qPack, a, from, to, dK + <usize>j * aSum, aSum, thinK + <usize>j * THIN_BYTES);
      }
      if (hasBias) biasGradients(args, group, kept, q0, panels, k0, keys);
    }
    touch(ptr(args, 20) + (start + <usize>k0) * qStride + <usize>(head * a) * 4, qStride, keys, a);
    touch(ptr(args, 21) + (start + <usize>k0) * vStride + <usize>(head * c) * 4, vStride, keys, c);
    const dKRows = ptr(args, 20) + (start + <usize>k0) * qStride + <usize>(head * a) * 4;
    const dVRows = ptr(args, 21) + (start + <usize>k0) * vStride + <usize>(head * c) * 4;
    storeRows(dK, aSum, thinK, keys, a, dKRows, qStride, scale * inverse);
    storeRows(dV, cSum, thinV, keys, c, dVRows, vStride, inverse);
  }
  if (!alone) return;
  const dQ = ptr(args, 19) + start * qStride + <usize>(head * a) * 4;
  touch(dQ, qStride, length, a);
  storeQueries(part, a, pad, length, dQ, qStride, scale * inverse);
}

/** Writes the sums of dQ of `rows` queries, whose first panel has `skip` columns before them. */
function storeQueries(sums: usize, width: i32, skip: i32, rows: i32, out: usize, stride: usize, scale: f32): void {
  for (let q = -skip; q < rows; q += PANEL) {
    const left = max(0, -q);
    storePanel(sums + (<usize>left << 2), width, PANEL - left, out + <usize>(q + left) * stride, stride, scale);
    sums += panelBytes(width);
  }
}

/** For each query of a block but its first `skip`: log2(e) logSumExp, and dO . O. */
function queryFactors(args: usize, row: usize, head: i32, skip: i32, rows: i32): void {
  const heads = int(args, 5), c = int(args, 7);
  for (let i = <usize>skip; i < <usize>rows; i++) {
    const at = (row + i) * <usize>heads + <usize>head;
    const y = at * <usize>c * 4;
    store<f32>(scratch + SHIFTS + (i << 2), LOG2E * load<f32>(ptr(args, 9) + (at << 2)));
    store<f32>(scratch + DELTAS + (i << 2), dot(ptr(args, 18) + y, ptr(args, 3) + y, c));
  }
}

/** Whether a panel's rows of a block hold key `key`; whether they hold some key of the six from `key` on. */
// @ts-ignore: decorator
@inline
function holds(panel: i32, key: i32): bool {
  const span = scratch + SPANS + (<usize>panel << 3);
  return key >= load<i32>(span) && key < load<i32>(span, 4);
}

// @ts-ignore: decorator
@inline
function overlaps(panel: i32, key: i32): bool {
  const span = scratch + SPANS + (<usize>panel << 3);
  return key + 6 > load<i32>(span) && key < load<i32>(span, 4);
}

/** Zeroes rows of a panel. */
function clearRows(scores: usize, from: i32, to: i32): void {
  const zero = f32x4.splat(0);
  for (let j = from; j < to; j++) {
    const row = scores + <usize>j * STRIDE;
    v128.store(row, zero);
    v128.store(row, zero, 16);
    v128.store(row, zero, 32);
    v128.store(row, zero, 48);
  }
}

/** Adds a block's bias gradients to this group's sums by distance and by bucket. */
function biasGradients(args: usize, group: i32, kept: usize, q0: i32, panels: i32, k0: i32, keys: i32): void {
  const times = int(args, 13);
  const distances = ptr(args, 22) + (<usize>group * ptr(args, 25) + ptr(args, 27)) * 4;
  for (let j = 0; j < keys; j++) {
    for (let p = 0; p < panels; p++) {
      if (!holds(p, j)) continue;
      const from = p * PANEL;
      while (p + 1 < panels && holds(p + 1, j)) p++;
      const row = scratch + GRADS + <usize>j * STRIDE + (<usize>from << 2);
      addDistanceGradients(row, (p + 1) * PANEL - from, distances + (<isize>(q0 + from - k0 - j) << 2));
    }
  }
  if (ptr(args, 12) == 0) return;
  const histogram = times <= HISTOGRAM_BUCKETS ? scratch + HISTOGRAM : ptr(args, 23) + <usize>group * <usize>times * 4;
  for (let p = 0; p < panels; p++) {
    const query = q0 + p * PANEL;
    const first = load<i32>(scratch + SPANS + (<usize>p << 3)), end = load<i32>(scratch + SPANS + (<usize>p << 3), 4);
    const buckets = kept == 0 ? scratch + BUCKETS + <usize>(p * KEYS + first) * 32 : keptPanel(kept, query) + (<usize>(k0 + first) << 4);
    const grads = scratch + GRADS + (<usize>p << 6) + <usize>first * STRIDE;
    addBucketGradients(grads, STRIDE, end - first, buckets, kept == 0, times, histogram);
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
  touch(ptr(args, 19) + (start + <usize>q0) * stride + <usize>(head * a) * 4, stride, rows, a);
  for (let q = q0 - skipped(rows); q < q0 + rows; q += PANEL) {
    const panel = (q + PANEL - 1) / PANEL, left = max(0, q0 - q);
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
      sums + (<usize>left << 2), a, PANEL - left, ptr(args, 19) + (start + <usize>(q + left)) * stride + <usize>(head * a) * 4,
      stride, scale,
    );
  }
}
