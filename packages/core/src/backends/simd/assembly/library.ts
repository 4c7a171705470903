// Products by a native library, in the builds that have the import for it; the others hold nothing of this.
import { copyFloats } from './env';

/** Whether this build can call a library: `build-assembly.mjs` makes BLAS a constant. */
// @ts-ignore: decorator
@inline
export const LIBRARY: bool = BLAS != 0;

/**
 * C [m, n] = op(A) op(B) + beta C on this thread alone. `transposed`: 1 where A lies transposed, plus 2 where B does;
 * the strides of rows are in floats.
 */
// @ts-ignore: decorator
@external("env", "multiply")
export declare function multiply(
  transposed: i32, m: i32, n: i32, k: i32, a: usize, aStride: i32, b: usize, bStride: i32, beta: f32, c: usize, cStride: i32,
): void;

/**
 * C [rows, columns] = bias + A op(W): the whole block of rows at once, for which a library packs W. `transposed`: W
 * lies as [columns, k], else as [k, columns]; bias: a row, 0 for none; columns past the end stay as they are.
 */
export function rowsByLibrary(
  rows: i32, k: i32, columns: i32, a: usize, aStride: usize, w: usize, transposed: bool, bias: usize, c: usize, cStride: usize,
): void {
  if (bias) for (let i: usize = 0; i < <usize>rows; i++) copyFloats(c + i * cStride, bias, <usize>columns << 2);
  multiply(
    transposed ? 2 : 0, rows, columns, k, a, <i32>(aStride >> 2), w, transposed ? k : columns, bias ? 1 : 0, c, <i32>(cStride >> 2),
  );
}

/** C [rows, columns] += A B over `k` columns of A and rows of B. */
export function addRowsByLibrary(
  rows: i32, k: i32, columns: i32, a: usize, aStride: usize, b: usize, bStride: usize, c: usize, cStride: usize,
): void {
  multiply(0, rows, columns, k, a, <i32>(aStride >> 2), b, <i32>(bStride >> 2), 1, c, <i32>(cStride >> 2));
}

/** C [m, n] += A^T B over `k` rows of A and B. */
export function addByLibrary(
  k: i32, m: i32, n: i32, a: usize, aStride: usize, b: usize, bStride: usize, c: usize, cStride: usize,
): void {
  multiply(1, m, n, k, a, <i32>(aStride >> 2), b, <i32>(bStride >> 2), 1, c, <i32>(cStride >> 2));
}
