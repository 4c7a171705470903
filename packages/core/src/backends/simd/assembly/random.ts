// Counter-based random numbers: Philox4x32-10 (Salmon et al. 2011). The words depend on (key, step, index) alone.
// Words of a counter that are the same in all lanes meet the rest over two or three rounds; until then
// their products are scalars.
import * as UNIFORM_INTEGERS from '../slots/uniform-integers';
import { copyFloats, int, ptr, scratch } from './env';
import { after } from './regions';

// The four products c * m as two vectors of 64-bit lanes, split into low and high words.
// @ts-ignore: decorator
@inline
function mulHigh(c: v128, m: v128): v128 {
  return v128.shuffle<i32>(i64x2.extmul_low_i32x4_u(c, m), i64x2.extmul_high_i32x4_u(c, m), 1, 3, 5, 7);
}

const M0: u64 = 0xd2511f53, M1: u64 = 0xcd9e8d57;

/** Room for what `keySchedule` writes, in whole lines. */
export const KEYS_BYTES: usize = 128;

/** Number of a stream's first word, from its halves in two slots. */
// @ts-ignore: decorator
@inline
export function firstWord(args: usize, slot: i32): u64 {
  return <u64>load<u32>(args + (<usize>slot << 2)) | (<u64>load<u32>(args + (<usize>slot << 2), 4) << 32);
}

/**
 * Writes the key of each round (ten pairs of words) at `keys`, where `philox32` reads them. `c1` is the second word of
 * the counter where all have the same: it meets the first word of the key alone, and is written there with it.
 */
export function keySchedule(k0: u32, k1: u32, c1: u32, keys: usize): void {
  for (let round = 0; round < 10; round++) {
    store<u32>(keys, k0 ^ c1);
    c1 = 0;
    store<u32>(keys, k1, 4);
    k0 += 0x9e3779b9;
    k1 += 0xbb67ae85;
    keys += 8;
  }
  // The multipliers, after the last key: read from memory they stay in registers.
  store<u32>(keys, <u32>M0);
  store<u32>(keys, <u32>M1, 4);
}

/**
 * Factors of dropout, `scale` or 0, from four words each of eight counters that differ in their second word: c0,
 * then c1, c1 + step and so on, c2, 1. Word w of the counters gives eight factors at `out + w stride` and, unless
 * `bits` is 0, a bit for each at `bits + 2 w`. Two vectors side by side, since the rounds of one wait for each
 * other. `keys` holds the key schedule.
 */
