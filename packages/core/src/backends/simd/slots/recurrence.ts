// Slots of the argument block: what `recurrentForward` reads.

/** Address: inputs of the gates [T, 3E]. */
export const X = 0;
/** Address: transposed recurrent weight, packed by `packB`. */
export const PACKED = 1;
/** Address: recurrent bias [3E]. */
export const BIAS = 2;
/** Address: states [T, E]. */
export const STATES = 3;
/** Address: gates [T, 4E]: r, z, candidate, inner. */
export const GATES = 4;
/** Address: first row of each step [S + 1]. */
export const BEGINS = 5;
/** Integer: steps S. */
export const STEPS = 6;
/** Integer: floats E of a state. */
export const WIDTH = 7;
/** Integer: tasks. */
export const TASKS = 8;
/** Address: states before the first step [S_0, E], 0 for zeros. */
export const INITIAL = 9;
