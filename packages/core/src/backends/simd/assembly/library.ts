// Products by a native library, in the builds that have the import for it; the others hold nothing of this.

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
