// Slots of the argument block: what the three kernels of the sampled softmax read; each has slots of its own besides.

/** Address: queries [T, W]. */
export const QUERIES = 0;
/** Address: item table [I, W]. */
export const ITEMS = 1;
/** Address: item of each token [T]. */
export const POSITIVES = 2;
/** Address: negatives of each token [T, R]. */
export const NEGATIVES = 3;
/** Address: correction of each item; 0: none. */
export const LOG_Q = 4;
/** Integer: tokens T. */
export const TOKENS = 5;
/** Integer: negatives a token. */
export const R = 6;
/** Integer: floats W of a row, a multiple of 8, zeros past D. */
export const WIDTH = 7;
/** Integer: tokens of a task, or of a group. */
export const PER_TASK = 9;
/** Address: weights of the entries [T, Z]. */
export const WEIGHTS = 14;
/** Integer: entries Z of a token: R + 1 rounded up to 8. */
export const ENTRIES = 15;
/** Integer: floats of a gradient by query. */
export const D = 16;
/** Integer: items I. */
export const ITEM_COUNT = 18;
/** Address: factor of each token's weights [T]. */
export const FACTORS = 20;
/** Address: gradient of each loss by its query [T, D]. */
export const DIRECTIONS = 21;
