// Slots of the argument block: what `reduceLast` and `softmaxRows` read.

/** Integer: `reduceLast`: 0 sum, 1 maximum; `softmaxRows`: 0 softmax, 1 its logarithm. */
export const OP = 0;
/** Address: input [rows, inner]. */
export const X = 1;
/** Address: output. */
export const Y = 2;
/** Integer: rows. */
export const ROWS = 3;
/** Integer: elements of a row. */
export const INNER = 4;
/** Integer: rows of a task. */
export const PER_TASK = 5;
