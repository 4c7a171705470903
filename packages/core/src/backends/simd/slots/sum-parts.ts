// Slots of the argument block: what `sumParts` reads.

/** Address: input [parts, rows, stride]. */
export const X = 0;
/** Address: output [rows, y stride]. */
export const Y = 1;
/** Integer: parts. */
export const PARTS = 2;
/** Integer: rows. */
export const ROWS = 3;
/** Integer: floats of a row that are summed. */
export const COLUMNS = 4;
/** Integer: floats from row to row of x. */
export const STRIDE = 5;
/** Integer: rows of a task. */
export const PER_TASK = 6;
/** Integer: floats from row to row of y. */
export const Y_STRIDE = 7;
