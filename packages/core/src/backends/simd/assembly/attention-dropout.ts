// Dropout on the weights of attention, from the counter-based stream. The forward pass keeps which weights stay, a
// bit each, where there is room; else the backward pass makes them again.
import * as ATTENTION from '../slots/attention';
import * as CAUSAL_ATTENTION from '../slots/causal-attention';
import { flt, int, scratch } from './env';
import { BITS, constants } from './math';
import { factorRows, keySchedule } from './random';
import { TILE_BYTES } from './tile';

/** Where the kept bits of a panel begin, from key `key` on: two bytes a key. 0 where none are kept. */
// @ts-ignore: decorator
@inline
export function keptBits(base: usize, length: i32, head: i32, query: i32, key: i32): usize {
  if (base == 0) return 0;
  const panels = <usize>(length + 15) >> 4, panel = <usize>(query + 15) >> 4;
  return base + ((<usize>head * panels * (panels + 1) + panel * (panel + 1)) << 4) + (<usize>key << 1);
}

/**
 * Dropout factors (0 or 1 / (1 - rate)) of a panel: rows are `keys` keys from `key` on (a multiple of 4), columns
 * the queries of packed rows `t` on, of head `h`. Whole groups of four keys are written. Writes the bits to
 * `bits`, unless that is 0.
 */
export function dropPanel(args: usize, t: u32, h: i32, key: i32, keys: i32, out: usize, stride: usize, bits: usize): void {
  const threshold = <u32>int(args, CAUSAL_ATTENTION.THRESHOLD), scale = flt(args, CAUSAL_ATTENTION.KEEP_SCALE);
  const schedule = scratch + TILE_BYTES - 128;
  const heads = <u32>int(args, ATTENTION.HEADS), row = <u32>int(args, CAUSAL_ATTENTION.FIRST) + t * heads + <u32>h, c2 = <u32>int(args, CAUSAL_ATTENTION.STEP);
  keySchedule(<u32>int(args, CAUSAL_ATTENTION.K0), <u32>int(args, CAUSAL_ATTENTION.K1), 0, schedule);
  for (let j = 0; j < keys; j += 4) {
    const c0 = <u32>(key + j) >> 2;
    factorRows(c0, row, heads, c2, schedule, threshold, scale, out, stride, bits);
    factorRows(c0, row + 8 * heads, heads, c2, schedule, threshold, scale, out + 32, stride, bits ? bits + 1 : 0);
    out += 4 * stride;
    if (bits) bits += 8;
  }
}

/** As `dropPanel`, from the bits that it wrote. */
export function keptDrops(args: usize, keys: i32, bits: usize, out: usize, stride: usize): void {
  const scale = f32x4.splat(flt(args, CAUSAL_ATTENTION.KEEP_SCALE)), t = constants + (BITS << 2);
  const b0 = v128.load(t), b1 = v128.load(t, 16), b2 = v128.load(t, 32), b3 = v128.load(t, 48);
  for (const end = bits + (<usize>keys << 1); bits < end; bits += 2) {
    const row = v128.load16_splat(bits);
    const k0 = v128.and(scale, i32x4.eq(v128.and(row, b0), b0)), k1 = v128.and(scale, i32x4.eq(v128.and(row, b1), b1));
    const k2 = v128.and(scale, i32x4.eq(v128.and(row, b2), b2)), k3 = v128.and(scale, i32x4.eq(v128.and(row, b3), b3));
    v128.store(out, k1, 16); v128.store(out, k0);
    v128.store(out, k2, 32);
    v128.store(out, k3, 48);
    out += stride;
  }
}
