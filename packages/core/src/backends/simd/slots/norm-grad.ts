// Slots of the argument block: what `layerNormGrad`, `l2NormalizeGrad` and `rmsNormGrad` read.

/** Address: input of the forward pass [rows, inner]. */
export const X = 0;
/** Address: gradient of its output. */
export const DY = 1;
/** Address: gradient of its input. */
export const DX = 2;
/** Integer: rows. */
export const ROWS = 3;
/** Integer: elements of a row. */
export const INNER = 4;
/** Integer: rows of a task. */
export const PER_TASK = 5;
/** Float: epsilon. */
export const EPSILON = 6;
