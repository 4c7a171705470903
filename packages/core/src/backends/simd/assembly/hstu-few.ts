// HSTU attention of one to four queries of a sequence, see `attention-few.ts`: a block of keys stays in the cache for
// all of them; the bias is [key][query] too.
// args: `slots/attention.ts`, `slots/hstu-attention.ts`, `slots/time-buckets.ts`
import * as ATTENTION from '../slots/attention';
import * as FORWARD_UNIT from '../slots/forward-unit';
import * as HSTU_ATTENTION from '../slots/hstu-attention';
import * as TIME_BUCKETS from '../slots/time-buckets';
import { bucketAt } from './attention-bias';
import { siluPanel } from './attention-math';
import { enterKeys, firstKey, hidePairs, keyCount, keyNumbers, kHead, PAIRS, scorePairs, sumPairs, vHead } from './attention-few';
import { KEYS } from './attention-tile';
import { flt, int, ptr, scratch } from './env';
import { after } from './regions';

/** One unit, all of its heads. */
export function hstuFew(args: usize, unit: usize): void {
  const from = load<i32>(unit, FORWARD_UNIT.HEAD << 2), count = load<i32>(unit, FORWARD_UNIT.HEADS << 2);
  const start = <usize>load<u32>(unit, FORWARD_UNIT.START << 2), queryRow = <usize>load<u32>(unit, FORWARD_UNIT.ROW << 2);
  const q0 = load<i32>(unit, FORWARD_UNIT.FIRST << 2), rows = load<i32>(unit, FORWARD_UNIT.QUERIES << 2);
  const a = int(args, ATTENTION.WIDTH), c = int(args, ATTENTION.VALUE_WIDTH), heads = <usize>int(args, ATTENTION.HEADS);
  const qStride = heads * <usize>a * 4, vStride = heads * <usize>c * 4;
  const masked = ptr(args, ATTENTION.VISIBLE) != 0;
  const hasBias = ptr(args, HSTU_ATTENTION.BIAS) != 0, scale = flt(args, ATTENTION.SCALE);
  const scores = scratch, bias = after(scores, PAIRS), sums = after(bias, PAIRS);
  const sumRow = <usize>((c + 15) & ~15) << 2;
  const pairs = (rows + 1) >> 1;
  after(sums, <usize>(2 * pairs * count) * sumRow);
  memory.fill(sums, 0, <usize>(2 * pairs * count) * sumRow);
  memory.fill(scores, 0, PAIRS);
  memory.fill(bias, 0, PAIRS);
  const query = ptr(args, ATTENTION.Q) + queryRow * qStride + <usize>(from * a) * 4;
  const keyEnd = masked ? load<i32>(unit, FORWARD_UNIT.LENGTH << 2) : q0 + rows;
  for (let k0 = 0; k0 < keyEnd; k0 += KEYS) {
    if (!enterKeys(args, unit, k0, keyEnd)) continue;
    const key = firstKey, keys = keyCount;
    for (let p = 0; p < pairs; p++) {
      const row = queryRow + <usize>(2 * p), q = q0 + 2 * p, two = min(2, rows - 2 * p);
      const own = query + <usize>(2 * p) * qStride, other: usize = two > 1 ? qStride : 0;
      if (hasBias) biasPairs(args, row, two, q, start, key, keys, bias);
      for (let h = 0; h < count; h++) {
        const column = <usize>(h * a) << 2;
        scorePairs(kHead + column, qStride, keyNumbers, keys, own + column, own + column + other, a, scores);
        siluPanel(scores, bias, hasBias, (keys + 7) >> 3, scale);
        hidePairs(args, row, two, q, key, keys, scores, 0);
        const s = sums + <usize>(2 * (h * pairs + p)) * sumRow;
        sumPairs(vHead + (<usize>(h * c) << 2), vStride, keyNumbers, keys, c, scores, s, sumRow);
      }
    }
  }
  const inverse = flt(args, HSTU_ATTENTION.INVERSE);
  for (let h = 0; h < count; h++) {
    const out = ptr(args, ATTENTION.OUT) + queryRow * vStride + <usize>((from + h) * c) * 4;
    for (let r = 0; r < rows; r++) {
      const s = sums + <usize>(2 * h * pairs + r) * sumRow, to = out + <usize>r * vStride;
      for (let i: usize = 0; i < <usize>c << 2; i += 4) store<f32>(to + i, inverse * load<f32>(s + i));
    }
  }
}

/** The bias of each key from `key` on against one or two queries from `q0` on. */
function biasPairs(
  args: usize, queryRow: usize, rows: i32, q0: i32, start: usize, key: i32, keys: i32, out: usize,
): void {
  const time = ptr(args, HSTU_ATTENTION.TIME_WEIGHTS), queryTimes = ptr(args, TIME_BUCKETS.QUERY_TIMES) + (queryRow << 2);
  const keyTimes = ptr(args, TIME_BUCKETS.KEY_TIMES) + ((start + <usize>key) << 2);
  for (let r = 0; r < rows; r++, out += 4) {
    const asked = time != 0 ? load<i32>(queryTimes + (<usize>r << 2)) : 0;
    let position = ptr(args, HSTU_ATTENTION.BIAS) + (<usize>(q0 + r - key) << 2);
    for (let j: usize = 0; j < <usize>keys; j++, position -= 4) {
      let w = load<f32>(position);
      if (time != 0) w = load<f32>(time + (<usize>bucketAt(args, asked, load<i32>(keyTimes + (j << 2))) << 2)) + w;
      store<f32>(out + (j << 3), w);
    }
  }
}
