// What a panel of queries sees of a block of keys. Without ranges it is causality alone; with them query i
// sees keys lo .. hi - 1 of its sequence (VISIBLE), keys below min(g, hi) (GLOBAL_KEYS), and itself.
// args: `slots/attention.ts`
import * as ATTENTION from '../slots/attention';
import { PANEL, maskPanel } from './attention-tile';
import { int, ptr } from './env';

/** The keys of a block that some query of a panel sees, as rows of the block: set by `seen`, one panel at a time. */
export let firstSeen: i32 = 0;
export let endSeen: i32 = 0;

/** The first row is a multiple of this: whole groups of six keys, whole groups of sixteen random numbers. */
const STEP: i32 = 48;

/**
 * Which of `keys` keys from `key` on the queries `query + skip` .. `query + count - 1` (packed row `row` is `query`)
 * see. Sets `firstSeen` and `endSeen`; false where there are none.
 */
export function seen(args: usize, row: usize, query: i32, skip: i32, count: i32, key: i32, keys: i32): bool {
  const ranges = ptr(args, ATTENTION.VISIBLE);
  firstSeen = 0;
  endSeen = min(keys, query + PANEL - key);
  if (ranges == 0) return endSeen > 0;
  let low = i32.MAX_VALUE, high = i32.MIN_VALUE;
  const end = key + keys, always = min(int(args, ATTENTION.GLOBAL_KEYS), end);
  for (let i = skip; i < count; i++) {
    const at = ranges + ((row + <usize>i) << 3);
    const first = max(load<i32>(at), key), last = min(load<i32>(at, 4), end);
    if (first < last) {
      low = min(low, first);
      high = max(high, last);
    }
    const known = min(always, last);
    if (key < known) {
      low = key;
      high = max(high, known);
    }
    if (query + i >= key && query + i < end) {
      low = min(low, query + i);
      high = max(high, query + i + 1);
    }
  }
  if (low >= high) return false;
  firstSeen = (low - key) / STEP * STEP;
  endSeen = high - key;
  return true;
}

/**
 * Puts `value` where a query does not see a key, in rows `first` .. `rows` - 1 of a panel, and, with ranges, in the
 * first `skip` columns; row 0 is key `key`.
 */
export function hidePanel(
  args: usize, row: usize, query: i32, skip: i32, key: i32, first: i32, rows: i32, scores: usize, stride: usize, value: f32,
): void {
  const ranges = ptr(args, ATTENTION.VISIBLE);
  if (ranges == 0) {
    maskPanel(scores, stride, query, key, rows, value);
    return;
  }
  const hidden = f32x4.splat(value), always = i32x4.splat(int(args, ATTENTION.GLOBAL_KEYS));
  for (let i = 0; i < PANEL; i += 4) {
    if (i + 4 <= skip) {
      for (let j = first; j < rows; j++) v128.store(scores + <usize>j * stride + (<usize>i << 2), hidden);
      continue;
    }
    // The first query stands in for those that do not exist.
    const least = row + <usize>skip;
    let low = i32x4.splat(0), high = low, self = i32x4.splat(query + i);
    low = rangesOf(ranges, row + <usize>i, least, 0);
    high = rangesOf(ranges, row + <usize>i, least, 4);
    self = i32x4.add(self, i32x4(0, 1, 2, 3));
    for (let j = first; j < rows; j++) {
      const k = i32x4.splat(key + j);
      const visible = v128.or(
        v128.and(v128.or(i32x4.ge_s(k, low), i32x4.lt_s(k, always)), i32x4.lt_s(k, high)), i32x4.eq(k, self),
      );
      const p = scores + <usize>j * stride + (<usize>i << 2);
      v128.store(p, v128.bitselect(v128.load(p), hidden, visible));
    }
  }
}

// @ts-ignore: decorator
@inline
function rangesOf(ranges: usize, row: usize, least: usize, offset: usize): v128 {
  let x = v128.load32_zero(ranges + (<usize>max(<isize>(row), <isize>least) << 3) + offset);
  x = v128.load32_lane(ranges + (<usize>max(<isize>(row + 1), <isize>least) << 3) + offset, x, 1);
  x = v128.load32_lane(ranges + (<usize>max(<isize>(row + 2), <isize>least) << 3) + offset, x, 2);
  return v128.load32_lane(ranges + (<usize>max(<isize>(row + 3), <isize>least) << 3) + offset, x, 3);
}
