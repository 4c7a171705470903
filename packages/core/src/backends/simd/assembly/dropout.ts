// Dropout of a tensor, and of its gradient from the bits that were kept.
import * as DROPOUT from '../slots/dropout';
import { dropoutStrip, keptStrip, stripBytes } from './dropout-strip';
import { int, ptr, scratch } from './env';
import { KEYS_BYTES } from './random';
import { after } from './regions';
import { timesRow } from './row-arithmetic';

/** Elements whose factors are made at a time. */
const RUN: i32 = 1024;

/**
 * y = x times the factors of dropout.
 * args: `slots/dropout.ts`
 */
export function dropout(args: usize, task: i32): void {
  const begin = task * int(args, DROPOUT.PER_TASK), end = min(begin + int(args, DROPOUT.PER_TASK), int(args, DROPOUT.N));
  const factors = after(scratch, KEYS_BYTES);
  after(factors, stripBytes(RUN));
  for (let i = begin; i < end; i += RUN) {
    const count = min(RUN, end - i);
    timesFactors(args, i, count, dropoutStrip(args, DROPOUT.THRESHOLD, <u32>i, <u32>count, factors, ptr(args, DROPOUT.BITS)));
  }
}

/** The same from kept bits. */
export function keptDropout(args: usize, task: i32): void {
  const begin = task * int(args, DROPOUT.PER_TASK), end = min(begin + int(args, DROPOUT.PER_TASK), int(args, DROPOUT.N));
  const factors = after(scratch, KEYS_BYTES);
  after(factors, stripBytes(RUN));
  for (let i = begin; i < end; i += RUN) {
    const count = min(RUN, end - i);
    timesFactors(args, i, count, keptStrip(args, DROPOUT.THRESHOLD, <u32>i, <u32>count, factors, ptr(args, DROPOUT.BITS)));
  }
}

// @ts-ignore: decorator
@inline
function timesFactors(args: usize, from: i32, count: i32, factors: usize): void {
  const offset = <usize>from << 2;
  timesRow(ptr(args, DROPOUT.X) + offset, factors, ptr(args, DROPOUT.Y) + offset, <usize>count << 2);
}
