// The backward pass of both attentions, by blocks of keys: a unit owns a range of keys of one head of one
// sequence, hence their dK and dV; its part of dQ goes, transposed, to memory of its own, and
// `attentionQueryGrad` adds the parts in order. The scores are made again. Constant factors (scale,
// 1 / normalizer) are applied when the sums are stored.
//
// args: those of the forward kernels, `slots/attention-gradient.ts`, and of HSTU attention `slots/bias-gradient.ts`
import * as ATTENTION from '../slots/attention';
import * as ATTENTION_GRADIENT from '../slots/attention-gradient';
import * as BACKWARD_UNIT from '../slots/backward-unit';
import * as BIAS_GRADIENT from '../slots/bias-gradient';
import * as CAUSAL_ATTENTION from '../slots/causal-attention';
import * as HSTU_ATTENTION from '../slots/hstu-attention';
import * as QUERY_CHUNK from '../slots/query-chunk';
import * as QUERY_GRADIENT from '../slots/query-gradient';
import * as QUERY_PART from '../slots/query-part';
import { addBucketGradients, addDistanceGradients, biasPanel, foldHistogram, HISTOGRAM_BUCKETS, keptPanel, PLANES_BYTES, splitWeights, touchKept } from './attention-bias';
import { makeBuckets, ROUGH_BYTES } from './attention-buckets';
import { dropPanel, keptBits, keptDrops } from './attention-dropout';
import { LOG2E, siluGradPanel, softmaxGradPanel } from './attention-math';
import { addKeys, storeRows, sumBytes, THIN_BYTES, thinColumns } from './attention-keys';
import { endSeen, firstSeen, hidePanel, seen } from './attention-mask';
import { addRows, clearRows, holds, overlaps, QUERIES, setSpan, spanEnd, spanFirst, SPANS, SPANS_BYTES, STRIDE } from './attention-square';
import { NEAR, PANEL, packPlain, packQueries, panelBytes, rowBytes, scorePanel, skipped, storePanel, sumPanel } from './attention-tile';
import { touch } from './touch';
import { dot, flt, int, ptr, scratch } from './env';
import { after, GUARD } from './regions';
import { TILE_BYTES } from './tile';

/** Keys of a block; a row of scores is a key. */
const KEYS: i32 = 96;
const SQUARE: usize = <usize>KEYS * STRIDE;

const SCORES: usize = SPANS + SPANS_BYTES + GUARD;
const GRADS: usize = SCORES + SQUARE + GUARD;
const BIAS: usize = GRADS + SQUARE + GUARD;
const BUCKETS: usize = BIAS + SQUARE + GUARD;
const HISTOGRAM: usize = BUCKETS + SQUARE / 2 + GUARD;
const PLANES: usize = HISTOGRAM + <usize>HISTOGRAM_BUCKETS * 64 + GUARD;
const ROUGH: usize = PLANES + PLANES_BYTES + GUARD;
const PACKS: usize = ROUGH + ROUGH_BYTES + GUARD;
/** Softmax has no buckets: two floats for each query lie in the place of their sums. */
const SHIFTS: usize = HISTOGRAM;
const DELTAS: usize = SHIFTS + STRIDE;

function layOut(): void {
  after(scratch, TILE_BYTES);
  after(scratch + SPANS, SPANS_BYTES);
  after(scratch + SCORES, SQUARE);
  after(scratch + GRADS, SQUARE);
  after(scratch + BIAS, SQUARE);
  after(scratch + BUCKETS, SQUARE / 2);
  after(scratch + HISTOGRAM, <usize>HISTOGRAM_BUCKETS * 64);
  after(scratch + PLANES, PLANES_BYTES);
  after(scratch + ROUGH, ROUGH_BYTES);
}

export function hstuBackward(args: usize, task: i32): void {
  layOut();
  const groups = ptr(args, ATTENTION_GRADIENT.GROUPS) + (<usize>task << 2);
  const times = int(args, HSTU_ATTENTION.TIME_BUCKETS);
  const histogram = ptr(args, HSTU_ATTENTION.TIME_WEIGHTS) != 0 && times <= HISTOGRAM_BUCKETS;
  if (histogram) memory.fill(scratch + HISTOGRAM, 0, <usize>times << 6);
  if (ptr(args, HSTU_ATTENTION.TIME_WEIGHTS) != 0) splitWeights(ptr(args, HSTU_ATTENTION.TIME_WEIGHTS), times, scratch + PLANES);
  for (let u = load<i32>(groups); u < load<i32>(groups, 4); u++) backwardUnit(args, ptr(args, ATTENTION.UNITS) + (<usize>u << 5), task, false);
  if (histogram) foldHistogram(scratch + HISTOGRAM, times, ptr(args, BIAS_GRADIENT.BUCKET_SUMS) + <usize>task * <usize>times * 4);
}

