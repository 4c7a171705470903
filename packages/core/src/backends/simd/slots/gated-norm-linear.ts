// Slots of the argument block: what `gatedNormLinear` reads.

/** Address: gate [rows, C]. */
export const U = 0;
/** Address: input of the norm [rows, C]. */
export const X = 1;
/** Address: transposed weight, packed by `packB`; as it lies where LIBRARY is set. */
export const PACKED = 2;
/** Integer: rows. */
export const ROWS = 3;
/** Integer: floats of a row of x. */
export const C = 4;
/** Integer: floats of a row of the output. */
export const D = 5;
/** Float: epsilon of the norm. */
export const EPSILON = 6;
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
/** Address: bias [D]. */
export const BIAS = 15;
/** Address: what is added [rows, D]. */
export const RESIDUAL = 16;
/** Address: output [rows, D]. */
export const OUT = 17;
/** Integer: rows of a task, a multiple of 32. */
export const PER_TASK = 18;
/** Address: a bit for each element that stays; 0: not kept. */
export const BITS = 19;
/** Integer: whether a native library multiplies; the last of the block, since outputs are many. */
export const LIBRARY = 63;
