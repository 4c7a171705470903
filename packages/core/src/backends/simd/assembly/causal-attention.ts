// Causal softmax attention over jagged sequences, blocks of keys with a running maximum (online softmax), on the
// panels of `attention-tile.ts`: maximum and sum of a query are lanes.
//
// args: `slots/attention.ts`, `slots/attention-queries.ts`, `slots/causal-attention.ts`
import * as ATTENTION from '../slots/attention';
import * as ATTENTION_QUERIES from '../slots/attention-queries';
import * as CAUSAL_ATTENTION from '../slots/causal-attention';
import * as FORWARD_UNIT from '../slots/forward-unit';
import { dropPanel, keptBits } from './attention-dropout';
import { endSeen, firstSeen, hidePanel, seen } from './attention-mask';
import { LOWEST, softmaxPanel } from './attention-math';
import { KEYS, NEAR, PANEL, packPlain, packQueries, panelBytes, rowBytes, scorePanel, skipped, storePanel, sumPanel } from './attention-tile';
import { isOwnBlock, packAt, scoreSelf, sumSelf } from './attention-candidates';
import { FEW } from './attention-few';
import { softmaxFew } from './softmax-few';
import { touch } from './touch';
import { flt, int, ptr, scratch } from './env';
import { after, GUARD } from './regions';
import { log4 } from './math';
import { TILE_BYTES } from './tile';

const SQUARE: usize = <usize>KEYS * 64;
const SCORES: usize = TILE_BYTES + GUARD;
const MASK: usize = SCORES + SQUARE + GUARD;
const RATIO: usize = MASK + SQUARE + GUARD;
/** A running maximum and sum for each of up to 256 queries, by panels. */
const STATS: usize = RATIO + 64 + GUARD;
const PACKS: usize = STATS + 2048 + GUARD;

/** One task: one chunk of up to 256 queries of one sequence, head by head, or some heads. */
export function softmaxForward(args: usize, task: i32): void {
  const unit = ptr(args, ATTENTION.UNITS) + <usize>task * (FORWARD_UNIT.SIZE << 2);
  const isPlain = ptr(args, ATTENTION_QUERIES.SELF_K) == 0 && int(args, CAUSAL_ATTENTION.DROPOUT) == 0;
  if (isPlain && load<i32>(unit, FORWARD_UNIT.QUERIES << 2) <= FEW) {
    softmaxFew(args, unit);
    return;
  }
  after(scratch, TILE_BYTES);
  after(scratch + SCORES, SQUARE);
  after(scratch + MASK, SQUARE);
  after(scratch + RATIO, 64);
  after(scratch + STATS, 2048);
  const head = load<i32>(unit, FORWARD_UNIT.HEAD << 2), end = head + load<i32>(unit, FORWARD_UNIT.HEADS << 2);
  for (let h = head; h < end; h++) forwardHead(args, unit, h);
}

