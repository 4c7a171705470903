// Slots of the argument block: what `toFloat` reads.

/** Integer: 0: integers, 1: truth values. */
export const OP = 0;
/** Address: input. */
export const X = 1;
/** Address: output, floats. */
export const Y = 2;
/** Integer: elements. */
export const N = 3;
/** Integer: elements of a task. */
export const PER_TASK = 4;
