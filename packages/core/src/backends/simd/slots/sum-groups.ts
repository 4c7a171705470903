// Slots of the argument block: what `sumGroups` reads.

/** Address: sums of the first group. */
export const X = 0;
/** Integer: groups. */
export const GROUPS = 1;
/** Integer: floats from group to group. */
export const STRIDE = 2;
/** Integer: entries of a group. */
export const COUNT = 3;
/** Address: where the first sum goes. */
export const Y = 4;
/** Integer: bytes from sum to sum; negative: from the end. */
export const STEP_BYTES = 5;
/** Integer: entries of a task. */
export const PER_TASK = 6;
/** Integer: lower half of a double, the factor of the sums. */
export const FACTOR_LOW = 8;
/** Integer: upper half of the factor. */
export const FACTOR_HIGH = 9;
