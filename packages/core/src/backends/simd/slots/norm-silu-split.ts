// Slots of the argument block: what `normSiluSplit` reads.

/** Address: input [rows, D]. */
export const X = 0;
/** Address: weight, packed by `packB`; as it lies where LIBRARY is set. */
export const PACKED = 1;
/** Integer: rows. */
export const ROWS = 2;
/** Integer: floats of a row of x. */
export const D = 3;
/** Integer: floats of a row of the product. */
export const E = 4;
/** Integer: rows of a task. */
export const PER_TASK = 5;
/** Float: epsilon of the norm. */
export const EPSILON = 6;
/** Address: derivatives of SiLU, rows `bufferStride(E)` apart; 0: not kept. */
export const SLOPES = 7;
/** Integer: outputs. */
export const COUNT = 8;
/** Integer: first of a pair for each output, its address and its width. */
export const OUTPUTS = 9;
/** Integer: whether a native library multiplies; the last of the block, since outputs are many. */
export const LIBRARY = 63;
