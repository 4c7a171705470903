// What enters the first block: rows of an item table, scaled, plus rows of a table of places, and dropout.
import { dropoutStrip, stripBytes } from './dropout-strip';
import { flt, int, ptr, scratch } from './env';
import { KEYS_BYTES } from './random';
import { after } from './regions';

/** Slot of dropout?; threshold, 1 / (1 - rate), k0, k1, step, first word (two) and bits (0: not kept) follow. */
const DROPOUT: i32 = 6;

/** Rows whose factors are made at a time: with any width whole words of bits. */
const ROWS: i32 = 32;

/**
 * y = dropout(scale table[id] + places[position]) for a range of rows.
 * args: 0 table, 1 ids, 2 places (0: none), 3 positions, 4 rows, 5 D, 6 to 14 dropout as above, 15 y,
 *       16 rows per task (a multiple of 32), 17 scale
 */
export function embedTokens(args: usize, task: i32): void {
  const d = int(args, 5), bytes = <usize>d << 2;
  const begin = task * int(args, 16), end = min(begin + int(args, 16), int(args, 4));
  const places = ptr(args, 2), scale = flt(args, 17);
  const factors = after(scratch, KEYS_BYTES);
  after(factors, stripBytes(ROWS * d));
  for (let from = begin; from < end; from += ROWS) {
    const rows = min(ROWS, end - from);
    let mask: usize = 0;
    if (int(args, DROPOUT)) {
      mask = dropoutStrip(args, DROPOUT + 1, <u32>(from * d), <u32>(rows * d), factors, ptr(args, DROPOUT + 8));
    }
    for (let r = from; r < from + rows; r++) {
      const at = <usize>r << 2;
      const item = ptr(args, 0) + <usize>load<u32>(ptr(args, 1) + at) * bytes;
      const place = places ? places + <usize>load<u32>(ptr(args, 3) + at) * bytes : 0;
      tokenRow(item, scale, place, mask, ptr(args, 15) + <usize>r * bytes, bytes);
      if (mask) mask += bytes;
    }
  }
}

/** y = (scale item + place) mask; without place or mask (0) those parts are left out. */
// @ts-ignore: decorator
@inline
function tokenRow(item: usize, scale: f32, place: usize, mask: usize, y: usize, bytes: usize): void {
  if (place) {
    if (mask) rowOf(true, true, item, scale, place, mask, y, bytes);
    else rowOf(true, false, item, scale, place, mask, y, bytes);
  } else if (mask) rowOf(false, true, item, scale, place, mask, y, bytes);
  else rowOf(false, false, item, scale, place, mask, y, bytes);
}

/** The first two are constants at every call, so that each has a loop of its own. */
// @ts-ignore: decorator
@inline
function rowOf(placed: bool, masked: bool, item: usize, scale: f32, place: usize, mask: usize, y: usize, bytes: usize): void {
  const s = f32x4.splat(scale);
  let i: usize = 0;
  for (; i + 32 <= bytes; i += 32) {
    let a = f32x4.mul(v128.load(item + i), s), b = f32x4.mul(v128.load(item + i, 16), s);
    if (placed) { a = f32x4.add(a, v128.load(place + i)); b = f32x4.add(b, v128.load(place + i, 16)); }
    if (masked) { a = f32x4.mul(a, v128.load(mask + i)); b = f32x4.mul(b, v128.load(mask + i, 16)); }
    v128.store(y + i, b, 16); v128.store(y + i, a);
  }
  for (; i < bytes; i += 4) {
    let x = load<f32>(item + i) * scale;
    if (placed) x += load<f32>(place + i);
    if (masked) x *= load<f32>(mask + i);
    store<f32>(y + i, x);
  }
}
