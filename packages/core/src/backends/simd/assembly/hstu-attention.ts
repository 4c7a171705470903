// HSTU attention over jagged causal sequences with the relative attention bias inside:
// S = scale Q K^T + position[(j - i) + n - 1] + time[bucket(queryTime_i - keyTime_j)], O = sum_j
// silu(S) / normalizer v_j. Nothing of size N x N is stored: a block is 96 keys and a panel of sixteen queries.
//
// args: `slots/attention.ts`, `slots/attention-queries.ts`, `slots/hstu-attention.ts`, `slots/time-buckets.ts`
import * as ATTENTION from '../slots/attention';
import * as ATTENTION_QUERIES from '../slots/attention-queries';
import * as FORWARD_UNIT from '../slots/forward-unit';
import * as HSTU_ATTENTION from '../slots/hstu-attention';
import { KEYS, NEAR, PANEL, packPlain, packQueries, panelBytes, rowBytes, scorePanel, skipped, storePanel, sumPanel } from './attention-tile';
import { isOwnBlock, packAt, scoreSelf, selfBytes, sumSelf } from './attention-candidates';
import { touch, touchAt } from './touch';
import { endSeen, firstSeen, hidePanel, seen } from './attention-mask';
import { biasKeys, biasPanel, keptPanel, PLANES_BYTES, splitWeights, touchKept } from './attention-bias';
import { makeBuckets } from './attention-buckets';
import { flt, int, ptr, scratch } from './env';
import { after, GUARD } from './regions';
import { siluPanel } from './attention-math';
import { FEW } from './attention-few';
import { hstuFew } from './hstu-few';
import { TILE_BYTES } from './tile';

const SQUARE: usize = <usize>KEYS * 64;
const SCORES: usize = TILE_BYTES + GUARD;
const BIAS: usize = SCORES + SQUARE + GUARD;
const BUCKETS: usize = BIAS + SQUARE + GUARD;
const PLANES: usize = BUCKETS + SQUARE / 2 + GUARD;
const PACKS: usize = PLANES + PLANES_BYTES + GUARD;
/** Scratch memory for what belongs to the heads of a group. */
const GROUP_BYTES: usize = 5 * 1024 * 1024;

/** One task: one chunk of up to 256 queries of one sequence, all heads or some, which share the bias. */
export function hstuForward(args: usize, task: i32): void {
  const unit = ptr(args, ATTENTION.UNITS) + <usize>task * (FORWARD_UNIT.SIZE << 2);
  const from = load<i32>(unit, FORWARD_UNIT.HEAD << 2), heads = load<i32>(unit, FORWARD_UNIT.HEADS << 2), a = int(args, ATTENTION.WIDTH), c = int(args, ATTENTION.VALUE_WIDTH);
  const rows = load<i32>(unit, FORWARD_UNIT.QUERIES << 2);
  // Candidates see themselves, and what a training pass keeps is laid out in panels.
  if (rows <= FEW && ptr(args, ATTENTION_QUERIES.SELF_K) == 0 && load<i32>(unit, FORWARD_UNIT.KEPT << 2) == 0) {
    hstuFew(args, unit);
    return;
  }
  const panels = (rows + PANEL - 1) / PANEL;
  const self = ptr(args, ATTENTION_QUERIES.SELF_K) != 0 ? selfBytes(panels, a, c) : 0;
  const bytes = <usize>panels * (panelBytes(c) + (<usize>a << 6)) + <usize>KEYS * (rowBytes(a) + rowBytes(c)) + self;
  const group = max(1, min(heads, <i32>(GROUP_BYTES / bytes)));
  after(scratch, TILE_BYTES);
  after(scratch + SCORES, SQUARE);
  after(scratch + BIAS, SQUARE);
  after(scratch + BUCKETS, SQUARE / 2);
  after(scratch + PLANES, PLANES_BYTES);
  if (ptr(args, HSTU_ATTENTION.TIME_WEIGHTS) != 0) splitWeights(ptr(args, HSTU_ATTENTION.TIME_WEIGHTS), int(args, HSTU_ATTENTION.TIME_BUCKETS), scratch + PLANES);
  for (let h = 0; h < heads; h += group) forwardHeads(args, unit, from + h, min(group, heads - h), panels);
}

