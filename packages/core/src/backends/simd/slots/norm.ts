// Slots of the argument block: what `layerNorm`, `l2Normalize` and `rmsNorm` read.

/** Address: input [rows, inner]. */
export const X = 0;
/** Address: output [rows, inner]. */
export const Y = 1;
/** Integer: rows. */
export const ROWS = 2;
/** Integer: elements of a row. */
export const INNER = 3;
/** Integer: rows of a task. */
export const PER_TASK = 4;
/** Float: epsilon. */
export const EPSILON = 5;
