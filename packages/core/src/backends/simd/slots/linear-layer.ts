// Slots of the argument block: what `linearLayer` reads.

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
/** Integer: rows of a task. */
export const PER_TASK = 5;
/** Integer: 0: none, 1: ReLU, 2: GELU. */
export const ACTIVATION = 6;
/** Integer: whether there is dropout. */
export const DROPOUT = 7;
/** Integer: words of the stream below it drop an element. */
export const THRESHOLD = 8;
/** Float: 1 / (1 - rate). */
export const KEEP_SCALE = 9;
/** Integer: first word of the stream's key. */
export const K0 = 10;
/** Integer: second word of the stream's key. */
export const K1 = 11;
/** Integer: step of the stream. */
export const STEP = 12;
/** Integer: lower half of the number of the first word. */
export const FIRST_LOW = 13;
/** Integer: upper half of the number of the first word. */
export const FIRST_HIGH = 14;
/** Address: bias [E]; 0: none. */
export const BIAS = 15;
/** Address: what is added [rows, E]; 0: nothing. */
export const RESIDUAL = 16;
/** Address: derivatives of GELU, rows `bufferStride(E)` apart; 0: not kept. */
export const SLOPES = 17;
/** Address: a bit for each element that stays; 0: not kept. */
export const BITS = 18;
/** Float: epsilon of the norm before; 0: none. */
export const EPSILON = 19;
/** Address: rows after the norm [rows, D]; 0: not kept. */
export const NORMED = 20;
/** Integer: outputs. */
export const COUNT = 21;
/** Integer: first of a pair for each output, its address and its width. */
export const OUTPUTS = 22;
/** Integer: whether a native library multiplies; the last of the block, since outputs are many. */
export const LIBRARY = 63;
