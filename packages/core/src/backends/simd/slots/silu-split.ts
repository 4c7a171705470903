// Slots of the argument block: what `siluSplit` and its gradient read.

/** Address: input [rows, E]. */
export const Z = 0;
/** Integer: floats E of a row. */
export const WIDTH = 1;
/** Integer: rows. */
export const ROWS = 2;
/** Integer: rows of a task. */
export const PER_TASK = 3;
/** Integer: outputs. */
export const COUNT = 4;
/**
 * Integer: first of a pair for each output, its address (or that of its gradient) and its width; of the gradient the
 * address of dz follows.
 */
export const OUTPUTS = 5;
