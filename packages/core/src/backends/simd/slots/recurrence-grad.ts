// Slots of the argument block: what `recurrentBackward` reads.

/** Address: gradient of the states [T, E]. */
export const DY = 0;
/** Address: recurrent weight, packed by `packB`. */
export const PACKED = 1;
/** Address: gradient of the inputs of the gates [T, 3E]. */
export const DX = 2;
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
/** Address: gradient of `h W^T + b` [T, 3E]. */
export const D_INNER = 9;