export function softmaxBackward(args: usize, task: i32): void {
  layOut();
  const groups = ptr(args, ATTENTION_GRADIENT.GROUPS) + (<usize>task << 2);
  for (let u = load<i32>(groups); u < load<i32>(groups, 4); u++) backwardUnit(args, ptr(args, ATTENTION.UNITS) + (<usize>u << 5), task, true);
}

function backwardUnit(args: usize, unit: usize, group: i32, softmax: bool): void {
  const start = <usize>load<u32>(unit, BACKWARD_UNIT.START << 2);
  const firstKey = load<i32>(unit, BACKWARD_UNIT.FIRST_KEY << 2), endKey = load<i32>(unit, BACKWARD_UNIT.END_KEY << 2);
  const head = load<i32>(unit, BACKWARD_UNIT.HEAD << 2);
  const kept = <usize>load<u32>(unit, BACKWARD_UNIT.KEPT << 2);
  const length = load<i32>(unit, BACKWARD_UNIT.LENGTH << 2);
  const heads = int(args, ATTENTION.HEADS), a = int(args, ATTENTION.WIDTH), c = int(args, ATTENTION.VALUE_WIDTH);
  const hasBias = !softmax && ptr(args, HSTU_ATTENTION.BIAS) != 0, hasTime = !softmax && ptr(args, HSTU_ATTENTION.TIME_WEIGHTS) != 0;
  const hasDropout = softmax && int(args, CAUSAL_ATTENTION.DROPOUT) != 0;
  const scale = flt(args, ATTENTION.SCALE), inverse = softmax ? <f32>1 : flt(args, HSTU_ATTENTION.INVERSE);
  const qStride = <usize>heads * <usize>a * 4, vStride = <usize>heads * <usize>c * 4;
  const aFar = qStride > NEAR, cFar = vStride > NEAR;
  const aRow = aFar ? rowBytes(a) : qStride, cRow = cFar ? rowBytes(c) : vStride;
  const aSum = sumBytes(a), cSum = sumBytes(c);
  const alone = load<i32>(unit, BACKWARD_UNIT.FIRST_PANEL << 2) < 0, firstPanel = max(0, load<i32>(unit, BACKWARD_UNIT.FIRST_PANEL << 2));
  const count = max(1, -load<i32>(unit, BACKWARD_UNIT.FIRST_PANEL << 2));
  // Sums of a block of keys: dK, dV, and those of their last columns; for each head.
  const thinBytes: usize = thinColumns(a) + thinColumns(c) > 0 ? <usize>KEYS * THIN_BYTES : 0;
  const sums = scratch + PACKS, sumsBytes = <usize>KEYS * (aSum + cSum) + 2 * thinBytes;
  // Transposed panels.
  const qPack = after(sums, <usize>count * sumsBytes), oPack = after(qPack, <usize>(QUERIES * a) << 2);
  const kPack = after(oPack, <usize>(QUERIES * c) << 2), vPack = after(kPack, <usize>(count * KEYS) * rowBytes(a));
  const qFar = after(vPack, <usize>(count * KEYS) * rowBytes(c)), oFar = after(qFar, <usize>QUERIES * rowBytes(a));
  const total = after(oFar, <usize>QUERIES * rowBytes(c)); // bias gradients of all heads
  const ownParts = after(total, count > 1 ? SQUARE : 0);
  const scores = scratch + SCORES, grads = scratch + GRADS;
  const parts = alone ? ownParts : <usize>load<u32>(unit, BACKWARD_UNIT.PART << 2);
  const masked = ptr(args, ATTENTION.VISIBLE) != 0;
  const pad = skipped(length);
  if (hasTime && kept != 0) touchKept(kept, ((firstKey + pad) & ~(PANEL - 1)) - pad, length);
  const partBytes = <usize>((length + PANEL - 1) / PANEL - firstPanel) * panelBytes(a);
  if (alone) after(parts, <usize>count * partBytes);
  if (masked) memory.fill(parts, 0, <usize>count * partBytes);
  const qBase = ptr(args, ATTENTION.Q) + start * qStride + <usize>(head * a) * 4;
  const kBase = ptr(args, ATTENTION.K) + start * qStride + <usize>(head * a) * 4;
  const vBase = ptr(args, ATTENTION.V) + start * vStride + <usize>(head * c) * 4;
  const oBase = ptr(args, ATTENTION_GRADIENT.D_OUT) + start * vStride + <usize>(head * c) * 4;
  for (let k0 = firstKey; k0 < endKey; k0 += KEYS) {
    const keys = min(KEYS, endKey - k0);
    const kNear = kBase + <usize>k0 * qStride, vNear = vBase + <usize>k0 * vStride;
    touch(kNear, qStride, keys, count * a);
    touch(vNear, vStride, keys, count * c);
    for (let h = 0; h < count; h++) {
      if (aFar) packPlain(kNear + (<usize>(h * a) << 2), qStride, keys, a, kPack + <usize>(h * KEYS) * aRow);
      if (cFar) packPlain(vNear + (<usize>(h * c) << 2), vStride, keys, c, vPack + <usize>(h * KEYS) * cRow);
    }
    memory.fill(sums, 0, <usize>count * sumsBytes);
    for (let q0 = masked ? -pad : ((k0 + pad) & ~(PANEL - 1)) - pad; q0 < length; q0 += QUERIES) {
      const rows = min(QUERIES, length - q0);
      const panels = rows / PANEL;
      const skip = max(0, -q0); // columns of the first panel that are no queries
      if (masked && !seen(args, start + <usize>q0, q0, skip, rows, k0, keys)) continue;
      if (k0 == firstKey) {
        touch(qBase + <usize>(q0 + skip) * qStride, qStride, rows - skip, count * a);
        touch(oBase + <usize>(q0 + skip) * vStride, vStride, rows - skip, count * c);
      }
      for (let p = 0; p < panels; p++) {
        const query = q0 + p * PANEL, row = start + <usize>query, left = p == 0 ? skip : 0;
        const some = seen(args, row, query, left, PANEL, k0, keys);
        const first = firstSeen, reach = some ? endSeen - first : 0, key = k0 + first;
        setSpan(p, first, first + reach);
        if (!some || !hasBias) continue;
        let buckets = scratch + BUCKETS + <usize>(p * KEYS + first) * 32;
        if (hasTime && kept == 0) makeBuckets(args, row, start + <usize>key, reach, left, buckets, scratch + ROUGH);
        else buckets = keptPanel(kept, query) + (<usize>key << 4);
        const bias = scratch + BIAS + (<usize>p << 6) + <usize>first * STRIDE;
        biasPanel(args, query, key, reach, buckets, kept == 0, scratch + PLANES, bias, STRIDE);
      }
      for (let h = 0; h < count; h++) {
        const kRows = aFar ? kPack + <usize>(h * KEYS) * aRow : kNear + (<usize>(h * a) << 2);
        const vRows = cFar ? vPack + <usize>(h * KEYS) * cRow : vNear + (<usize>(h * c) << 2);
        let qRows = qBase + <usize>q0 * qStride + (<usize>(h * a) << 2), oRows = oBase + <usize>q0 * vStride + (<usize>(h * c) << 2);
        const qFirst = qRows + <usize>skip * qStride, oFirst = oRows + <usize>skip * vStride;
        packQueries(qFirst, qStride, skip, rows - skip, a, qPack);
        packQueries(oFirst, vStride, skip, rows - skip, c, oPack);
        if (aFar) { packPlain(qFirst, qStride, rows - skip, a, qFar + <usize>skip * aRow); qRows = qFar; }
        if (cFar) { packPlain(oFirst, vStride, rows - skip, c, oFar + <usize>skip * cRow); oRows = oFar; }
        if (softmax) queryFactors(args, start + <usize>q0, head + h, skip, rows);
        for (let p = 0; p < panels; p++) {
          const first = spanFirst(p), reach = spanEnd(p) - first;
          if (reach == 0) continue;
          const at = (<usize>p << 6) + <usize>first * STRIDE, edge = !masked && k0 + first + reach == q0 + (p + 1) * PANEL;
          if (hasDropout) {
            const query = q0 + p * PANEL, drops = scratch + BIAS + at;
            const bits = keptBits(kept, length, head + h, query, k0 + first);
            if (bits != 0) keptDrops(args, reach, bits, drops, STRIDE);
            else dropPanel(args, <u32>start + <u32>query, head + h, k0 + first, reach, drops, STRIDE, 0);
          }
          scorePanel(kRows + <usize>first * aRow, aRow, qPack + (<usize>(p * a) << 6), a, reach, scores + at, STRIDE, edge, scratch);
          scorePanel(vRows + <usize>first * cRow, cRow, oPack + (<usize>(p * c) << 6), c, reach, grads + at, STRIDE, edge, scratch);
          const s = scores + at, g = grads + at, other = scratch + BIAS + at;
          if (softmax) {
            const factors = scratch + SHIFTS + (<usize>p << 6);
            softmaxGradPanel(s, g, other, hasDropout, reach, STRIDE, scale, factors, factors + (DELTAS - SHIFTS));
          } else {
            siluGradPanel(s, g, other, hasBias, reach, STRIDE, scale);
          }
        }
        const part = parts + <usize>h * partBytes;
        for (let p = 0; p < panels; p++) {
          const query = q0 + p * PANEL, row = start + <usize>query, left = p == 0 ? skip : 0;
          const first = spanFirst(p), end = spanEnd(p);
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
          if (count > 1) addRows(total + at, grads + at, first, end, h == 0);
          sumPanel(
            kRows + <usize>first * aRow, aRow, a, end - first, grads + at + below, STRIDE,
            part + <usize>((query + pad) / PANEL - firstPanel) * panelBytes(a), !masked && k0 == firstKey, scratch,
          );
        }
        const dK = sums + <usize>h * sumsBytes, dV = dK + <usize>KEYS * aSum, thinK = dV + <usize>KEYS * cSum, thinV = thinK + thinBytes;
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
      }
      if (hasBias) biasGradients(args, group, kept, q0, panels, k0, keys, count > 1 ? total : grads);
    }
    const dKNear = ptr(args, ATTENTION_GRADIENT.DK) + (start + <usize>k0) * qStride + <usize>(head * a) * 4;
    const dVNear = ptr(args, ATTENTION_GRADIENT.DV) + (start + <usize>k0) * vStride + <usize>(head * c) * 4;
    touch(dKNear, qStride, keys, count * a);
    touch(dVNear, vStride, keys, count * c);
    for (let h = 0; h < count; h++) {
      const dK = sums + <usize>h * sumsBytes, dV = dK + <usize>KEYS * aSum, thinK = dV + <usize>KEYS * cSum;
      storeRows(dK, aSum, thinK, keys, a, dKNear + (<usize>(h * a) << 2), qStride, scale * inverse);
      storeRows(dV, cSum, thinK + thinBytes, keys, c, dVNear + (<usize>(h * c) << 2), vStride, inverse);
    }
  }
  if (!alone) return;
  const dQ = ptr(args, ATTENTION_GRADIENT.DQ) + start * qStride + <usize>(head * a) * 4;
  touch(dQ, qStride, length, count * a);
  for (let h = 0; h < count; h++) {
    storeQueries(parts + <usize>h * partBytes, a, pad, length, dQ + (<usize>(h * a) << 2), qStride, scale * inverse);
  }
}

