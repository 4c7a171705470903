// Sums over queries that belong to a key: the rows of dK and dV of a block, six keys at a time.
import { scratch, sumLanes } from './env';
import { narrowRows } from './micro';
import { STRIDE } from './attention-square';
import { thinPanels, wide } from './micro-wide';
import { tileRows } from './tile';

/** Bytes of a row of sums: whole sixteens of floats. */
// @ts-ignore: decorator
@inline
export function sumBytes(width: i32): usize {
  return <usize>((width + 15) & ~15) << 2;
}

/** Bytes of a key's partial sums of its last two columns, eight each. */
export const THIN_BYTES: usize = 64;

/**
 * Columns of a width that are summed along the queries, since they would cost a tile of eight or
 * sixteen: the last one or two.
 */
// @ts-ignore: decorator
@inline
export function thinColumns(width: i32): i32 {
  const rest = width & 7;
  return wide && (rest == 1 || rest == 2) ? rest : 0;
}

/**
 * sums[6, width] += scores[6, from .. to] rows[from .. to, width]; rows of scores are a stride apart, those of the
 * other operand lie at `rows`, and as transposed panels of eight at `panels`.
 */
// @ts-ignore: decorator
@inline
export function addKeys(
  scores: usize, rows: usize, rowStride: usize, panels: usize, width: i32, from: i32, to: i32, sums: usize, sumStride: usize,
  thin: usize,
): void {
  const s = scores + (<usize>from << 2), r = rows + <usize>from * rowStride;
  const whole = width - thinColumns(width);
  let j = 0;
  for (; j + 8 < whole; j += 16) {
    const c = sums + (<usize>j << 2);
    tileRows(to - from, s, STRIDE, r + (<usize>j << 2), 32, rowStride, c, sumStride, c, sumStride, 6, 16, scratch);
  }
  if (j < whole) {
    const c = sums + (<usize>j << 2);
    narrowRows(to - from, s, STRIDE, r + (<usize>j << 2), rowStride, c, sumStride, c, sumStride);
  }
  if (whole < width) {
    const first = from >> 3, panel = <usize>width << 5;
    const b = panels + <usize>first * panel + (<usize>whole << 5);
    thinPanels((to >> 3) - first, scores + (<usize>first << 5), STRIDE, b, panel, thin);
  }
}

/** Writes `scale` times the sums of a block of keys, the last columns from their partial sums. */
export function storeRows(
  sums: usize, sumStride: usize, thin: usize, rows: i32, width: i32, out: usize, stride: usize, scale: f32,
): void {
  const factor = f32x4.splat(scale);
  const whole = <usize>(width - thinColumns(width)) << 2;
  for (let i = 0; i < rows; i++) {
    let j: usize = 0;
    for (; j + 16 <= whole; j += 16) v128.store(out + j, f32x4.mul(factor, v128.load(sums + j)));
    for (; j < whole; j += 4) store<f32>(out + j, scale * load<f32>(sums + j));
    for (let t = thin; j < <usize>width << 2; j += 4, t += 32) {
      store<f32>(out + j, scale * sumLanes(f32x4.add(v128.load(t), v128.load(t, 16))));
    }
    sums += sumStride;
    thin += THIN_BYTES;
    out += stride;
  }
}
