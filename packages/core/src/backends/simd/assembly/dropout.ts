// Dropout of a tensor, and of its gradient from the bits that were kept.
import { dropoutStrip, keptStrip, stripBytes } from './dropout-strip';
import { int, ptr, scratch } from './env';
import { KEYS_BYTES } from './random';
import { after } from './regions';
import { timesRow } from './row-arithmetic';

/** Elements whose factors are made at a time. */
const RUN: i32 = 1024;

/**
 * y = x times the factors of dropout.
 * args: 0 x, 1 y, 2 n, 3 elements per task (a multiple of 32), 4 threshold, 5 1 / (1 - rate), 6 k0, 7 k1,
 *       8 step, 9 and 10 first word, 11 bits of the elements that stay (0: not kept)
 */
export function dropout(args: usize, task: i32): void {
  const begin = task * int(args, 3), end = min(begin + int(args, 3), int(args, 2));
  const factors = after(scratch, KEYS_BYTES);
  after(factors, stripBytes(RUN));
  for (let i = begin; i < end; i += RUN) {
    const count = min(RUN, end - i);
    timesFactors(args, i, count, dropoutStrip(args, 4, <u32>i, <u32>count, factors, ptr(args, 11)));
  }
}

/** The same from kept bits. */
export function keptDropout(args: usize, task: i32): void {
  const begin = task * int(args, 3), end = min(begin + int(args, 3), int(args, 2));
  const factors = after(scratch, KEYS_BYTES);
  after(factors, stripBytes(RUN));
  for (let i = begin; i < end; i += RUN) {
    const count = min(RUN, end - i);
    timesFactors(args, i, count, keptStrip(args, 4, <u32>i, <u32>count, factors, ptr(args, 11)));
  }
}

// @ts-ignore: decorator
@inline
function timesFactors(args: usize, from: i32, count: i32, factors: usize): void {
  const offset = <usize>from << 2;
  timesRow(ptr(args, 0) + offset, factors, ptr(args, 1) + offset, <usize>count << 2);
}
