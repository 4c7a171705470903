// Dropout factors of a run of elements, from the counter-based stream or from bits that the forward pass kept.
import * as DROPOUT_STREAM from '../slots/dropout-stream';
import { flt, int, scratch } from './env';
import { BITS, constants } from './math';
import { factors32, firstWord, keySchedule } from './random';

/** Bytes of the factors of `count` elements: whole runs of 32, from up to 31 elements before the first. */
// @ts-ignore: decorator
@inline
export function stripBytes(count: i32): usize {
  return <usize>((count + 31 + 31) & ~31) << 2;
}

/**
 * Writes the factors (0 or 1 / (1 - rate)) of elements `from` .. `from + count` at `out`, in whole runs of 32 words of
 * the stream, so that no run spans two second words of the counter; returns where element `from` is. `bits` (0:
 * not wanted): which elements stay, a bit each, from the run on that holds the first word. Tasks that share a run write
 * the same bits. args, from `slot` on: `slots/dropout-stream.ts`
 */
export function dropoutStrip(args: usize, slot: i32, from: u32, count: u32, out: usize, bits: usize): usize {
  const threshold = <u32>int(args, slot + DROPOUT_STREAM.THRESHOLD), scale = flt(args, slot + DROPOUT_STREAM.KEEP_SCALE);
  const step = <u32>int(args, slot + DROPOUT_STREAM.STEP), first = firstWord(args, slot + DROPOUT_STREAM.FIRST_LOW), skipped = <u32>first & 31;
  // Runs from the one that holds the first word on.
  const base = first - skipped, begin = (skipped + from) & ~31, end = skipped + from + count;
  const keys = scratch;
  let p = out;
  for (let i = begin; i < end; ) {
    const c = (base + i) >> 2;
    keySchedule(<u32>int(args, slot + DROPOUT_STREAM.K0), <u32>int(args, slot + DROPOUT_STREAM.K1), <u32>(c >> 32), keys);
    let c0 = <u32>c;
    do {
      const kept = factors32(c0, step, keys, p, threshold, scale);
      if (bits) store<u32>(bits + (<usize>i >> 3), kept);
      p += 128;
      i += 32;
      c0 += 8;
    } while (i < end && c0 != 0);
  }
  return out + (<usize>(skipped + from - begin) << 2);
}

/** As `dropoutStrip`, from the bits that it wrote. */
export function keptStrip(args: usize, slot: i32, from: u32, count: u32, out: usize, bits: usize): usize {
  const factor = f32x4.splat(flt(args, slot + DROPOUT_STREAM.KEEP_SCALE)), t = constants + (BITS << 2);
  from += <u32>int(args, slot + DROPOUT_STREAM.FIRST_LOW) & 31;
  const b0 = v128.load(t), b1 = v128.load(t, 16);
  let p = out;
  for (let i = from >> 3, end = (from + count + 7) >> 3; i < end; i++) {
    const row = v128.load8_splat(bits + <usize>i);
    const k0 = v128.and(factor, i32x4.eq(v128.and(row, b0), b0)), k1 = v128.and(factor, i32x4.eq(v128.and(row, b1), b1));
    v128.store(p, k1, 16); v128.store(p, k0);
    p += 32;
  }
  return out + (<usize>(from & 7) << 2);
}