export function factorRows(
  c0: u32, c1: u32, step: u32, c2: u32, keys: usize, threshold: u32, scale: f32, out: usize, stride: usize, bits: usize,
): void {
  const m0 = v128.load32_splat(keys, 80), m1 = v128.load32_splat(keys, 84);
  // Three rounds: x1 alone differs from lane to lane, then x0, then x2 and x3.
  const p0 = M0 * <u64>c0, p1 = M1 * <u64>c2;
  const q1 = M1 * <u64>(<u32>(p0 >> 32) ^ 1 ^ load<u32>(keys, 4));
  const r0 = M0 * <u64>(<u32>(q1 >> 32) ^ <u32>p1 ^ load<u32>(keys, 8));
  let x1 = i32x4.replace_lane(i32x4.splat(c1), 1, c1 + step);
  x1 = i32x4.replace_lane(i32x4.replace_lane(x1, 2, c1 + 2 * step), 3, c1 + 3 * step);
  let y1 = i32x4.add(x1, i32x4.splat(4 * step));
  const f0 = i32x4.splat(<u32>(p1 >> 32) ^ load<u32>(keys));
  let x0 = v128.xor(x1, f0), y0 = v128.xor(y1, f0);
  const f2 = i32x4.splat(<u32>p0 ^ load<u32>(keys, 12));
  let x2 = v128.xor(mulHigh(x0, m0), f2), y2 = v128.xor(mulHigh(y0, m0), f2);
  const s0 = i32x4.splat(<u32>q1 ^ load<u32>(keys, 16)), s2 = i32x4.splat(<u32>(r0 >> 32) ^ load<u32>(keys, 20));
  const xl = i32x4.mul(x0, m0), yl = i32x4.mul(y0, m0);
  x0 = v128.xor(mulHigh(x2, m1), s0); y0 = v128.xor(mulHigh(y2, m1), s0);
  x1 = i32x4.mul(x2, m1); y1 = i32x4.mul(y2, m1);
  x2 = v128.xor(xl, s2); y2 = v128.xor(yl, s2);
  let x3 = i32x4.splat(<u32>r0), y3 = x3;
  const end = keys + 80;
  for (keys += 24; keys < end; keys += 8) {
    const k0 = v128.load32_splat(keys), k1 = v128.load32_splat(keys, 4);
    const xl0 = i64x2.extmul_low_i32x4_u(x0, m0), xh0 = i64x2.extmul_high_i32x4_u(x0, m0);
    const xl1 = i64x2.extmul_low_i32x4_u(x2, m1), xh1 = i64x2.extmul_high_i32x4_u(x2, m1);
    const yl0 = i64x2.extmul_low_i32x4_u(y0, m0), yh0 = i64x2.extmul_high_i32x4_u(y0, m0);
    const yl1 = i64x2.extmul_low_i32x4_u(y2, m1), yh1 = i64x2.extmul_high_i32x4_u(y2, m1);
    x0 = v128.xor(v128.shuffle<i32>(xl1, xh1, 1, 3, 5, 7), v128.xor(x1, k0));
    x2 = v128.xor(v128.shuffle<i32>(xl0, xh0, 1, 3, 5, 7), v128.xor(x3, k1));
    x1 = v128.shuffle<i32>(xl1, xh1, 0, 2, 4, 6);
    x3 = v128.shuffle<i32>(xl0, xh0, 0, 2, 4, 6);
    y0 = v128.xor(v128.shuffle<i32>(yl1, yh1, 1, 3, 5, 7), v128.xor(y1, k0));
    y2 = v128.xor(v128.shuffle<i32>(yl0, yh0, 1, 3, 5, 7), v128.xor(y3, k1));
    y1 = v128.shuffle<i32>(yl1, yh1, 0, 2, 4, 6);
    y3 = v128.shuffle<i32>(yl0, yh0, 0, 2, 4, 6);
  }
  const bound = i32x4.splat(threshold), factor = f32x4.splat(scale);
  factorRow(x0, y0, bound, factor, out, bits);
  factorRow(x1, y1, bound, factor, out + stride, bits ? bits + 2 : 0);
  factorRow(x2, y2, bound, factor, out + 2 * stride, bits ? bits + 4 : 0);
  factorRow(x3, y3, bound, factor, out + 3 * stride, bits ? bits + 6 : 0);
}

// @ts-ignore: decorator
@inline
function factorRow(x: v128, y: v128, bound: v128, factor: v128, out: usize, bits: usize): void {
  const k0 = i32x4.ge_u(x, bound), k1 = i32x4.ge_u(y, bound);
  v128.store(out, v128.and(factor, k1), 16); v128.store(out, v128.and(factor, k0));
  if (bits) store<u8>(bits, <u8>(i32x4.bitmask(k0) | (i32x4.bitmask(k1) << 4)));
}

/**
 * The 32 words of eight consecutive counters (c0 .. c0 + 7, c1, c2, 0) at `out`, one counter after the other: four
 * generators a vector, and two vectors side by side, since the rounds of one wait for each other. `keys` holds the key
 * schedule, c1 in it. c0 is a multiple of eight, so that c1 is the same for all.
 */
// @ts-ignore: decorator
@inline
export function philox32(c0: u32, c2: u32, keys: usize, out: usize): void {
  words32(c0, c2, keys, out, false, 0, 0);
}

