// Dropout factors of a run of elements, from the counter-based stream or from bits that the forward pass kept.
import { flt, int, scratch } from './env';
import { BITS, constants } from './math';
import { factors32, keySchedule } from './random';

/** Bytes of the factors of `count` elements: whole runs of 32, from up to 15 elements before the first. */
// @ts-ignore: decorator
@inline
export function stripBytes(count: i32): usize {
  return <usize>((count + 15 + 31) & ~31) << 2;
}

/**
 * Writes the factors (0 or 1 / (1 - rate)) of elements `from` .. `from + count` at `out`, in whole runs of 32;
 * returns where element `from` is. args from `slot` on: threshold, scale, k0, k1, step. `bits` (0: not wanted): which
 * elements stay, a bit each; `from` is then a multiple of 32.
 */
export function dropoutStrip(args: usize, slot: i32, from: u32, count: u32, out: usize, bits: usize): usize {
  const threshold = <u32>int(args, slot), scale = flt(args, slot + 1);
  const step = <u32>int(args, slot + 4);
  const keys = scratch;
  keySchedule(<u32>int(args, slot + 2), <u32>int(args, slot + 3), keys);
  const first = from & ~15;
  let p = out;
  for (let i = first; i < from + count; i += 32) {
    const kept = factors32(i >> 2, step, keys, p, threshold, scale);
    if (bits) store<u32>(bits + (<usize>i >> 3), kept);
    p += 128;
  }
  return out + (<usize>(from - first) << 2);
}

/** As `dropoutStrip`, from the bits that it wrote. */
export function keptStrip(bits: usize, scale: f32, from: u32, count: u32, out: usize): usize {
  const factor = f32x4.splat(scale), t = constants + (BITS << 2);
  const b0 = v128.load(t), b1 = v128.load(t, 16);
  let p = out;
  for (let i = from >> 3, end = (from + count + 7) >> 3; i < end; i++) {
    const row = v128.load8_splat(bits + <usize>i);
    const k0 = v128.and(factor, i32x4.eq(v128.and(row, b0), b0)), k1 = v128.and(factor, i32x4.eq(v128.and(row, b1), b1));
    v128.store(p, k1, 16); v128.store(p, k0);
    p += 32;
  }
  return out;
}
