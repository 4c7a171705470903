// Slots of the argument block: what `embedTokens` reads.

/** Address: item table. */
export const TABLE = 0;
/** Address: rows of it. */
export const IDS = 1;
/** Address: table of places; 0: none. */
export const PLACES = 2;
/** Address: rows of the table of places. */
export const POSITIONS = 3;
/** Integer: ids. */
export const ROWS = 4;
/** Integer: floats of a row. */
export const D = 5;
/** Integer: whether there is dropout. */
export const DROPOUT = 6;
/** Integer: words of the stream below it drop an element. */
export const THRESHOLD = 7;
/** Float: 1 / (1 - rate). */
export const KEEP_SCALE = 8;
/** Integer: first word of the stream's key. */
export const K0 = 9;
/** Integer: second word of the stream's key. */
export const K1 = 10;
/** Integer: step of the stream. */
export const STEP = 11;
/** Integer: lower half of the number of the first word. */
export const FIRST_LOW = 12;
/** Integer: upper half of the number of the first word. */
export const FIRST_HIGH = 13;
/** Address: a bit for each element that stays; 0: not kept. */
export const BITS = 14;
/** Address: output [rows, D]. */
export const Y = 15;
/** Integer: rows of a task, a multiple of 32. */
export const PER_TASK = 16;
/** Float: factor of the item table. */
export const SCALE = 17;
