// Slots of the argument block: what `packB` reads.

/** Address: the operand, [K, N] or transposed [N, K]. */
export const B = 0;
/** Address: panels of eight columns. */
export const PACKED = 1;
/** Integer: columns. */
export const N = 2;
/** Integer: rows. */
export const K = 3;
/** Integer: bytes from row to row of the operand as it lies. */
export const ROW_BYTES = 4;
/** Integer: whether it lies transposed. */
export const TRANSPOSED = 5;
/** Integer: bytes from operand to operand. */
export const BATCH_BYTES = 6;
/** Integer: bytes from packed operand to packed operand. */
export const PACKED_BATCH_BYTES = 7;
/** Integer: panels of a task. */
export const PANELS_PER_TASK = 8;
/** Integer: tasks of an operand. */
export const TASKS_PER_BATCH = 9;
