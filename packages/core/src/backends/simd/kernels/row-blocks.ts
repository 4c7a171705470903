import type { SimdBackend } from '../backend.ts';
import { SCRATCH_BYTES } from '../kernels.ts';

/** Rows that a thread keeps in its cache from one end of a kernel to the other. */
export const BLOCK = 96;

/** Ranges of rows, each with its own part of a weight's gradient. */
export const RANGES = 32;

/**
 * The gradient of a larger weight would leave the second-level cache between two blocks: then it
 * is a product of its own.
 */
export const WEIGHT_BYTES = 320 * 1024;

/** Bytes from one row of a buffer to the next, as `bufferStride` in `assembly/row-products.ts` has them. */
export function bufferStride(columns: number): number {
  return (Math.ceil(columns / 16) | 1) * 64;
}

/** Whether the buffers of a block of rows with `a` columns and `b` columns fit a thread's scratch memory. */
export function fitsScratch(a: number, b: number): boolean {
  return scratchBytes(BLOCK, 2, a, b) < SCRATCH_BYTES;
}

/** Bytes of so many buffers of `a` columns and as many of `b` columns, and of sums for the gradient of a weight. */
function scratchBytes(rows: number, buffers: number, a: number, b: number): number {
  return (rows + 32) * buffers * (bufferStride(a) + bufferStride(b)) + 2 * WEIGHT_BYTES;
}

/** Cuts rows into ranges of whole blocks: from their number alone. */
export function rangesOf(rows: number): { readonly range: number; readonly ranges: number } {
  const range = Math.max(1, Math.ceil(rows / RANGES / BLOCK)) * BLOCK;
  return { range, ranges: Math.ceil(rows / range) };
}

/** Blocks of rows that a native library multiplies at once, at most: it packs the weight once a call. */
const MOST_BLOCKS = 4;

/** How a kernel gets the product of its rows with a weight of `a` by `b`. */
export interface RowProducts {
  /** 1 where a native library multiplies, and the weight is given as it lies. */
  readonly library: 0 | 1;
  /** Rows of a block. */
  readonly block: number;
}

/** From the shapes, and the side from which on a native library multiplies. */
export function rowProducts(
  backend: Pick<SimdBackend, 'libraryFrom'>,
  rows: number,
  a: number,
  b: number,
): RowProducts {
  const { range } = rangesOf(rows);
  let most = Math.min(MOST_BLOCKS * BLOCK, range);
  // The product of a whole block is one buffer more.
  while (most > 0 && scratchBytes(most, 3, a, b) >= SCRATCH_BYTES) most -= BLOCK;
  if (Math.min(rows, a, b) < backend.libraryFrom || most === 0) return { library: 0, block: BLOCK };
  const parts = Math.ceil(range / most);
  return { library: 1, block: Math.ceil(range / parts / BLOCK) * BLOCK };
}