function forwardHeads(args: usize, unit: usize, head: i32, count: i32, panels: i32): void {
  const start = <usize>load<u32>(unit, FORWARD_UNIT.START << 2);
  const q0 = load<i32>(unit, FORWARD_UNIT.FIRST << 2), rows = load<i32>(unit, FORWARD_UNIT.QUERIES << 2);
  const kept = <usize>load<u32>(unit, FORWARD_UNIT.KEPT << 2), queryRow = <usize>load<u32>(unit, FORWARD_UNIT.ROW << 2);
  const heads = int(args, ATTENTION.HEADS), a = int(args, ATTENTION.WIDTH), c = int(args, ATTENTION.VALUE_WIDTH);
  const hasBias = ptr(args, HSTU_ATTENTION.BIAS) != 0, hasTime = ptr(args, HSTU_ATTENTION.TIME_WEIGHTS) != 0;
  const scale = flt(args, ATTENTION.SCALE);
  const qStride = <usize>heads * <usize>a * 4, vStride = <usize>heads * <usize>c * 4;
  const scores = scratch + SCORES, bias = scratch + BIAS;
  const skip = skipped(rows);
  const qPanel = <usize>a << 6, vPanel = <usize>c << 6, oPanel = panelBytes(c);
  const qPack = scratch + PACKS, oPack = after(qPack, <usize>(count * panels) * qPanel);
  const kPack = after(oPack, <usize>(count * panels) * oPanel), vPack = after(kPack, <usize>(count * KEYS) * rowBytes(a));
  const selfKey = after(vPack, <usize>(count * KEYS) * rowBytes(c));
  const keyRows = ptr(args, ATTENTION_QUERIES.KEY_ROWS), isCandidate = ptr(args, ATTENTION_QUERIES.SELF_K) != 0;
  const selfValue = after(selfKey, isCandidate ? <usize>(count * panels) * qPanel : 0);
  after(selfValue, isCandidate ? <usize>(count * panels) * vPanel : 0);
  const kFar = qStride > NEAR || keyRows != 0, vFar = vStride > NEAR || keyRows != 0;
  const kRow = kFar ? rowBytes(a) : qStride, vRow = vFar ? rowBytes(c) : vStride;
  touch(ptr(args, ATTENTION.Q) + queryRow * qStride + <usize>(head * a) * 4, qStride, rows, count * a);
  for (let h = 0; h < count; h++) {
    const from = queryRow * qStride + <usize>((head + h) * a) * 4;
    packQueries(ptr(args, ATTENTION.Q) + from, qStride, skip, rows, a, qPack + <usize>(h * panels) * qPanel);
    if (isCandidate) {
      packQueries(ptr(args, ATTENTION_QUERIES.SELF_K) + from, qStride, skip, rows, a, selfKey + <usize>(h * panels) * qPanel);
      const value = ptr(args, ATTENTION_QUERIES.SELF_V) + queryRow * vStride + <usize>((head + h) * c) * 4;
      packQueries(value, vStride, skip, rows, c, selfValue + <usize>(h * panels) * vPanel);
    }
  }
  if (hasTime && kept != 0) touchKept(kept, q0 - skip, q0 + rows);
  const masked = ptr(args, ATTENTION.VISIBLE) != 0;
  if (masked || isCandidate) memory.fill(oPack, 0, <usize>(count * panels) * oPanel);
  const length = load<i32>(unit, FORWARD_UNIT.LENGTH << 2);
  const keyEnd = masked || isCandidate ? length : q0 + rows;
  for (let k0 = 0; k0 < keyEnd + <i32>isCandidate; k0 += KEYS) {
    const keys = min(KEYS, keyEnd - k0), own = isCandidate && isOwnBlock(k0, length);
    if (masked && !own && !seen(args, queryRow, q0, 0, rows, k0, keys)) continue;
    if (isCandidate && hasBias) biasKeys(args, load<i32>(unit, FORWARD_UNIT.SEQUENCE << 2), start, q0, k0, keys, own, bias);
    if (keyRows != 0) {
      const numbers = keyRows + ((start + <usize>k0) << 2);
      touchAt(ptr(args, ATTENTION.K) + <usize>(head * a) * 4, qStride, numbers, keys, count * a);
      touchAt(ptr(args, ATTENTION.V) + <usize>(head * c) * 4, vStride, numbers, keys, count * c);
    } else {
      touch(ptr(args, ATTENTION.K) + (start + <usize>k0) * qStride + <usize>(head * a) * 4, qStride, keys, count * a);
      touch(ptr(args, ATTENTION.V) + (start + <usize>k0) * vStride + <usize>(head * c) * 4, vStride, keys, count * c);
    }
    for (let h = 0; h < count; h++) {
      const ko = (start + <usize>k0) * qStride + <usize>((head + h) * a) * 4;
      const vo = (start + <usize>k0) * vStride + <usize>((head + h) * c) * 4;
      if (keyRows != 0) {
        const numbers = keyRows + ((start + <usize>k0) << 2);
        packAt(ptr(args, ATTENTION.K) + <usize>((head + h) * a) * 4, qStride, numbers, keys, a, kPack + <usize>(h * KEYS) * kRow);
        packAt(ptr(args, ATTENTION.V) + <usize>((head + h) * c) * 4, vStride, numbers, keys, c, vPack + <usize>(h * KEYS) * vRow);
        continue;
      }
      if (kFar) packPlain(ptr(args, ATTENTION.K) + ko, qStride, keys, a, kPack + <usize>(h * KEYS) * kRow);
      if (vFar) packPlain(ptr(args, ATTENTION.V) + vo, vStride, keys, c, vPack + <usize>(h * KEYS) * vRow);
    }
    for (let p = masked || isCandidate ? 0 : max(0, k0 - q0 + skip) / PANEL; p < panels; p++) {
      const ahead = p * PANEL - skip, left = p == 0 ? skip : 0, query = q0 + ahead;
      const row = queryRow + <usize>ahead;
      const some = seen(args, row, query, left, PANEL, k0, keys);
      if (!some && !own) continue;
      // Rows of the block before `first` are seen by none of these queries.
      const first = some ? firstSeen : 0, reach = (own ? keys : endSeen) - first, key = k0 + first;
      const edge = !masked && !isCandidate && key + reach == query + PANEL;
      if (hasBias && !isCandidate) {
        let buckets = scratch + BUCKETS;
        if (hasTime && kept == 0) makeBuckets(args, row, start + <usize>key, reach, left, buckets, scores);
        else buckets = keptPanel(kept, query) + (<usize>key << 4);
        biasPanel(args, query, key, reach, buckets, kept == 0, scratch + PLANES, bias, 64);
      }
      for (let h = 0; h < count; h++) {
        const at = <usize>(h * panels + p);
        const kRows = kFar ? kPack + <usize>(h * KEYS) * kRow : ptr(args, ATTENTION.K) + (start + <usize>k0) * qStride + <usize>((head + h) * a) * 4;
        const vRows = vFar ? vPack + <usize>(h * KEYS) * vRow : ptr(args, ATTENTION.V) + (start + <usize>k0) * vStride + <usize>((head + h) * c) * 4;
        scorePanel(kRows + <usize>first * kRow, kRow, qPack + at * qPanel, a, reach, scores, 64, edge, scratch);
        if (own) scoreSelf(qPack + at * qPanel, selfKey + at * qPanel, a, scores + (<usize>reach << 6));
        siluPanel(scores, bias + (isCandidate ? <usize>first << 6 : 0), hasBias, reach + <i32>own, scale);
        hidePanel(args, row, query, left, key, 0, reach, scores, 64, 0);
        sumPanel(vRows + <usize>first * vRow, vRow, c, reach, scores, 64, oPack + at * oPanel, !masked && !isCandidate && k0 == 0, scratch);
        if (own) sumSelf(selfValue + at * vPanel, c, scores + (<usize>reach << 6), oPack + at * oPanel);
      }
    }
  }
  const inverse = flt(args, HSTU_ATTENTION.INVERSE);
  for (let h = 0; h < count; h++) {
    const to = ptr(args, ATTENTION.OUT) + queryRow * vStride + <usize>((head + h) * c) * 4;
    for (let p = 0; p < panels; p++) {
      const o = oPack + <usize>(h * panels + p) * oPanel;
      const left = p == 0 ? skip : 0;
      storePanel(o + (<usize>left << 2), c, PANEL - left, to + <usize>(p * PANEL + left - skip) * vStride, vStride, inverse);
    }
  }
}
