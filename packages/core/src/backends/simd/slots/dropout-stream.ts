// Slots of the argument block: seven slots in a row that `dropoutStrip` and `keptStrip` read, counted from the first; a
// layout with dropout has them in this order, from its THRESHOLD on.

/** Integer: words of the stream below it drop an element. */
export const THRESHOLD = 0;
/** Float: 1 / (1 - rate). */
export const KEEP_SCALE = 1;
/** Integer: first word of the stream's key. */
export const K0 = 2;
/** Integer: second word of the stream's key. */
export const K1 = 3;
/** Integer: step of the stream. */
export const STEP = 4;
/** Integer: lower half of the number of the first word. */
export const FIRST_LOW = 5;
/** Integer: upper half of the number of the first word. */
export const FIRST_HIGH = 6;
