// Causal softmax attention of one to four queries of a sequence, see `attention-few.ts`.
//
// args: `slots/attention.ts`, `slots/causal-attention.ts`
import * as ATTENTION from '../slots/attention';
import * as CAUSAL_ATTENTION from '../slots/causal-attention';
import * as FORWARD_UNIT from '../slots/forward-unit';
import { enterKeys, firstKey, hidePairs, keyCount, keyNumbers, kHead, PAIRS, scorePairs, sumPairs, vHead } from './attention-few';
import { exp2Bounded, LOG2E, LOWEST } from './attention-math';
import { KEYS } from './attention-tile';
import { flt, int, madd, ptr, scratch } from './env';
import { constants, F1, F2, F3, F4, F5, log4, ONE, power, ROUNDER, VANISHING } from './math';
import { after } from './regions';

/** Running maxima, sums and factors of a pair of queries, two floats each. */
const STATS: usize = 24;

/** One unit, all of its heads. */
export function softmaxFew(args: usize, unit: usize): void {
  const from = load<i32>(unit, FORWARD_UNIT.HEAD << 2), count = load<i32>(unit, FORWARD_UNIT.HEADS << 2);
  const queryRow = <usize>load<u32>(unit, FORWARD_UNIT.ROW << 2);
  const q0 = load<i32>(unit, FORWARD_UNIT.FIRST << 2), rows = load<i32>(unit, FORWARD_UNIT.QUERIES << 2);
  const a = int(args, ATTENTION.WIDTH), c = int(args, ATTENTION.VALUE_WIDTH), heads = <usize>int(args, ATTENTION.HEADS);
  const qStride = heads * <usize>a * 4, vStride = heads * <usize>c * 4;
  const masked = ptr(args, ATTENTION.VISIBLE) != 0;
  const scale = flt(args, ATTENTION.SCALE);
  const sumRow = <usize>((c + 15) & ~15) << 2, pairs = (rows + 1) >> 1;
  const scores = scratch, stats = after(scores, PAIRS), sums = after(stats, <usize>(pairs * count) * STATS);
  after(sums, <usize>(2 * pairs * count) * sumRow);
  memory.fill(sums, 0, <usize>(2 * pairs * count) * sumRow);
  for (let i: usize = 0; i < <usize>(pairs * count); i++) {
    store<f32>(stats + i * STATS, LOWEST); store<f32>(stats + i * STATS, LOWEST, 4);
    store<u64>(stats + i * STATS, 0, 8);
  }
  const query = ptr(args, ATTENTION.Q) + queryRow * qStride + <usize>(from * a) * 4;
  const keyEnd = masked ? load<i32>(unit, FORWARD_UNIT.LENGTH << 2) : q0 + rows;
  for (let k0 = 0; k0 < keyEnd; k0 += KEYS) {
    if (!enterKeys(args, unit, k0, keyEnd)) continue;
    const key = firstKey, keys = keyCount;
    for (let p = 0; p < pairs; p++) {
      const row = queryRow + <usize>(2 * p), q = q0 + 2 * p, two = min(2, rows - 2 * p);
      const own = query + <usize>(2 * p) * qStride, other: usize = two > 1 ? qStride : 0;
      for (let h = 0; h < count; h++) {
        const column = <usize>(h * a) << 2, at = <usize>(h * pairs + p);
        scorePairs(kHead + column, qStride, keyNumbers, keys, own + column, own + column + other, a, scores);
        hidePairs(args, row, two, q, key, keys, scores, -Infinity);
        const s = sums + 2 * at * sumRow, changed = softmaxPairs(scores, keys, scale, stats + at * STATS);
        if (changed && (masked || k0 > 0)) scalePairs(s, sumRow, stats + at * STATS + 16);
        sumPairs(vHead + (<usize>(h * c) << 2), vStride, keyNumbers, keys, c, scores, s, sumRow);
      }
    }
  }
  for (let h = 0; h < count; h++) {
    const out = ptr(args, ATTENTION.OUT) + queryRow * vStride + <usize>((from + h) * c) * 4;
    const logs = ptr(args, CAUSAL_ATTENTION.LOG_SUM_EXP) + ((queryRow * heads + <usize>(from + h)) << 2);
    for (let r = 0; r < rows; r++) {
      const at = stats + <usize>(h * pairs + (r >> 1)) * STATS + (<usize>(r & 1) << 2), sum = load<f32>(at, 8);
      const s = sums + <usize>(2 * h * pairs + r) * sumRow, to = out + <usize>r * vStride, inverse: f32 = 1 / sum;
      for (let i: usize = 0; i < <usize>c << 2; i += 4) store<f32>(to + i, load<f32>(s + i) * inverse);
      const log = f32x4.extract_lane(log4(f32x4.splat(sum)), 0);
      store<f32>(logs + ((<usize>r * heads) << 2), scale * load<f32>(at) + log);
    }
  }
}

/**
 * `softmaxPanel` of one or two queries: S -> exp(scale (S - max)) of `keys` keys, with the running maxima, sums and
 * the factors for what came before at `stats`; false: the factors are one.
 */
function softmaxPairs(s: usize, keys: i32, scale: f32, stats: usize): bool {
  // A key that nobody sees fills the last vector.
  if (keys & 1) store<f64>(s + (<usize>keys << 3), reinterpret<f64>(0xff800000ff800000));
  const end = s + (<usize>keys << 3), t = constants, factor = f32x4.splat(scale * LOG2E);
  const old = v128.load64_splat(stats);
  let most = old;
  for (let p = s; p < end; p += 16) most = f32x4.pmax(most, v128.load(p));
  most = f32x4.pmax(most, v128.shuffle<f64>(most, most, 1, 0));
  v128.store64_lane(stats, most, 0);
  const b = f32x4.mul(most, factor);
  const bottom = v128.load32_splat(t, VANISHING << 2), shifter = v128.load32_splat(t, ROUNDER << 2);
  const f5 = v128.load32_splat(t, F5 << 2), f4 = v128.load32_splat(t, F4 << 2), f3 = v128.load32_splat(t, F3 << 2);
  const f2 = v128.load32_splat(t, F2 << 2), f1 = v128.load32_splat(t, F1 << 2), one = v128.load32_splat(t, ONE << 2);
  let total = f32x4.splat(0);
  for (let p = s; p < end; p += 16) {
    let z = f32x4.pmax(f32x4.sub(f32x4.mul(v128.load(p), factor), b), bottom);
    const e = f32x4.add(z, shifter);
    z = f32x4.sub(z, f32x4.sub(e, shifter));
    const x = i32x4.add(power(z, f5, f4, f3, f2, f1, one), i32x4.shl(e, 23));
    // In the order of the keys.
    total = f32x4.add(f32x4.add(total, x), v128.shuffle<f64>(x, x, 1, 1));
    v128.store(p, x);
  }
  const ratio = exp2Bounded(f32x4.sub(f32x4.mul(old, factor), b));
  v128.store64_lane(stats, madd(v128.load64_splat(stats, 8), ratio, total), 0, 8);
  v128.store64_lane(stats, ratio, 0, 16);
  return v128.any_true(f32x4.ne(old, most));
}

/** Two rows of sums times their factors. */
function scalePairs(sums: usize, sumRow: usize, ratio: usize): void {
  const r0 = v128.load32_splat(ratio), r1 = v128.load32_splat(ratio, 4);
  for (let s = sums, end = sums + sumRow; s < end; s += 16) {
    v128.store(s, f32x4.mul(v128.load(s), r0));
    v128.store(s + sumRow, f32x4.mul(v128.load(s + sumRow), r1));
  }
}
