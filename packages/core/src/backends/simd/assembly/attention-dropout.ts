// Dropout on the weights of attention, from the counter-based stream; made again in the backward pass.
import { flt, int, scratch } from './env';
import { keySchedule, philox16 } from './random';
import { TILE_BYTES } from './tile';

/** Factors of sixteen queries by query: room for the keys of a block. */
const ROW: usize = 96 * 4;
export const DROP_BYTES: usize = 16 * ROW;

/**
 * Dropout factors (0 or 1 / (1 - rate)) of a panel: rows are `keys` keys from `key` on (a multiple of 16), columns the
 * queries of packed rows `t` on, the first `skip` left out, of head `h`. Whole groups of four keys are written. `buffer` holds DROP_BYTES.
 */
export function dropPanel(
  args: usize, t: u32, h: i32, skip: i32, key: i32, keys: i32, out: usize, stride: usize, buffer: usize,
): void {
  const threshold = i32x4.splat(int(args, 10));
  const scale = f32x4.splat(flt(args, 11));
  const words = scratch, schedule = scratch + TILE_BYTES - 128;
  keySchedule(<u32>int(args, 12), <u32>int(args, 13), schedule);
  for (let i = skip; i < 16; i++) {
    const row = (t + <u32>i) * <u32>int(args, 5) + <u32>h;
    for (let j = 0; j < keys; j += 16) {
      philox16(<u32>(key + j) >> 2, row, <u32>int(args, 14), 1, schedule, words);
      const d = buffer + <usize>i * ROW + (<usize>j << 2);
      for (let w: usize = 0; w < 64; w += 16) {
        v128.store(d + w, v128.and(scale, i32x4.ge_u(v128.load(words + w), threshold)));
      }
    }
  }
  for (let i: usize = 0; i < 16; i += 4) {
    const d = buffer + i * ROW;
    for (let j: usize = 0; j < <usize>keys; j += 4) {
      const p = d + (j << 2), o = out + j * stride + (i << 2);
      const r0 = v128.load(p), r1 = v128.load(p + ROW), r2 = v128.load(p + 2 * ROW), r3 = v128.load(p + 3 * ROW);
      const a = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5), b = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
      const e = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5), f = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
      v128.store(o, v128.shuffle<f64>(a, e, 0, 2));
      v128.store(o + stride, v128.shuffle<f64>(a, e, 1, 3));
      v128.store(o + 2 * stride, v128.shuffle<f64>(b, f, 0, 2));
      v128.store(o + 3 * stride, v128.shuffle<f64>(b, f, 1, 3));
    }
  }
}
