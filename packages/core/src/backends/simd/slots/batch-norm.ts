// Slots of the argument block: what `batchNorm` reads.

/** Address: input [rows, inner]. */
export const X = 0;
/** Address: means. */
export const MEAN = 1;
/** Address: variances. */
export const VARIANCE = 2;
/** Address: what is added; 0: nothing. */
export const OFFSETS = 3;
/** Address: factors; 0: none. */
export const SCALES = 4;
/** Address: output [rows, inner]. */
export const Y = 5;
/** Integer: rows. */
export const ROWS = 6;
/** Integer: elements of a row. */
export const INNER = 7;
/** Integer: rows of a task. */
export const PER_TASK = 8;
/** Integer: bytes from row to row of the means; 0: one row for all. */
export const MEAN_ROW_BYTES = 9;
/** Integer: bytes from row to row of the variances; 0: one row for all. */
export const VARIANCE_ROW_BYTES = 10;
/** Integer: bytes from row to row of what is added; 0: one row for all. */
export const OFFSETS_ROW_BYTES = 11;
/** Integer: bytes from row to row of the factors; 0: one row for all. */
export const SCALES_ROW_BYTES = 12;
/** Float: epsilon. */
export const EPSILON = 13;
