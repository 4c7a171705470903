// Slots of the argument block: what `stridedCopy` reads; strides count elements of x.

/** Address: input, at its first element. */
export const X = 0;
/** Address: output [d0, d1, d2, d3, inner]. */
export const Y = 1;
/** Integer: elements of a row. */
export const INNER = 2;
/** Integer: stride of the last axis. */
export const INNER_STRIDE = 3;
/** Integer: size of the second axis; that of the first follows from ROWS. */
export const D1 = 4;
/** Integer: size of the third axis. */
export const D2 = 5;
/** Integer: size of the fourth axis. */
export const D3 = 6;
/** Integer: stride of the first axis. */
export const S0 = 7;
/** Integer: stride of the second axis. */
export const S1 = 8;
/** Integer: stride of the third axis. */
export const S2 = 9;
/** Integer: stride of the fourth axis. */
export const S3 = 10;
/** Integer: rows, d0 d1 d2 d3. */
export const ROWS = 11;
/** Integer: rows of a task. */
export const PER_TASK = 12;
