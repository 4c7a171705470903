// Counter-based random numbers: Philox4x32-10 (Salmon et al. 2011). The words depend on (key, step, index) alone.
import { flt, int, ptr, scratch } from './env';

/** Writes the four words of counter (c0, c1, c2, c3) under key (k0, k1) at `out`. */
// @ts-ignore: decorator
@inline
export function philox(c0: u32, c1: u32, c2: u32, c3: u32, k0: u32, k1: u32, out: usize): void {
  for (let round = 0; round < 10; round++) {
    const p0 = <u64>0xd2511f53 * <u64>c0;
    const p1 = <u64>0xcd9e8d57 * <u64>c2;
    c0 = <u32>(p1 >> 32) ^ c1 ^ k0;
    c1 = <u32>p1;
    c2 = <u32>(p0 >> 32) ^ c3 ^ k1;
    c3 = <u32>p0;
    k0 += 0x9e3779b9;
    k1 += 0xbb67ae85;
  }
  store<u32>(out, c0);
  store<u32>(out, c1, 4);
  store<u32>(out, c2, 8);
  store<u32>(out, c3, 12);
}

/** args: x, y, n, elements per task (a multiple of 4), threshold, 1 / (1 - rate), k0, k1, step */
export function dropout(args: usize, task: i32): void {
  const begin = task * int(args, 3);
  const end = min(begin + int(args, 3), int(args, 2));
  const x = ptr(args, 0), y = ptr(args, 1);
  const threshold = i32x4.splat(int(args, 4));
  const scale = f32x4.splat(flt(args, 5));
  const k0 = <u32>int(args, 6), k1 = <u32>int(args, 7), step = <u32>int(args, 8);
  const words = scratch;
  let i = begin;
  for (; i + 4 <= end; i += 4) {
    philox(<u32>i >> 2, 0, step, 0, k0, k1, words);
    const o = <usize>i << 2;
    const keep = i32x4.ge_u(v128.load(words), threshold);
    v128.store(y + o, v128.and(f32x4.mul(v128.load(x + o), scale), keep));
  }
  if (i < end) {
    philox(<u32>i >> 2, 0, step, 0, k0, k1, words);
    for (let j = i; j < end; j++) {
      const o = <usize>j << 2;
      const keep = load<u32>(words + (<usize>(j & 3) << 2)) >= <u32>int(args, 4);
      store<f32>(y + o, keep ? load<f32>(x + o) * flt(args, 5) : 0);
    }
  }
}

/** low + floor(word * bound / 2^32). args: y, n, elements per task (a multiple of 4), low, bound, k0, k1, step */
export function uniformIntegers(args: usize, task: i32): void {
  const begin = task * int(args, 2);
  const end = min(begin + int(args, 2), int(args, 1));
  const low = int(args, 3);
  const bound = <u64>(<u32>int(args, 4));
  const words = scratch;
  for (let i = begin; i < end; i += 4) {
    philox(<u32>i >> 2, 0, <u32>int(args, 7), 0, <u32>int(args, 5), <u32>int(args, 6), words);
    const last = min(end - i, 4);
    for (let j = 0; j < last; j++) {
      const word = <u64>load<u32>(words + (<usize>j << 2));
      store<i32>(ptr(args, 0) + (<usize>(i + j) << 2), low + <i32>((word * bound) >> 32));
    }
  }
}
