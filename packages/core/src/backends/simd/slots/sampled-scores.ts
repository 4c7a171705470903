// Slots of the argument block: what both kernels of sampled scores read; each has slots of its own besides.

/** Address: queries [P, W]. */
export const QUERIES = 0;
/** Address: item table [I, W]. */
export const ITEMS = 1;
/** Address: items of each query [P, R]. */
export const IDS = 2;
/** Integer: queries P. */
export const ROWS = 3;
/** Integer: items a query. */
export const R = 4;
/** Integer: floats W of a row, a multiple of 8, zeros past D. */
export const WIDTH = 5;
/** Integer: items I. */
export const ITEM_COUNT = 6;
/** Integer: queries of a task. */
export const PER_TASK = 7;
