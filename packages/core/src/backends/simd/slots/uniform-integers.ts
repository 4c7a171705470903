// Slots of the argument block: what `uniformIntegers` reads.

/** Address: output, integers. */
export const Y = 0;
/** Integer: elements. */
export const N = 1;
/** Integer: elements of a task, a multiple of 32. */
export const PER_TASK = 2;
/** Integer: least integer. */
export const LOW = 3;
/** Integer: how many integers there are. */
export const BOUND = 4;
/** Integer: first word of the stream's key. */
export const K0 = 5;
/** Integer: second word of the stream's key. */
export const K1 = 6;
/** Integer: step of the stream. */
export const STEP = 7;
/** Integer: lower half of the number of the first word. */
export const FIRST_LOW = 8;
/** Integer: upper half of the number of the first word. */
export const FIRST_HIGH = 9;
