// Batched matrix product C = op(A) op(B) on packed operands; bias and activation are applied where the product is made.
import * as GEMM from '../slots/gemm';
import * as PACK_B from '../slots/pack-b';
import { unaryRow } from './elementwise';
import { copyFloats, flt, int, ptr, scratch } from './env';
import { LIBRARY, multiply } from './library';
import { packColumns, packPanels, packRows, ZEROS } from './micro';
import { thinRows, wide } from './micro-wide';
import { after } from './regions';
import { fewColumns, TILE_BYTES, tileColumns, tileRows } from './tile';
import { touch } from './touch';

/** K is processed in blocks that keep packed panels of B in the first-level cache. */
const BLOCK_K: i32 = 256;
/**
 * Rows of C finished before the next: their cache lines are then written one after the other, which hides the misses.
 */
const STRIP: i32 = 12;
/** Bytes of a packed block of A: the largest row block (264) of one block of K. */
const PACK_A: usize = 264 * 256 * 4;
/** Bytes of a column of B in one block of K: where a last column or two lie for `thinRows`. */
const THIN: usize = 256 * 4;

/**
 * Packs B into panels of eight columns; one task is one group of panels of one batch entry.
 * args: `slots/pack-b.ts`
 */
export function packB(args: usize, task: i32): void {
  const n = int(args, PACK_B.N), k = int(args, PACK_B.K);
  const perTask = int(args, PACK_B.PANELS_PER_TASK), tasksPerBatch = int(args, PACK_B.TASKS_PER_BATCH);
  const batch = task / tasksPerBatch;
  const first = (task % tasksPerBatch) * perTask * 8;
  const columns = min(perTask * 8, n - first);
  const stride = ptr(args, PACK_B.ROW_BYTES);
  const src = ptr(args, PACK_B.B) + <usize>batch * ptr(args, PACK_B.BATCH_BYTES);
  const dst = ptr(args, PACK_B.PACKED) + <usize>batch * ptr(args, PACK_B.PACKED_BATCH_BYTES) + <usize>first * <usize>k * 4;
  if (int(args, PACK_B.TRANSPOSED)) packRows(src + <usize>first * stride, stride, columns, k, dst);
  else packColumns(src + (<usize>first << 2), stride, k, columns, dst);
}

/**
 * Where a task finds B: packed before by `packB`, packed by the task itself (N x K or K x N), or read where it lies.
 */
const PACKED: i32 = 0, OWN: i32 = 1, OWN_TRANSPOSED: i32 = 2;
/** The same, and a native library multiplies: B as it lies, and transposed. */
const NATIVE: i32 = 4, NATIVE_TRANSPOSED: i32 = 5;

/**
 * One task computes a block of rows and columns of C for one batch entry and one slice of K.
 * args: `slots/gemm.ts`
 * With more than one slice, slice s writes its partial product at C + s * stride; a reduction in fixed order follows.
 * Rows of A are packed where many columns of C share them, else read where they lie.
 */
