// Slots of the argument block: what `logical` reads.

/** Integer: 0: and, 1: or, 2: not. */
export const OP = 0;
/** Address: left operand, bytes. */
export const A = 1;
/** Address: right operand, bytes; not read by `not`. */
export const B = 2;
/** Address: output, bytes. */
export const Y = 3;
/** Integer: elements. */
export const N = 4;
/** Integer: elements of a task. */
export const PER_TASK = 5;