/**
 * The same words as factors of dropout: `scale` from `threshold` on, else 0. Returns a bit for each, set where it
 * stays. The words are compared before they are stored: V8 would compare 32 bytes at a time, and a load of what two
 * stores just wrote waits for both.
 */
// @ts-ignore: decorator
@inline
export function factors32(c0: u32, c2: u32, keys: usize, out: usize, threshold: u32, scale: f32): u32 {
  return words32(c0, c2, keys, out, true, threshold, scale);
}

/** `drop`: a literal. */
// @ts-ignore: decorator
@inline
function words32(c0: u32, c2: u32, keys: usize, out: usize, drop: bool, threshold: u32, scale: f32): u32 {
  const m0 = v128.load32_splat(keys, 80), m1 = v128.load32_splat(keys, 84);
  // Two rounds: x0 alone differs from lane to lane, then x2 and x3. The upper half of c2 is cleared: what an inlined
  // argument was before it became a u32 may still be extended with its sign.
  const p1 = M1 * (<u64>c2 & 0xffffffff);
  const q0 = M0 * <u64>(<u32>(p1 >> 32) ^ load<u32>(keys));
  let x0 = i32x4.add(i32x4.splat(c0), i32x4(0, 1, 2, 3)), y0 = i32x4.add(i32x4.splat(c0), i32x4(4, 5, 6, 7));
  const f2 = v128.load32_splat(keys, 4), s0 = i32x4.splat(<u32>p1 ^ load<u32>(keys, 8));
  const s2 = i32x4.splat(<u32>(q0 >> 32) ^ load<u32>(keys, 12));
  let x2 = v128.xor(mulHigh(x0, m0), f2), y2 = v128.xor(mulHigh(y0, m0), f2);
  const xl = i32x4.mul(x0, m0), yl = i32x4.mul(y0, m0);
  x0 = v128.xor(mulHigh(x2, m1), s0); y0 = v128.xor(mulHigh(y2, m1), s0);
  let x1 = i32x4.mul(x2, m1), y1 = i32x4.mul(y2, m1);
  x2 = v128.xor(xl, s2); y2 = v128.xor(yl, s2);
  let x3 = i32x4.splat(<u32>q0), y3 = x3;
  const end = keys + 80;
  for (keys += 16; keys < end; keys += 8) {
    const k0 = v128.load32_splat(keys), k1 = v128.load32_splat(keys, 4);
    const xl0 = i64x2.extmul_low_i32x4_u(x0, m0), xh0 = i64x2.extmul_high_i32x4_u(x0, m0);
    const xl1 = i64x2.extmul_low_i32x4_u(x2, m1), xh1 = i64x2.extmul_high_i32x4_u(x2, m1);
    const yl0 = i64x2.extmul_low_i32x4_u(y0, m0), yh0 = i64x2.extmul_high_i32x4_u(y0, m0);
    const yl1 = i64x2.extmul_low_i32x4_u(y2, m1), yh1 = i64x2.extmul_high_i32x4_u(y2, m1);
    const xl = i32x4.mul(x0, m0), xh = i32x4.mul(x2, m1), yl = i32x4.mul(y0, m0), yh = i32x4.mul(y2, m1);
    x0 = v128.xor(v128.shuffle<i32>(xl1, xh1, 1, 3, 5, 7), v128.xor(x1, k0));
    x2 = v128.xor(v128.shuffle<i32>(xl0, xh0, 1, 3, 5, 7), v128.xor(x3, k1));
    x1 = xh;
    x3 = xl;
    y0 = v128.xor(v128.shuffle<i32>(yl1, yh1, 1, 3, 5, 7), v128.xor(y1, k0));
    y2 = v128.xor(v128.shuffle<i32>(yl0, yh0, 1, 3, 5, 7), v128.xor(y3, k1));
    y1 = yh;
    y3 = yl;
  }
  const first = storeCounters(x0, x1, x2, x3, out, drop, threshold, scale);
  return first | (storeCounters(y0, y1, y2, y3, out + 64, drop, threshold, scale) << 16);
}

