// Slots of the argument block: what `dropout` and `keptDropout` read.

/** Address: input. */
export const X = 0;
/** Address: output. */
export const Y = 1;
/** Integer: elements. */
export const N = 2;
/** Integer: elements of a task, a multiple of 32. */
export const PER_TASK = 3;
/** Integer: words of the stream below it drop an element. */
export const THRESHOLD = 4;
/** Float: 1 / (1 - rate). */
export const KEEP_SCALE = 5;
/** Integer: first word of the stream's key. */
export const K0 = 6;
/** Integer: second word of the stream's key. */
export const K1 = 7;
/** Integer: step of the stream. */
export const STEP = 8;
/** Integer: lower half of the number of the first word. */
export const FIRST_LOW = 9;
/** Integer: upper half of the number of the first word. */
export const FIRST_HIGH = 10;
/** Address: a bit for each element that stays; 0: not kept. */
export const BITS = 11;
