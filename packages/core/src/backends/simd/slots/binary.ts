// Slots of the argument block: what `binaryFlat` and `compare` read: same shapes, or one side a single value.

/** Integer: code of the operation. */
export const OP = 0;
/** Address: left operand. */
export const A = 1;
/** Address: right operand. */
export const B = 2;
/** Address: output; of `compare` a byte an element. */
export const Y = 3;
/** Integer: elements. */
export const N = 4;
/** Integer: elements of a task. */
export const PER_TASK = 5;
/** Integer: whether the left operand is a single value. */
export const A_FIXED = 6;
/** Integer: whether the right operand is a single value. */
export const B_FIXED = 7;