/** Writes the sums of dQ of `rows` queries, whose first panel has `skip` columns before them. */
function storeQueries(sums: usize, width: i32, skip: i32, rows: i32, out: usize, stride: usize, scale: f32): void {
  for (let q = -skip; q < rows; q += PANEL) {
    const left = max(0, -q);
    storePanel(sums + (<usize>left << 2), width, PANEL - left, out + <usize>(q + left) * stride, stride, scale);
    sums += panelBytes(width);
  }
}

/**
 * For each query of a block: log2(e) logSumExp, and dO . O; zeros for the first `skip`, whose weights
 * must be finite to vanish.
 */
function queryFactors(args: usize, row: usize, head: i32, skip: i32, rows: i32): void {
  const heads = int(args, ATTENTION.HEADS), c = int(args, ATTENTION.VALUE_WIDTH);
  for (let i: usize = 0; i < <usize>skip << 2; i += 4) {
    store<f32>(scratch + SHIFTS + i, 0);
    store<f32>(scratch + DELTAS + i, 0);
  }
  for (let i = <usize>skip; i < <usize>rows; i++) {
    const at = (row + i) * <usize>heads + <usize>head;
    const y = at * <usize>c * 4;
    store<f32>(scratch + SHIFTS + (i << 2), LOG2E * load<f32>(ptr(args, CAUSAL_ATTENTION.LOG_SUM_EXP) + (at << 2)));
    store<f32>(scratch + DELTAS + (i << 2), dot(ptr(args, ATTENTION_GRADIENT.D_OUT) + y, ptr(args, ATTENTION.OUT) + y, c));
  }
}

