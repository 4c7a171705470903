// A block of scores in the backward pass: a row for each key, a column for each of 64 queries, in four panels; and
// which rows of a panel are in use.
import { scratch } from './env';
import { GUARD } from './regions';
import { TILE_BYTES } from './tile';

/** Queries of a block. */
export const QUERIES: i32 = 64;
/** Bytes of a row. */
export const STRIDE: usize = <usize>QUERIES * 4;

/** Where the first and end row of each panel lie in the scratch memory. */
export const SPANS: usize = TILE_BYTES + GUARD;
export const SPANS_BYTES: usize = 64;

// @ts-ignore: decorator
@inline
export function setSpan(panel: i32, first: i32, end: i32): void {
  const span = scratch + SPANS + (<usize>panel << 3);
  store<i32>(span, first);
  store<i32>(span, end, 4);
}

/** First and end row of a panel's keys in the block. */
// @ts-ignore: decorator
@inline
export function spanFirst(panel: i32): i32 {
  return load<i32>(scratch + SPANS + (<usize>panel << 3));
}

// @ts-ignore: decorator
@inline
export function spanEnd(panel: i32): i32 {
  return load<i32>(scratch + SPANS + (<usize>panel << 3), 4);
}

/** Whether a panel's rows of a block hold key `key`; whether they hold some key of the six from `key` on. */
// @ts-ignore: decorator
@inline
export function holds(panel: i32, key: i32): bool {
  return key >= spanFirst(panel) && key < spanEnd(panel);
}

// @ts-ignore: decorator
@inline
export function overlaps(panel: i32, key: i32): bool {
  return key + 6 > spanFirst(panel) && key < spanEnd(panel);
}

/** Zeroes rows of a panel. */
export function clearRows(scores: usize, from: i32, to: i32): void {
  const zero = f32x4.splat(0);
  for (let j = from; j < to; j++) {
    const row = scores + <usize>j * STRIDE;
    v128.store(row, zero, 16); v128.store(row, zero);
    v128.store(row, zero, 32);
    v128.store(row, zero, 48);
  }
}

/** Adds rows of a panel to others, or writes them where there are none yet. */
export function addRows(sums: usize, rows: usize, from: i32, to: i32, fresh: bool): void {
  for (let o = <usize>from * STRIDE; o < <usize>to * STRIDE; o += STRIDE) {
    const s = sums + o, r = rows + o;
    let x0 = v128.load(r), x1 = v128.load(r, 16), x2 = v128.load(r, 32), x3 = v128.load(r, 48);
    if (!fresh) {
      x0 = f32x4.add(x0, v128.load(s)); x1 = f32x4.add(x1, v128.load(s, 16));
      x2 = f32x4.add(x2, v128.load(s, 32)); x3 = f32x4.add(x3, v128.load(s, 48));
    }
    v128.store(s, x1, 16); v128.store(s, x0); v128.store(s, x3, 48); v128.store(s, x2, 32);
  }
}
