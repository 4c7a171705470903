// Slots of the argument block: what `fill` reads.

/** Address: output. */
export const Y = 0;
/** Integer: elements. */
export const N = 1;
/** Integer: elements of a task. */
export const PER_TASK = 2;
/** Float: what each becomes. */
export const VALUE = 3;
