// Slots of the argument block: what `reduceFirst` reads.

/** Integer: 0: sum, 1: maximum. */
export const OP = 0;
/** Address: input [batch, rows, inner]. */
export const X = 1;
/** Address: output [batch, slices, inner]. */
export const Y = 2;
/** Integer: rows. */
export const ROWS = 3;
/** Integer: elements of a row. */
export const INNER = 4;
/** Integer: rows of a slice. */
export const SLICE_ROWS = 5;
/** Integer: slices. */
export const SLICES = 6;
/** Integer: bytes from batch entry to batch entry of x. */
export const BATCH_BYTES = 7;
