// Slots of the argument block: what `clip` reads.

/** Address: input. */
export const X = 0;
/** Address: output. */
export const Y = 1;
/** Integer: elements. */
export const N = 2;
/** Integer: elements of a task. */
export const PER_TASK = 3;
/** Float: lower bound. */
export const MINIMUM = 4;
/** Float: upper bound. */
export const MAXIMUM = 5;
