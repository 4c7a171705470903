// What enters the first block: rows of an item table, scaled, plus rows of a table of places, and dropout.
import * as EMBED_TOKENS from '../slots/embed-tokens';
import { dropoutStrip, stripBytes } from './dropout-strip';
import { flt, int, ptr, scratch } from './env';
import { KEYS_BYTES } from './random';
import { after } from './regions';

/** Rows whose factors are made at a time: with any width whole words of bits. */
const ROWS: i32 = 32;

/**
 * y = dropout(scale table[id] + places[position]) for a range of rows.
 * args: `slots/embed-tokens.ts`
 */
export function embedTokens(args: usize, task: i32): void {
  const d = int(args, EMBED_TOKENS.D), bytes = <usize>d << 2;
  const begin = task * int(args, EMBED_TOKENS.PER_TASK), end = min(begin + int(args, EMBED_TOKENS.PER_TASK), int(args, EMBED_TOKENS.ROWS));
  const places = ptr(args, EMBED_TOKENS.PLACES), scale = flt(args, EMBED_TOKENS.SCALE);
  const factors = after(scratch, KEYS_BYTES);
  after(factors, stripBytes(ROWS * d));
  for (let from = begin; from < end; from += ROWS) {
    const rows = min(ROWS, end - from);
    let mask: usize = 0;
    if (int(args, EMBED_TOKENS.DROPOUT)) {
      mask = dropoutStrip(args, EMBED_TOKENS.THRESHOLD, <u32>(from * d), <u32>(rows * d), factors, ptr(args, EMBED_TOKENS.BITS));
    }
    for (let r = from; r < from + rows; r++) {
      const at = <usize>r << 2;
      const item = ptr(args, EMBED_TOKENS.TABLE) + <usize>load<u32>(ptr(args, EMBED_TOKENS.IDS) + at) * bytes;
      const place = places ? places + <usize>load<u32>(ptr(args, EMBED_TOKENS.POSITIONS) + at) * bytes : 0;
      tokenRow(item, scale, place, mask, ptr(args, EMBED_TOKENS.Y) + <usize>r * bytes, bytes);
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