/** Adds a block's bias gradients, a square of `STRIDE`, to this group's sums by distance and by bucket. */
function biasGradients(args: usize, group: i32, kept: usize, q0: i32, panels: i32, k0: i32, keys: i32, square: usize): void {
  const times = int(args, HSTU_ATTENTION.TIME_BUCKETS);
  const distances = ptr(args, BIAS_GRADIENT.DISTANCE_SUMS) + (<usize>group * ptr(args, BIAS_GRADIENT.DISTANCES) + ptr(args, BIAS_GRADIENT.ORIGIN)) * 4;
  for (let j = 0; j < keys; j++) {
    for (let p = 0; p < panels; p++) {
      if (!holds(p, j)) continue;
      const from = p * PANEL;
      while (p + 1 < panels && holds(p + 1, j)) p++;
      const row = square + <usize>j * STRIDE + (<usize>from << 2);
      addDistanceGradients(row, (p + 1) * PANEL - from, distances + (<isize>(q0 + from - k0 - j) << 2));
    }
  }
  if (ptr(args, HSTU_ATTENTION.TIME_WEIGHTS) == 0) return;
  const histogram = times <= HISTOGRAM_BUCKETS ? scratch + HISTOGRAM : ptr(args, BIAS_GRADIENT.BUCKET_SUMS) + <usize>group * <usize>times * 4;
  for (let p = 0; p < panels; p++) {
    const query = q0 + p * PANEL;
    const first = spanFirst(p), end = spanEnd(p);
    const buckets = kept == 0 ? scratch + BUCKETS + <usize>(p * KEYS + first) * 32 : keptPanel(kept, query) + (<usize>(k0 + first) << 4);
    const grads = square + (<usize>p << 6) + <usize>first * STRIDE;
    addBucketGradients(grads, STRIDE, k0 + first, end - first, buckets, kept == 0, times, histogram);
  }
}