function forwardHead(args: usize, unit: usize, head: i32): void {
  const start = <usize>load<u32>(unit, FORWARD_UNIT.START << 2);
  const q0 = load<i32>(unit, FORWARD_UNIT.FIRST << 2), rows = load<i32>(unit, FORWARD_UNIT.QUERIES << 2);
  const queryRow = <usize>load<u32>(unit, FORWARD_UNIT.ROW << 2);
  const heads = int(args, ATTENTION.HEADS), a = int(args, ATTENTION.WIDTH), c = int(args, ATTENTION.VALUE_WIDTH);
  const scale = flt(args, ATTENTION.SCALE);
  const hasDropout = int(args, CAUSAL_ATTENTION.DROPOUT) != 0;
  const qStride = <usize>heads * <usize>a * 4, vStride = <usize>heads * <usize>c * 4;
  const keyRows = ptr(args, ATTENTION_QUERIES.KEY_ROWS), isCandidate = ptr(args, ATTENTION_QUERIES.SELF_K) != 0;
  const kFar = qStride > NEAR || keyRows != 0, vFar = vStride > NEAR || keyRows != 0;
  const kRow = kFar ? rowBytes(a) : qStride, vRow = vFar ? rowBytes(c) : vStride;
  const panels = (rows + PANEL - 1) / PANEL;
  const skip = skipped(rows);
  const scores = scratch + SCORES, mask = scratch + MASK, ratio = scratch + RATIO;
  const qPanel = <usize>a << 6, vPanel = <usize>c << 6, oPanel = panelBytes(c);
  const qPack = scratch + PACKS, sums = after(qPack, <usize>panels * qPanel);
  const kPack = after(sums, <usize>panels * oPanel), vPack = after(kPack, <usize>KEYS * rowBytes(a));
  const selfKey = after(vPack, <usize>KEYS * rowBytes(c)), selfValue = after(selfKey, isCandidate ? <usize>panels * qPanel : 0);
  after(selfValue, isCandidate ? <usize>panels * vPanel : 0);
  touch(ptr(args, ATTENTION.Q) + queryRow * qStride + <usize>(head * a) * 4, qStride, rows, a);
  packQueries(ptr(args, ATTENTION.Q) + queryRow * qStride + <usize>(head * a) * 4, qStride, skip, rows, a, qPack);
  if (isCandidate) {
    packQueries(ptr(args, ATTENTION_QUERIES.SELF_K) + queryRow * qStride + <usize>(head * a) * 4, qStride, skip, rows, a, selfKey);
    packQueries(ptr(args, ATTENTION_QUERIES.SELF_V) + queryRow * vStride + <usize>(head * c) * 4, vStride, skip, rows, c, selfValue);
  }
  for (let p: usize = 0; p < <usize>panels; p++) {
    for (let i: usize = 0; i < 64; i += 16) {
      v128.store(scratch + STATS + (p << 7) + i, f32x4.splat(LOWEST));
      v128.store(scratch + STATS + (p << 7) + i, f32x4.splat(0), 64);
    }
  }
  const masked = ptr(args, ATTENTION.VISIBLE) != 0;
  if (masked || isCandidate) memory.fill(sums, 0, <usize>panels * oPanel);
  const length = load<i32>(unit, FORWARD_UNIT.LENGTH << 2);
  const keyEnd = masked || isCandidate ? length : q0 + rows;
  for (let k0 = 0; k0 < keyEnd + <i32>isCandidate; k0 += KEYS) {
    const keys = min(KEYS, keyEnd - k0), own = isCandidate && isOwnBlock(k0, length);
    if (masked && !own && !seen(args, queryRow, q0, 0, rows, k0, keys)) continue;
    let kRows = ptr(args, ATTENTION.K) + (start + <usize>k0) * qStride + <usize>(head * a) * 4;
    let vRows = ptr(args, ATTENTION.V) + (start + <usize>k0) * vStride + <usize>(head * c) * 4;
    if (keyRows != 0) {
      const numbers = keyRows + ((start + <usize>k0) << 2);
      packAt(ptr(args, ATTENTION.K) + <usize>(head * a) * 4, qStride, numbers, keys, a, kPack);
      packAt(ptr(args, ATTENTION.V) + <usize>(head * c) * 4, vStride, numbers, keys, c, vPack);
      kRows = kPack; vRows = vPack;
    } else {
      touch(kRows, qStride, keys, a);
      touch(vRows, vStride, keys, c);
    }
    if (keyRows == 0 && kFar) { packPlain(kRows, qStride, keys, a, kPack); kRows = kPack; }
    if (keyRows == 0 && vFar) { packPlain(vRows, vStride, keys, c, vPack); vRows = vPack; }
    for (let p = masked || isCandidate ? 0 : max(0, k0 - q0 + skip) / PANEL; p < panels; p++) {
      const ahead = p * PANEL - skip, left = p == 0 ? skip : 0, query = q0 + ahead;
      const row = queryRow + <usize>ahead;
      const some = seen(args, row, query, left, PANEL, k0, keys);
      if (!some && !own) continue;
      const first = some ? firstSeen : 0, reach = (own ? keys : endSeen) - first, key = k0 + first;
      const edge = !masked && !isCandidate && key + reach == query + PANEL;
      scorePanel(kRows + <usize>first * kRow, kRow, qPack + <usize>p * qPanel, a, reach, scores, 64, edge, scratch);
      hidePanel(args, row, query, left, key, 0, reach, scores, 64, -Infinity);
      if (own) scoreSelf(qPack + <usize>p * qPanel, selfKey + <usize>p * qPanel, a, scores + (<usize>reach << 6));
      const o = sums + <usize>p * oPanel;
      const changed = softmaxPanel(scores, reach + <i32>own, scale, scratch + STATS + (<usize>p << 7), ratio);
      if (changed && (masked || isCandidate || k0 > 0)) scaleSums(o, c, ratio);
      if (hasDropout) {
        const bits = keptBits(<usize>load<u32>(unit, FORWARD_UNIT.KEPT << 2), load<i32>(unit, FORWARD_UNIT.LENGTH << 2), head, query, key);
        dropPanel(args, <u32>row, head, key, reach, mask, 64, bits);
        for (let j: usize = 0; j < <usize>reach << 6; j += 32) {
          const lower = f32x4.mul(v128.load(scores + j), v128.load(mask + j));
          const upper = f32x4.mul(v128.load(scores + j, 16), v128.load(mask + j, 16));
          v128.store(scores + j, upper, 16); v128.store(scores + j, lower);
        }
      }
      sumPanel(vRows + <usize>first * vRow, vRow, c, reach, scores, 64, o, !masked && !isCandidate && k0 == 0, scratch);
      if (own) sumSelf(selfValue + <usize>p * vPanel, c, scores + (<usize>reach << 6), o);
    }
  }
  finish(args, queryRow, head, rows, sums);
}

