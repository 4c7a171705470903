// Dropout of a tensor, and of its gradient from the bits that were kept.
import { dropoutStrip, keptStrip } from './dropout-strip';
import { flt, int, ptr, scratch } from './env';

/** Elements whose factors are made at a time. */
const RUN: i32 = 1024;
const FACTORS: usize = 256;

/**
 * y = x times the factors of dropout.
 * args: 0 x, 1 y, 2 n, 3 elements per task (a multiple of 32), 4 threshold, 5 1 / (1 - rate), 6 k0, 7 k1, 8 step, 9 bits of the
 *       elements that stay (0: not kept)
 */
export function dropout(args: usize, task: i32): void {
  const begin = task * int(args, 3), end = min(begin + int(args, 3), int(args, 2));
  for (let i = begin; i < end; i += RUN) {
    const count = min(RUN, end - i);
    timesFactors(args, i, count, dropoutStrip(args, 4, <u32>i, <u32>count, scratch + FACTORS, ptr(args, 9)));
  }
}

/** The same from kept bits. args: 0 x, 1 y, 2 n, 3 elements per task (a multiple of 32), 4 bits, 5 1 / (1 - rate) */
export function keptDropout(args: usize, task: i32): void {
  const begin = task * int(args, 3), end = min(begin + int(args, 3), int(args, 2));
  for (let i = begin; i < end; i += RUN) {
    const count = min(RUN, end - i);
    timesFactors(args, i, count, keptStrip(ptr(args, 4), flt(args, 5), <u32>i, <u32>count, scratch + FACTORS));
  }
}

// @ts-ignore: decorator
@inline
function timesFactors(args: usize, from: i32, count: i32, factors: usize): void {
  let x = ptr(args, 0) + (<usize>from << 2), y = ptr(args, 1) + (<usize>from << 2);
  const end = y + (<usize>count << 2);
  for (; y + 32 <= end; x += 32, y += 32, factors += 32) {
    const lower = f32x4.mul(v128.load(x), v128.load(factors)), upper = f32x4.mul(v128.load(x, 16), v128.load(factors, 16));
    v128.store(y, upper, 16); v128.store(y, lower);
  }
  for (; y < end; x += 4, y += 4, factors += 4) store<f32>(y, load<f32>(x) * load<f32>(factors));
}
