// Slots of the argument block: what `select` reads.

/** Address: truth values, bytes. */
export const CONDITION = 0;
/** Address: elements where the condition holds. */
export const T = 1;
/** Address: elements where it does not. */
export const E = 2;
/** Address: output. */
export const Y = 3;
/** Integer: elements. */
export const N = 4;
/** Integer: elements of a task. */
export const PER_TASK = 5;
