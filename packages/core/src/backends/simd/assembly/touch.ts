// Brings rows into the cache before a kernel reads or writes them.
import { scratch } from './env';

/** More bytes than this would drive each other out of the second-level cache. */
const TOUCHED: usize = 256 * 1024;

/**
 * Reads a word of each line of `rows` rows of `width` floats, so that they lie in cache when they are used or
 * written. A tight loop has many lines on their way at a time; products and transposes wait for a few at a time.
 */
export function touch(from: usize, stride: usize, rows: i32, width: i32): void {
  const bytes = <usize>width << 2;
  if (<usize>rows * bytes > TOUCHED) return;
  let x = 0, y = 0;
  if (bytes == stride) {
    for (const end = from + <usize>rows * stride; from < end; from += 256) {
      x |= load<i32>(from) | load<i32>(from, 64);
      y |= load<i32>(from, 128) | load<i32>(from, 192);
    }
  } else {
    for (let i = 0; i < rows; i++, from += stride) {
      for (let p = from; p < from + bytes; p += 64) x |= load<i32>(p);
      y |= load<i32>(from + bytes - 4);
    }
  }
  store<i32>(scratch, x | y);
}

/** {@link touch} of the rows of these numbers, one word each, `base` being that of row 0. */
export function touchAt(base: usize, stride: usize, rows: usize, count: i32, width: i32): void {
  const bytes = <usize>width << 2;
  if (<usize>count * bytes > TOUCHED) return;
  let x = 0, y = 0;
  for (const end = rows + (<usize>count << 2); rows < end; rows += 4) {
    const from = base + <usize>load<u32>(rows) * stride;
    for (let p = from; p < from + bytes; p += 64) x |= load<i32>(p);
    y |= load<i32>(from + bytes - 4);
  }
  store<i32>(scratch, x | y);
}
