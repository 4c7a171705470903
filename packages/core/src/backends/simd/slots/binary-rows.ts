// Slots of the argument block: what `binaryRows` reads.

/** Integer: code of the operation. */
export const OP = 0;
/** Address: left operand. */
export const A = 1;
/** Address: right operand. */
export const B = 2;
/** Address: output [rows, inner]. */
export const Y = 3;
/** Integer: rows. */
export const ROWS = 4;
/** Integer: elements of a row. */
export const INNER = 5;
/** Integer: rows of a task. */
export const PER_TASK = 6;
/** Integer: bytes from row to row of the left operand; 0: one row for all. */
export const A_ROW_BYTES = 7;
/** Integer: bytes from row to row of the right operand; 0: one row for all. */
export const B_ROW_BYTES = 8;
/** Integer: whether the left operand has one value a row. */
export const A_PER_ROW = 9;
/** Integer: whether the right operand has one value a row. */
export const B_PER_ROW = 10;
