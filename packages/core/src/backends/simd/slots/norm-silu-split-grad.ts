// Slots of the argument block: what `normSiluSplitGrad` reads.

/** Address: input [rows, D]. */
export const X = 0;
/** Address: transposed weight, packed by `packB`; as it lies where LIBRARY is set. */
export const PACKED = 1;
/** Integer: rows. */
export const ROWS = 2;
/** Integer: floats of a row of x. */
export const D = 3;
/** Integer: floats of a row of the product. */
export const E = 4;
/** Integer: rows of a block. */
export const BLOCK_ROWS = 5;
/** Float: epsilon of the norm. */
export const EPSILON = 6;
/** Address: derivatives of SiLU that the forward pass kept. */
export const SLOPES = 7;
/** Integer: rows of a task. */
export const PER_TASK = 8;
/** Address: gradient of the skip [rows, D]. */
export const SKIP = 9;
/** Address: gradient of the input. */
export const DX = 10;
/** Address: part of the gradient of the weight of each task [tasks, D, E]; 0: NORMED and G are kept. */
export const PARTS = 11;
/** Address: rows after the norm [rows, D]; not read with PARTS. */
export const NORMED = 12;
/** Address: gradients before SiLU [rows + 5, E]; not read with PARTS. */
export const G = 13;
/** Integer: outputs. */
export const COUNT = 14;
/** Integer: first of a pair for each output, the address of its gradient and its width. */
export const OUTPUTS = 15;
/** Integer: whether a native library multiplies; the last of the block, since outputs are many. */
export const LIBRARY = 63;
