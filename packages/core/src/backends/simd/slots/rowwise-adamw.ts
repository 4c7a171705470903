// Slots of the argument block: what `rowwiseAdamw` reads.

/** Address: table, changed in place; row u of the gradient belongs to row IDS[u]. */
export const PARAM = 0;
/** Address: ids of the rows, each once. */
export const IDS = 1;
/** Address: first moment, by u, or by id when WHOLE. */
export const M = 2;
/** Address: second moment, one value a row, by u, or by id when WHOLE. */
export const V = 3;
/** Address: gradient, by u. */
export const GRAD = 4;
/** Address: learning rates / (1 - beta1^t), by u. */
export const RATES = 5;
/** Address: 1 / sqrt(1 - beta2^t), by u. */
export const CORRECTIONS = 6;
/** Integer: rows of the gradient. */
export const ROWS = 7;
/** Integer: floats of a row. */
export const D = 8;
/** Integer: rows of a task. */
export const PER_TASK = 9;
/** Float: beta1. */
export const BETA1 = 10;
/** Float: 1 - beta1. */
export const BETA1_REST = 11;
/** Float: beta2. */
export const BETA2 = 12;
/** Float: (1 - beta2) / D. */
export const BETA2_REST = 13;
/** Float: epsilon. */
export const EPSILON = 14;
/** Float: learning rate times weight decay. */
export const DECAY = 15;
/** Integer: whether the moments have a row for each row of the table. */
export const WHOLE = 16;