/**
 * One task: dQ of a chunk of queries, the parts of its units added in order.
 * args: `slots/query-gradient.ts`
 */
export function attentionQueryGrad(args: usize, task: i32): void {
  const chunk = ptr(args, QUERY_GRADIENT.CHUNKS) + (<usize>task << 5);
  const start = <usize>load<u32>(chunk, QUERY_CHUNK.START << 2);
  const q0 = load<i32>(chunk, QUERY_CHUNK.FIRST << 2), rows = load<i32>(chunk, QUERY_CHUNK.QUERIES << 2);
  const head = load<i32>(chunk, QUERY_CHUNK.HEAD << 2);
  const parts = <usize>load<u32>(chunk, QUERY_CHUNK.PARTS << 2), count = load<i32>(chunk, QUERY_CHUNK.COUNT << 2);
  const a = int(args, QUERY_GRADIENT.WIDTH);
  const stride = <usize>(int(args, QUERY_GRADIENT.HEADS) * a) * 4, bytes = panelBytes(a);
  const scale = flt(args, QUERY_GRADIENT.SCALE) * flt(args, QUERY_GRADIENT.INVERSE);
  touch(ptr(args, QUERY_GRADIENT.DQ) + (start + <usize>q0) * stride + <usize>(head * a) * 4, stride, rows, a);
  for (let q = q0 - skipped(rows); q < q0 + rows; q += PANEL) {
    const panel = (q + PANEL - 1) / PANEL, left = max(0, q0 - q);
    const sums = <usize>load<u32>(parts, QUERY_PART.SUMS << 2) + <usize>panel * bytes;
    for (let i: usize = 1; i < <usize>count; i++) {
      const first = load<i32>(parts + (i << 3), QUERY_PART.FIRST_PANEL << 2);
      if (first > panel) break;
      const part = <usize>load<u32>(parts + (i << 3), QUERY_PART.SUMS << 2) + <usize>(panel - first) * bytes;
      for (let j: usize = 0; j < bytes; j += 32) {
        const lower = f32x4.add(v128.load(sums + j), v128.load(part + j));
        const upper = f32x4.add(v128.load(sums + j, 16), v128.load(part + j, 16));
        v128.store(sums + j, upper, 16); v128.store(sums + j, lower);
      }
    }
    storePanel(
      sums + (<usize>left << 2), a, PANEL - left, ptr(args, QUERY_GRADIENT.DQ) + (start + <usize>(q + left)) * stride + <usize>(head * a) * 4,
      stride, scale,
    );
  }
}
