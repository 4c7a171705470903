// Slots of the argument block: what `unary` reads.

/** Integer: code of the operation. */
export const OP = 0;
/** Address: input. */
export const X = 1;
/** Address: output. */
export const Y = 2;
/** Integer: elements. */
export const N = 3;
/** Integer: elements of a task. */
export const PER_TASK = 4;
/** Float: parameter of the operation. */
export const ALPHA = 5;