// @ts-ignore: decorator
@inline
function storeCounters(
  x0: v128, x1: v128, x2: v128, x3: v128, out: usize, drop: bool, threshold: u32, scale: f32,
): u32 {
  const a = v128.shuffle<i32>(x0, x1, 0, 4, 1, 5), b = v128.shuffle<i32>(x0, x1, 2, 6, 3, 7);
  const c = v128.shuffle<i32>(x2, x3, 0, 4, 1, 5), d = v128.shuffle<i32>(x2, x3, 2, 6, 3, 7);
  const w0 = v128.shuffle<i64>(a, c, 0, 2), w1 = v128.shuffle<i64>(a, c, 1, 3);
  const w2 = v128.shuffle<i64>(b, d, 0, 2), w3 = v128.shuffle<i64>(b, d, 1, 3);
  if (!drop) {
    v128.store(out, w1, 16); v128.store(out, w0);
    v128.store(out, w2, 32);
    v128.store(out, w3, 48);
    return 0;
  }
  const bound = i32x4.splat(threshold), factor = f32x4.splat(scale);
  const k0 = i32x4.ge_u(w0, bound), k1 = i32x4.ge_u(w1, bound), k2 = i32x4.ge_u(w2, bound), k3 = i32x4.ge_u(w3, bound);
  v128.store(out, v128.and(factor, k0)); v128.store(out, v128.and(factor, k1), 16);
  v128.store(out, v128.and(factor, k2), 32); v128.store(out, v128.and(factor, k3), 48);
  const lower = i32x4.bitmask(k0) | (i32x4.bitmask(k1) << 4), upper = i32x4.bitmask(k2) | (i32x4.bitmask(k3) << 4);
  return <u32>(lower | (upper << 8));
}

/**
 * low + floor(word * bound / 2^32).
 * args: `slots/uniform-integers.ts`
 */
export function uniformIntegers(args: usize, task: i32): void {
  const first = firstWord(args, UNIFORM_INTEGERS.FIRST_LOW), skipped = <i32>(<u32>first & 31);
  // Runs of 32 words, from the one that holds the first word on; element i is number `skipped + i` of them.
  const base = first - <u64>skipped, begin = skipped + task * int(args, UNIFORM_INTEGERS.PER_TASK);
  const end = min(begin + int(args, UNIFORM_INTEGERS.PER_TASK), skipped + int(args, UNIFORM_INTEGERS.N));
  const low = i32x4.splat(int(args, UNIFORM_INTEGERS.LOW));
  const bound = i32x4.splat(int(args, UNIFORM_INTEGERS.BOUND));
  const words = scratch, keys = after(words, 128);
  after(keys, KEYS_BYTES);
  for (let i = begin & ~31; i < end; ) {
    const c = (base + i) >> 2;
    keySchedule(<u32>int(args, UNIFORM_INTEGERS.K0), <u32>int(args, UNIFORM_INTEGERS.K1), <u32>(c >> 32), keys);
    let c0 = <u32>c;
    do {
      const from = max(i, begin), to = min(i + 32, end), y = ptr(args, UNIFORM_INTEGERS.Y) + (<usize>(from - skipped) << 2);
      const whole = to - from == 32;
      const out = whole ? y : words;
      philox32(c0, <u32>int(args, UNIFORM_INTEGERS.STEP), keys, words);
      for (let j: usize = 0; j < 128; j += 16) v128.store(out + j, i32x4.add(low, mulHigh(v128.load(words + j), bound)));
      if (!whole) copyFloats(y, words + (<usize>(from - i) << 2), <usize>(to - from) << 2);
      i += 32;
      c0 += 8;
    } while (i < end && c0 != 0);
  }
}