export function gemm(args: usize, task: i32): void {
  const m = int(args, GEMM.M), n = int(args, GEMM.N), k = int(args, GEMM.K);
  const aStride = ptr(args, GEMM.A_ROW_BYTES);
  const transposed = int(args, GEMM.A_TRANSPOSED);
  const rowsPerBlock = int(args, GEMM.BLOCK_ROWS), blocks = int(args, GEMM.BLOCKS);
  const slice = int(args, GEMM.SLICE), slices = int(args, GEMM.SLICES);
  const bStride = ptr(args, GEMM.B_ROW_BYTES);
  const perColumnBlock = int(args, GEMM.BLOCK_COLUMNS), columnBlocks = int(args, GEMM.COLUMN_BLOCKS);
  const source = int(args, GEMM.SOURCE);
  const bias = ptr(args, GEMM.BIAS), activation = int(args, GEMM.ACTIVATION);
  const s = task % slices;
  let rest = task / slices;
  const row0 = (rest % blocks) * rowsPerBlock;
  rest /= blocks;
  const column0 = (rest % columnBlocks) * perColumnBlock;
  const batch = rest / columnBlocks;
  const rows = min(rowsPerBlock, m - row0), columns = min(perColumnBlock, n - column0);
  const kBegin = s * slice, kEnd = min(k, kBegin + slice);
  const a = ptr(args, GEMM.A) + <usize>batch * ptr(args, GEMM.A_BATCH_BYTES);
  const b = ptr(args, GEMM.B) + <usize>batch * ptr(args, GEMM.B_BATCH_BYTES);
  const cStride = <usize>n << 2;
  const c = ptr(args, GEMM.C) + <usize>batch * ptr(args, GEMM.C_BATCH_BYTES) + <usize>s * ptr(args, GEMM.SLICE_BYTES) + <usize>row0 * cStride + (<usize>column0 << 2);
  if (LIBRARY && source >= NATIVE && kBegin < kEnd) {
    const aBlock = a + (transposed ? <usize>kBegin * aStride + (<usize>row0 << 2) : <usize>row0 * aStride + (<usize>kBegin << 2));
    const bTransposed = source == NATIVE_TRANSPOSED;
    const bBlock = b + (bTransposed ? <usize>column0 * bStride + (<usize>kBegin << 2) : <usize>kBegin * bStride + (<usize>column0 << 2));
    if (bias) for (let i = 0; i < rows; i++) copyFloats(c + <usize>i * cStride, bias + (<usize>column0 << 2), <usize>columns << 2);
    multiply(
      (transposed ? 1 : 0) + (bTransposed ? 2 : 0), rows, columns, kEnd - kBegin,
      aBlock, <i32>(aStride >> 2), bBlock, <i32>(bStride >> 2), bias ? 1 : 0, c, n,
    );
    if (activation) for (let i = 0; i < rows; i++) {
      const row = c + <usize>i * cStride;
      unaryRow(activation - 1, row, row, columns, flt(args, GEMM.ALPHA));
    }
    return;
  }
  const thin = after(scratch, TILE_BYTES);
  const pack = after(thin, 2 * THIN);
  const packedB = after(pack, PACK_A);
  const spare = after(packedB, source == OWN || source == OWN_TRANSPOSED ? <usize>((columns + 7) & ~7) * <usize>BLOCK_K * 4 : 0);
  after(spare, 6 * THIN + 64);
  // Rows before `whole` are read in place; with a packed A there are none.
  const whole = int(args, GEMM.PACK_A) ? 0 : rows - (rows % 6);
  for (let k0 = kBegin; k0 < kEnd; k0 += BLOCK_K) {
    const kc = min(BLOCK_K, kEnd - k0);
    const direct = a + <usize>row0 * aStride + (<usize>k0 << 2);
    if (transposed) {
      touch(a + <usize>k0 * aStride + (<usize>row0 << 2), aStride, kc, rows);
      packPanelsT(a + <usize>k0 * aStride + (<usize>row0 << 2), aStride, rows, kc, pack);
    } else if (whole < rows) packPanels(direct + <usize>whole * aStride, aStride, rows - whole, kc, pack);
    // Panels of eight columns `bPanel` bytes apart, rows of a panel `bStep` bytes apart.
    let panels = packedB, bPanel = <usize>kc << 5, bStep: usize = 32;
    if (source == OWN) {
      touch(b + <usize>k0 * bStride + (<usize>column0 << 2), bStride, kc, columns);
      packColumns(b + <usize>k0 * bStride + (<usize>column0 << 2), bStride, kc, columns, packedB);
    } else if (source == OWN_TRANSPOSED) {
      packRows(b + <usize>column0 * bStride + (<usize>k0 << 2), bStride, columns, kc, packedB);
    } else if (source == PACKED) {
      panels = b + <usize>column0 * <usize>k * 4 + (<usize>k0 << 5);
      bPanel = <usize>k << 5;
    } else {
      panels = b + <usize>k0 * bStride + (<usize>column0 << 2);
      bPanel = 32;
      bStep = bStride;
    }
    if (whole && k0 == kBegin) touch(direct, aStride, whole, kc);
    const add = k0 > kBegin;
    // One or two columns past the last sixteen: dot products along the rows of A, the last of them from a copy.
    const rest16 = columns & 15, sixes = rows - (rows % 6);
    const thinFrom = wide && !transposed && rest16 && rest16 < 3 ? columns - rest16 : columns;
    if (thinFrom < columns) {
      for (let i = sixes; i < rows; i++) copyFloats(spare + <usize>(i - sixes) * THIN, direct + <usize>i * aStride, <usize>kc << 2);
      const last = panels + <usize>(thinFrom >> 3) * bPanel;
      for (let i: usize = 0; i < <usize>kc; i++) {
        store<f32>(thin + (i << 2), load<f32>(last + i * bStep));
        store<f32>(thin + THIN + (i << 2), load<f32>(last + i * bStep, 4));
      }
    }
    for (let i0 = 0; i0 < rows; i0 += STRIP) {
      const i1 = min(rows, i0 + STRIP);
      for (let j = 0; j < columns; j += 16) {
        const bp = panels + <usize>(j >> 3) * bPanel;
        const width = min(16, columns - j);
        const cj = c + (<usize>j << 2);
        const start = bias ? bias + (<usize>(column0 + j) << 2) : ZEROS;
        for (let i = i0; i < i1; i += 6) {
          const cp = cj + <usize>i * cStride;
          const init = add ? cp : start, initStride = add ? cStride : 0;
          if (j >= thinFrom) {
            if (i < sixes) thinRows(kc, direct + <usize>i * aStride, aStride, thin, THIN, init, initStride, cp, cStride, width, scratch);
            else lastThin(kc, spare, thin, init, initStride, cp, cStride, rows - i, width);
          } else if (i < whole) {
            tileRows(kc, direct + <usize>i * aStride, aStride, bp, bPanel, bStep, init, initStride, cp, cStride, 6, width, scratch);
          } else {
            const panel = pack + <usize>(i - whole) * <usize>kc * 4;
            // A row of a product has the same bits whatever rows are beside it; those of a
            // transposed A are no rows of data.
            if (i >= sixes && width == 16 && init != ZEROS && !transposed) {
              fewColumns(kc, panel, 24, bp, bPanel, bStep, init, initStride, cp, cStride, rows - i, scratch);
            } else {
              tileColumns(kc, panel, 24, bp, bPanel, bStep, init, initStride, cp, cStride, min(6, rows - i), width, scratch);
            }
          }
        }
      }
      if (activation && k0 + kc == kEnd) {
        for (let i = i0; i < i1; i++) {
          const row = c + <usize>i * cStride;
          unaryRow(activation - 1, row, row, columns, flt(args, GEMM.ALPHA));
        }
      }
    }
  }
  if (kBegin >= kEnd) for (let i = 0; i < rows; i++) memory.fill(c + <usize>i * cStride, 0, <usize>columns << 2);
}

/** `thinRows` of the last rows, which are copied to `a`, rows of THIN bytes; the tile lies after them. */
function lastThin(
  k: i32, a: usize, b: usize, init: usize, initStride: usize, c: usize, cStride: usize, rows: i32, columns: i32,
): void {
  const tile = a + 6 * THIN;
  thinRows(k, a, THIN, b, THIN, ZEROS, 0, tile, 8, columns, scratch);
  for (let i: usize = 0; i < <usize>rows; i++) {
    for (let j: usize = 0; j < <usize>columns << 2; j += 4) {
      store<f32>(c + i * cStride + j, load<f32>(init + i * initStride + j) + load<f32>(tile + (i << 3) + j));
    }
  }
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
