// Slots of the argument block: what `gemm` reads: C = A B.

/** Address: operand A, [M, K] or transposed. */
export const A = 0;
/** Address: operand B, as SOURCE says. */
export const B = 1;
/** Address: product [M, N], or its slices. */
export const C = 2;
/** Integer: rows of C. */
export const M = 3;
/** Integer: columns of C. */
export const N = 4;
/** Integer: columns of A. */
export const K = 5;
/** Integer: bytes from row to row of A as it lies. */
export const A_ROW_BYTES = 6;
/** Integer: whether A lies transposed. */
export const A_TRANSPOSED = 7;
/** Integer: bytes from operand A to operand A; 0: one for all. */
export const A_BATCH_BYTES = 8;
/** Integer: bytes from operand B to operand B; 0: one for all. */
export const B_BATCH_BYTES = 9;
/** Integer: bytes from product to product. */
export const C_BATCH_BYTES = 10;
/** Integer: rows of a task. */
export const BLOCK_ROWS = 11;
/** Integer: blocks of rows. */
export const BLOCKS = 12;
/** Integer: columns of A of a task. */
export const SLICE = 13;
/** Integer: slices of K. */
export const SLICES = 14;
/** Integer: bytes from slice to slice of C. */
export const SLICE_BYTES = 15;
/** Integer: bytes from row to row of B as it lies. */
export const B_ROW_BYTES = 16;
/** Integer: whether a task packs its rows of A. */
export const PACK_A = 17;
/** Integer: columns of a task. */
export const BLOCK_COLUMNS = 18;
/** Integer: blocks of columns. */
export const COLUMN_BLOCKS = 19;
/** Integer: B is 0: packed, 1: packed by the task, 2: transposed and packed by the task, 3: read where it lies. */
export const SOURCE = 20;
/** Address: one value a column; 0: none. */
export const BIAS = 21;
/** Integer: 1 + code of a unary operation; 0: none. */
export const ACTIVATION = 22;
/** Float: parameter of the activation. */
export const ALPHA = 23;
