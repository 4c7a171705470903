// Slots of the argument block: what `gatedNormGrad` reads.

/** Address: gate [rows, D]. */
export const U = 0;
/** Address: input of the norm [rows, D]. */
export const X = 1;
/** Integer: rows. */
export const ROWS = 3;
/** Integer: floats of a row. */
export const D = 4;
/** Integer: rows of a task. */
export const PER_TASK = 5;
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
/** Address: gradient of the output. */
export const DY = 15;
/** Address: gradient of the gate. */
export const DU = 16;
/** Address: gradient of the input. */
export const DX = 17;
