// Dropout on the weights of attention, from the counter-based stream. The forward pass keeps which weights stay, a bit each, where
// there is room; else the backward pass makes them again.
import { flt, int, scratch } from './env';
import { BITS, constants } from './math';
import { keySchedule, philoxRows } from './random';
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
 * Dropout factors (0 or 1 / (1 - rate)) of a panel: rows are `keys` keys from `key` on (a multiple of 4), columns the queries
 * of packed rows `t` on, of head `h`. Whole groups of four keys are written. Writes the bits to `bits`, unless that is 0.
 */
export function dropPanel(args: usize, t: u32, h: i32, key: i32, keys: i32, out: usize, stride: usize, bits: usize): void {
  const threshold = i32x4.splat(int(args, 10));
  const scale = f32x4.splat(flt(args, 11));
  const words = scratch, schedule = scratch + TILE_BYTES - 128;
  const heads = <u32>int(args, 5), row = t * heads + <u32>h;
  keySchedule(<u32>int(args, 12), <u32>int(args, 13), schedule);
  for (let j = 0; j < keys; j += 4) {
    const c0 = <u32>(key + j) >> 2, c2 = <u32>int(args, 14);
    philoxRows(c0, row, heads, c2, 1, schedule, words);
    philoxRows(c0, row + 8 * heads, heads, c2, 1, schedule, words + 32);
    for (let w: usize = 0; w < 256; w += 64) {
      const k0 = i32x4.ge_u(v128.load(words + w), threshold), k1 = i32x4.ge_u(v128.load(words + w, 16), threshold);
      const k2 = i32x4.ge_u(v128.load(words + w, 32), threshold), k3 = i32x4.ge_u(v128.load(words + w, 48), threshold);
      const lower = v128.and(scale, k0), upper = v128.and(scale, k1);
      v128.store(out, upper, 16); v128.store(out, lower);
      v128.store(out, v128.and(scale, k2), 32);
      v128.store(out, v128.and(scale, k3), 48);
      out += stride;
      if (bits == 0) continue;
      const low = i32x4.bitmask(k0) | (i32x4.bitmask(k1) << 4), high = i32x4.bitmask(k2) | (i32x4.bitmask(k3) << 4);
      store<u16>(bits, <u16>(low | (high << 8)));
      bits += 2;
    }
  }
}

/** As `dropPanel`, from the bits that it wrote. */
export function keptDrops(args: usize, keys: i32, bits: usize, out: usize, stride: usize): void {
  const scale = f32x4.splat(flt(args, 11)), t = constants + (BITS << 2);
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
