// Slots of the argument block: what `padRows` reads.

/** Address: input [rows, D]. */
export const X = 0;
/** Address: output [rows, width], zeros past D. */
export const Y = 1;
/** Integer: floats of a row of x. */
export const D = 2;
/** Integer: floats of a row of y. */
export const WIDTH = 3;
/** Integer: rows. */
export const ROWS = 4;
/** Integer: rows of a task. */
export const PER_TASK = 5;