/** sums *= ratio, a lane a query. */
function scaleSums(sums: usize, width: i32, ratio: usize): void {
  const r0 = v128.load(ratio), r1 = v128.load(ratio, 16), r2 = v128.load(ratio, 32), r3 = v128.load(ratio, 48);
  for (let end = sums + (<usize>width << 6); sums < end; sums += 64) {
    const lower = f32x4.mul(v128.load(sums), r0), upper = f32x4.mul(v128.load(sums, 16), r1);
    const third = f32x4.mul(v128.load(sums, 32), r2), last = f32x4.mul(v128.load(sums, 48), r3);
    v128.store(sums, upper, 16); v128.store(sums, lower);
    v128.store(sums, last, 48); v128.store(sums, third, 32);
  }
}

/** Divides by the sums of the softmax; writes the output and logSumExp. */
function finish(args: usize, queryRow: usize, head: i32, rows: i32, sums: usize): void {
  const heads = <usize>int(args, ATTENTION.HEADS), c = int(args, ATTENTION.VALUE_WIDTH);
  const stride = heads * <usize>c * 4, one = f32x4.splat(1);
  const skip = skipped(rows);
  touch(ptr(args, ATTENTION.OUT) + queryRow * stride + <usize>head * <usize>c * 4, stride, rows, c);
  for (let p = 0; p * PANEL < rows + skip; p++) {
    const stats = scratch + STATS + (<usize>p << 7), ratio = scratch + RATIO;
    const o = sums + <usize>p * panelBytes(c);
    const left = p == 0 ? skip : 0, first = queryRow + <usize>(p * PANEL - skip);
    for (let i: usize = 0; i < 64; i += 16) {
      const sum = v128.load(stats + i, 64);
      v128.store(ratio + i, f32x4.div(one, sum));
      v128.store(stats + i, log4(sum), 64);
    }
    scaleSums(o, c, ratio);
    const to = ptr(args, ATTENTION.OUT) + (first + <usize>left) * stride + <usize>head * <usize>c * 4;
    storePanel(o + (<usize>left << 2), c, PANEL - left, to, stride, 1);
    for (let i = <usize>left; i < <usize>PANEL; i++) {
      const at = ptr(args, CAUSAL_ATTENTION.LOG_SUM_EXP) + (((first + i) * heads + <usize>head) << 2);
      store<f32>(at, flt(args, ATTENTION.SCALE) * load<f32>(stats + (i << 2)) + load<f32>(stats + (i << 2), 64));
    }
  }
}
