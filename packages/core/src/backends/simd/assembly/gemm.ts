// Batched matrix product C = op(A) op(B) on packed operands.
import { int, ptr, scratch } from './env';
import { microColumns, microRows, packColumns, packPanels, packRows, storeTile } from './micro';

/** K is processed in blocks that keep one packed panel of B in the first-level cache. */
const BLOCK_K: i32 = 256;

/**
 * Packs B into panels of eight columns; one task is one group of panels of one batch entry.
 * args: B, packed, N, K, row stride (bytes), transposed?, batch stride (bytes), packed batch stride, panels per task, tasks per batch
 */
export function packB(args: usize, task: i32): void {
  const n = int(args, 2), k = int(args, 3);
  const perTask = int(args, 8), tasksPerBatch = int(args, 9);
  const batch = task / tasksPerBatch;
  const first = (task % tasksPerBatch) * perTask * 8;
  const columns = min(perTask * 8, n - first);
  const stride = ptr(args, 4);
  const src = ptr(args, 0) + <usize>batch * ptr(args, 6);
  const dst = ptr(args, 1) + <usize>batch * ptr(args, 7) + <usize>first * <usize>k * 4;
  if (int(args, 5)) packRows(src + <usize>first * stride, stride, columns, k, dst);
  else packColumns(src + (<usize>first << 2), stride, k, columns, dst);
}

/**
 * One task computes a block of rows of C for one batch entry and one slice of K.
 * args: A, B, C, M, N, K, A row stride (bytes), A transposed?, A batch stride, B batch stride, C batch stride,
 *       rows per block, blocks, K slice, slices, C slice stride, B row stride (0: packed), pack A?
 * With more than one slice, slice s writes its partial product at C + s * stride; a reduction in fixed order follows.
 * Rows of A are packed where many columns of C share them, else read where they lie; B likewise for many rows.
 */
export function gemm(args: usize, task: i32): void {
  const m = int(args, 3), n = int(args, 4), k = int(args, 5);
  const aStride = ptr(args, 6);
  const transposed = int(args, 7);
  const rowsPerBlock = int(args, 11), blocks = int(args, 12);
  const slice = int(args, 13), slices = int(args, 14);
  const bRows = ptr(args, 16);
  const bStep: usize = bRows ? bRows : 32;
  const s = task % slices;
  const rest = task / slices;
  const block = rest % blocks;
  const batch = rest / blocks;
  const row0 = block * rowsPerBlock;
  const rows = min(rowsPerBlock, m - row0);
  const kBegin = s * slice;
  const kEnd = min(k, kBegin + slice);
  const a = ptr(args, 0) + <usize>batch * ptr(args, 8);
  const b = ptr(args, 1) + <usize>batch * ptr(args, 9);
  const cStride = <usize>n << 2;
  const c = ptr(args, 2) + <usize>batch * ptr(args, 10) + <usize>s * ptr(args, 15) + <usize>row0 * cStride;
  const tile = scratch;
  const pack = scratch + 256;
  // Rows before `whole` are read in place; with a packed A there are none.
  const whole = int(args, 17) ? 0 : rows - (rows % 6);
  for (let k0 = kBegin; k0 < kEnd; k0 += BLOCK_K) {
    const kc = min(BLOCK_K, kEnd - k0);
    const accumulate = k0 > kBegin;
    const direct = a + <usize>row0 * aStride + (<usize>k0 << 2);
    if (transposed) packPanelsT(a + <usize>k0 * aStride + (<usize>row0 << 2), aStride, rows, kc, pack);
    else if (whole < rows) packPanels(direct + <usize>whole * aStride, aStride, rows - whole, kc, pack);
    for (let j = 0; j < n; j += 8) {
      const bp = bRows ? b + <usize>k0 * bStep + (<usize>j << 2) : b + <usize>j * <usize>k * 4 + <usize>k0 * 32;
      const columns = min(8, n - j);
      for (let i = 0; i < rows; i += 6) {
        const cp = c + <usize>i * cStride + (<usize>j << 2);
        const tall = min(6, rows - i);
        const full = tall == 6 && columns == 8;
        const out = full ? cp : tile;
        const outStride: usize = full ? cStride : 32;
        const add = full && accumulate;
        if (i < whole) microRows(kc, direct + <usize>i * aStride, aStride, bp, bStep, out, outStride, add);
        else microColumns(kc, pack + <usize>(i - whole) * <usize>kc * 4, 24, bp, bStep, out, outStride, add);
        if (!full) storeTile(tile, cp, cStride, tall, columns, accumulate);
      }
    }
  }
  if (kBegin >= kEnd) for (let i = 0; i < rows; i++) memory.fill(c + <usize>i * cStride, 0, cStride);
}

function packPanelsT(a: usize, stride: usize, rows: i32, k: i32, dst: usize): void {
  for (let i = 0; i < rows; i += 6) {
    const left = rows - i;
    let p = a + (<usize>i << 2);
    if (left >= 6) {
      for (let j = 0; j < k; j++) {
        v128.store(dst, v128.load(p));
        store<f64>(dst, load<f64>(p, 16), 16);
        p += stride;
        dst += 24;
      }
    } else {
      for (let j = 0; j < k; j++) {
        for (let r: usize = 0; r < 6; r++) store<f32>(dst + (r << 2), r < <usize>left ? load<f32>(p + (r << 2)) : 0);
        p += stride;
        dst += 24;
      }
    }
  }
}
